/** Recipes of ssh. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { ASK_THE_SHELL, provideSsh, recipesOf } from "../support/recipe_parts.ts";
import { testRecipes } from "../support/recipe_tests.ts";
import type { Block } from "../support/recipes.ts";
import { Sandbox } from "../support/sandbox.ts";
import type { Scenario } from "../support/scenario.ts";
import { startSshd } from "../support/sshd.ts";
import { sshdConfig } from "../support/tele_ssh.ts";
import { UserServer, writeAll } from "../support/user_programs.ts";

/** The tele server beside sshd, as the README starts it. */
function serverOfSsh(): Block {
  const recipes = recipesOf("ssh");
  recipes.next("tele ssh example.com");
  return recipes.next("tele --server --in=:22 --out=:40300");
}

/** A server that answers a line. */
function lineServer(s: Scenario): UserServer {
  return s.use(
    new UserServer(async (connection) => {
      const buffer = new Uint8Array(1024);
      const count = await connection.read(buffer) ?? 0;
      const line = new TextDecoder().decode(buffer.subarray(0, count)).trimEnd();
      await writeAll(connection, new TextEncoder().encode(`the answer to ${line}\n`));
      await connection.closeWrite();
    }),
  );
}

testRecipes("ssh", {
  "ssh": {
    programs: ["ssh", "sshd", "ssh-keygen"],
    isOpen: true,
    async run(recipes, s) {
      const sandbox = await Sandbox.make(s);
      // On the other machine tele is in PATH.
      const path = `SetEnv "PATH=${sandbox.home}/bin:${Deno.env.get("PATH")}"`;
      const [environment = "", ...others] = await sshdConfig();
      const sshd = await startSshd(s, { config: [`${path} ${environment.replace("SetEnv ", "")}`, ...others] });
      const config = await provideSsh(sandbox, sshd);
      await Deno.writeTextFile(config, `Host 127.0.0.1\n    Port ${sshd.port}\n`);
      assertStringIncludes(
        await sandbox.run(recipes.next("tele ssh example.com"), ASK_THE_SHELL),
        "the answer is 42\n",
      );
      await Deno.writeTextFile(config, "");

      sandbox.serve(22, sshd.port);
      await sandbox.run(recipes.next("tele --server --in=:22 --out=:40300"));
      await sandbox.run(recipes.next("tele --client --in=:2222"));
      const login = recipes.next("ssh -p 2222 -o HostKeyAlias=example.com localhost");
      assertStringIncludes(await sandbox.run(login, ASK_THE_SHELL), "the answer is 42\n");
      return sandbox;
    },
  },

  "A host of `~/.ssh/config`": {
    programs: ["ssh", "sshd", "ssh-keygen", "rsync"],
    isOpen: true,
    async run(recipes, s) {
      const sandbox = await Sandbox.make(s);
      const sshd = await startSshd(s);
      const config = await provideSsh(sandbox, sshd);
      sandbox.serve(22, sshd.port);
      await sandbox.run(serverOfSsh());
      await sandbox.run({ language: "sh", text: "tele --client --in=:2222 --out=example.com:40300" });
      await sandbox.configure(config, recipes.next("Host example-tele"));
      assertStringIncludes(await sandbox.type("ssh example-tele", ASK_THE_SHELL), "the answer is 42\n");
      await Deno.writeTextFile(`${sandbox.home}/sent`, "by rsync");
      await sandbox.type("rsync -e ssh $HOME/sent example-tele:$HOME/received");
      assertEquals(await Deno.readTextFile(`${sandbox.home}/received`), "by rsync");
      return sandbox;
    },
  },

  "ssh by `ProxyCommand`": {
    programs: ["ssh", "sshd", "ssh-keygen"],
    isOpen: true,
    async run(recipes, s) {
      const sandbox = await Sandbox.make(s);
      const sshd = await startSshd(s);
      const config = await provideSsh(sandbox, sshd);
      sandbox.serve(22, sshd.port);
      await sandbox.run(serverOfSsh());
      await sandbox.configure(config, recipes.next("Host example.com\n    ProxyCommand tele --client --stdio"));
      assertStringIncludes(await sandbox.type("ssh example.com", ASK_THE_SHELL), "the answer is 42\n");
      return sandbox;
    },
  },

  "How `--stdio` ends": {
    programs: [],
    isOpen: true,
    async run(recipes, s) {
      const sandbox = await Sandbox.make(s);
      sandbox.serve(22, lineServer(s).port);
      await sandbox.run(serverOfSsh());
      assertEquals(await sandbox.run(recipes.next("echo request | tele --client --stdio")), "the answer to request\n");
      return sandbox;
    },
  },
});
