/** Recipes of who begins: installing, a first tunnel, several from a file, and tunnels that start with the machine. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { withReleaseUrl } from "../../scripts/compile/installers.ts";
import { INSTALL_SH } from "../support/installation.ts";
import { echoesAt, withToken } from "../support/recipe_parts.ts";
import { testRecipes } from "../support/recipe_tests.ts";
import { Release } from "../support/release.ts";
import { CHECKOUT, Sandbox } from "../support/sandbox.ts";
import { echo, UserServer } from "../support/user_programs.ts";

testRecipes("start", {
  "Install": {
    programs: ["curl"],
    async run(recipes, s) {
      const sandbox = await Sandbox.make(s);
      const release = s.use(await Release.ofScript("tele of a release"));
      const script = withReleaseUrl(await Deno.readTextFile(INSTALL_SH), release.url);
      release.files.set("install.sh", new TextEncoder().encode(script));
      sandbox.stand.set("URL", release.url);
      await sandbox.run(recipes.next("curl -fsSL URL/install.sh | sh"));
      assertEquals(await sandbox.type("~/.local/bin/tele --version"), "tele of a release\n");
      return sandbox;
    },
  },

  "The first tunnel, in a minute": {
    programs: ["curl"],
    isOpen: true,
    async run(recipes, s) {
      const sandbox = await Sandbox.make(s, CHECKOUT);
      await sandbox.provide("tele", "echo an alias stands in for me >&2; exit 1");
      await sandbox.provide("npx", `[ "$*" = "-y -p deno@2.9.6 -c command -v deno" ] && command -v deno`);
      await using web = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => new Response("a page\n"));
      sandbox.serve(8000, web.addr.port);
      await sandbox.run(recipes.next('alias tele="deno run'));
      assertMatch(await sandbox.type("tele --version"), /^tele \d/);
      await sandbox.run(recipes.next(`alias tele="'$(npx`));
      assertMatch(await sandbox.type("tele --version"), /^tele \d/);
      // From now on tele is Deno itself: no start asks a registry, which an outage hides, and a signal has no npm in
      // between.
      await sandbox.provide("npx", "echo a registry cannot be reached >&2; exit 1");
      await sandbox.run(recipes.next("tele --server --in=:8000"));
      await sandbox.run(recipes.next("tele --client --in=:8001"));
      assertEquals(await sandbox.run(recipes.next("curl http://localhost:8001/")), "a page\n");
      return sandbox;
    },
  },

  "Several tunnels in one process": {
    programs: [],
    async run(recipes, s) {
      const sandbox = await Sandbox.make(s);
      sandbox.serve(22, s.use(new UserServer(echo)).port);
      await withToken(sandbox);
      await sandbox.run({ language: "sh", text: "tele --server --in=:22 --out=:40300 --token-file=token" });
      sandbox.stand.set("/etc/tele/token", `${sandbox.folder}/token`);
      await sandbox.configure(`${sandbox.folder}/tele.toml`, recipes.next('token-file = "/etc/tele/token"'));
      assertStringIncludes(await sandbox.run(recipes.next("tele --config=tele.toml --print")), 'name = "home"');
      await sandbox.run(recipes.next("tele --config=tele.toml"));
      await echoesAt(sandbox.port(2222));
      return sandbox;
    },
  },

  "As a service": {
    programs: [],
    async run(recipes, s) {
      const sandbox = await Sandbox.make(s);
      sandbox.serve(22, s.use(new UserServer(echo)).port);
      await withToken(sandbox);
      await sandbox.type('mv token "$HOME/token"');
      const tunnels = recipes.next("[[tunnel]]").text.replace("/etc/tele/token", `${sandbox.home}/token`);
      await Deno.writeTextFile(`${sandbox.folder}/tele.toml`, tunnels);
      // What systemd does with it is in tests/e2e/service_test.ts.
      await sandbox.type(`${recipes.next("tele service install --config=tele.toml").text} --dry-run`);
      const unit = recipes.next("[Unit]\n");
      const lines = unit.text.split("\n").filter((line) => line !== "");
      assert(lines.every((line) => /^(\[\w+\]|[A-Z]\w+=\S.*)$/.test(line)), "a unit of systemd");
      // No systemd manages this sandbox: what stands for it starts the command, as the installer's tele.
      const command = /^ExecStart=%h\/\.local\/bin\/(tele .*)$/m.exec(unit.text)?.[1];
      assert(command !== undefined, "a command");
      await sandbox.provide("systemctl", '[ "$*" = "--user enable --now tele" ]');
      await sandbox.provide("loginctl", '[ "$*" = "enable-linger" ]');
      await sandbox.run(recipes.next("systemctl --user enable --now tele"));
      await sandbox.run({ language: "sh", text: command.replaceAll("%h", sandbox.home) });
      await sandbox.run({
        language: "sh",
        text: 'tele --client --in=:2222 --out=example.com:40300 --token-file="$HOME/token"',
      });
      await echoesAt(sandbox.port(2222));
      return sandbox;
    },
  },
});
