/** Recipes of many users: several servers, in Kubernetes too, and several processes that systemd upgrades. */
import { assert } from "@std/assert";
import { isListening } from "../support/middle_box.ts";
import { echoesAt, withToken } from "../support/recipe_parts.ts";
import { testRecipes } from "../support/recipe_tests.ts";
import { CHECKOUT, Sandbox } from "../support/sandbox.ts";
import { program } from "../support/skip.ts";
import { connectTo, echo, freePort, roundTrip, UserServer } from "../support/user_programs.ts";
import { until, within } from "../support/wait.ts";

/** The process of this Deno with a word, by proc(5). */
function processWith(word: string): number {
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const words = Deno.readTextFileSync(`/proc/${name}/cmdline`).split("\0");
      if (words[0] === Deno.execPath() && words.includes(word)) return Number(name);
    } catch {
      // It has ended meanwhile.
    }
  }
  throw new Error(`no process has ${word}`);
}

testRecipes("fleet", {
  "Many users, and upgrades": {
    // Several processes listen on one port in Linux alone.
    programs: ["haproxy", "ip"],
    async run(recipes, s) {
      const sandbox = await Sandbox.make(s);
      sandbox.serve(5432, s.use(new UserServer(echo)).port);
      await withToken(sandbox);
      const server = recipes.next("(umask 077; tele --make-token > fleet-key)");
      await sandbox.run(server);
      const command = server.text.split("\n")[1]!;
      const file = `${sandbox.home}/haproxy.cfg`;
      const block = recipes.next("defaults\n    mode tcp\n");
      // The other machines are this one: only their ports differ.
      let text = block.text;
      for (const [host, out, node] of [["10.0.0.6", 40302, 40303], ["10.0.0.7", 40304, 40305]]) {
        const other = command.replace(":40300", `:${out}`).replace("10.0.0.5:40301", `${host}:${node}`);
        await sandbox.run({ language: "sh", text: other });
        text = text.replace(`${host}:40300`, `${host}:${out}`);
      }
      // Only a check finds out that a server drains, and this one is to find out soon.
      await sandbox.configure(file, { ...block, text: text.replace("check\n", "check inter 200ms\n") });
      const balancer = sandbox.start(`exec '${program("haproxy")}' -db -f '${file}'`);
      await within(isListening(sandbox.port(443)), 20_000, `HAProxy: ${balancer.log}`);
      await sandbox.run({ language: "sh", text: "tele --client --in=:2222 --out=example.com:443 --token-file=token" });
      const old = s.use(await connectTo(sandbox.port(2222)));
      await within(roundTrip(old, "before"), 20_000, "an echo");
      // The first of them drains: the others serve, and what is open goes on, whoever has it.
      const first = processWith(`--node=127.0.0.1:${sandbox.port(40301)}`);
      const drain = sandbox.start(`exec tele drain --pid=${first}`);
      const notices = () => `HAProxy notices: ${balancer.log} ${drain.output} ${drain.log}`;
      await until(() => /tele\/one is DOWN/.test(balancer.log), 30_000, "").catch(() =>
        Promise.reject(new Error(notices()))
      );
      await echoesAt(sandbox.port(2222));
      await within(roundTrip(old, "goes on"), 20_000, "an echo");

      // What Kubernetes makes of the manifest is in tests/e2e/manifest_test.ts.
      await sandbox.provide(
        "kubectl",
        '[ "$*" = "create secret generic tele --from-file=token --from-file=fleet-key" ] && test -s token -a -s fleet-key ' +
          `|| { [ "$1 $2" = "apply -f" ] && test -f '${CHECKOUT}'"$3"; }`,
      );
      await sandbox.run(recipes.next("kubectl create secret generic tele"));

      // What systemd makes of the unit is in tests/e2e/service_workers_test.ts.
      const unit = recipes.next("[Service]\nType=notify\n");
      const started = /^ExecStart=%h\/\.local\/bin\/(tele .*)$/m.exec(unit.text)?.[1];
      assert(started !== undefined, "a command");
      await sandbox.provide("systemctl", '[ "$*" = "--user reload tele" ]');
      await sandbox.run(recipes.next("systemctl --user reload tele"));
      await sandbox.type('cp token "$HOME/token"');
      sandbox.serve(40300, freePort());
      sandbox.serve(2222, freePort());
      await sandbox.run({ language: "sh", text: started.replaceAll("%h", sandbox.home) });
      await sandbox.run({
        language: "sh",
        text: "tele --client --in=:2222 --out=example.com:40300 --token-file=token",
      });
      await echoesAt(sandbox.port(2222));
      return sandbox;
    },
  },
});
