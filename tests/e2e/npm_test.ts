/** The package for npm: installed into an empty folder, a tunnel through it, and what its starter does with signals. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { fileURLToPath, pathToFileURL } from "node:url";
import config from "../../deno.json" with { type: "json" };
import { makeToken } from "../../lib/tunnel/files/token_file.ts";
import { selfWords } from "../../lib/tunnel/ssh/self_command.ts";
import { bundledPackages } from "../../scripts/compile/third_party.ts";
import { type Program, TeleChild } from "../../scripts/smoke/process.ts";
import { type Scenario, scenario } from "../support/scenario.ts";
import { onUnix, program } from "../support/skip.ts";
import { ROOT } from "../support/source_tree.ts";
import { connectTo, echo, roundTrip, UserServer } from "../support/user_programs.ts";
import { within } from "../support/wait.ts";

/** Without what npm asks and tells besides. */
const NPM_ENV = { NPM_CONFIG_AUDIT: "false", NPM_CONFIG_FUND: "false", NPM_CONFIG_UPDATE_NOTIFIER: "false" };

/** Runs a command to its end. Returns what it printed. */
async function output(command: string, args: string[], cwd: string): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(command, { args, cwd, env: NPM_ENV, stdin: "null" }).output();
  const [printed, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assertEquals(code, 0, `${command} ${args.join(" ")}\n${printed}${errors}`);
  return printed!;
}

Deno.test({
  name: "the package for npm, installed into an empty folder, is a tele: npx runs it, and a sealed tunnel goes through",
  ...onUnix("node", "npm", "npx"),
  fn: scenario(120_000, async (s) => {
    const made = fileURLToPath(new URL("scripts/npm/main.ts", ROOT));
    await output(Deno.execPath(), ["run", "-A", "--quiet", made, `--to=${s.home}`], fileURLToPath(ROOT));
    const folder = `${s.home}/empty`;
    await Deno.mkdir(folder);
    const install = ["install", "--prefix", folder, "--prefer-offline", `${s.home}/tele-tunnel.tgz`];
    await output(program("npm"), install, folder);
    assertEquals(
      await output(program("npx"), ["--prefix", folder, "tele", "--version"], folder),
      `tele ${config.version}\n`,
    );
    const notice = await Deno.readTextFile(`${folder}/node_modules/tele-tunnel/THIRD_PARTY.txt`);
    for (const { title } of await bundledPackages()) assertMatch(notice, new RegExp(`^${title}$`, "m"));

    const user = s.use(new UserServer(echo));
    const env = { PATH: Deno.env.get("PATH")!, HOME: s.home, TELE_TOKEN: makeToken() };
    const tele: Program = { path: `${folder}/node_modules/.bin/tele`, args: [], env };
    const server = s.use(new TeleChild(tele, "server", [`--in=127.0.0.1:${user.port}`, "--out=127.0.0.1:0"]));
    const client = s.use(new TeleChild(tele, "client", ["--in=127.0.0.1:0", `--out=127.0.0.1:${await server.port}`]));
    await roundTrip(s.use(await connectTo(await client.port)), "through both");
    for (const child of [client, server]) {
      assertEquals(await child.stop(), { code: 0, wasForced: false }, child.report());
    }
    await tellsThatItIsReady(s, `${folder}/node_modules`, env);
  }),
});

Deno.test({
  name: "every package whose code the bundler puts into the program has its licence in the notice",
  fn: scenario(60_000, async (s) => {
    // Unshortened, it says in front of each module which package it is of. The runtime's own word is another one.
    const bundle = ["bundle", "--quiet", "--platform=deno", `--output=${s.home}/tele.mjs`, "main.ts"];
    await output(Deno.execPath(), bundle, fileURLToPath(ROOT));
    const text = await Deno.readTextFile(`${s.home}/tele.mjs`);
    const inside = text.matchAll(/^\/\/ .*\/npm\/[^/]+\/((?:@[^/]+\/)?[^/]+)\/([^/]+)\//gm);
    const bundled = new Set(Array.from(inside, ([, name, version]) => `${name} ${version}`));
    const parties = await bundledPackages();
    assertEquals(parties.map(({ title }) => title).toSorted(), [...bundled].toSorted());
    assert(bundled.size > 10, "packages are found");
    for (const { title, texts } of parties) assertMatch(texts.join(), /copyright|apache license/i, title);
  }),
});

/** Starts the package's program as `tele service` lets a service manager do it, and waits for its word. */
async function tellsThatItIsReady(s: Scenario, modules: string, env: Record<string, string>): Promise<void> {
  const socket = Deno.listenDatagram({ transport: "unixpacket", path: `${s.home}/notify` });
  s.defer(() => socket.close());
  const module = pathToFileURL(`${modules}/tele-tunnel/tele.mjs`).href;
  const [path = "", ...args] = selfWords({ isCompiled: false, path: `${modules}/deno/deno`, module });
  const service: Program = { path, args, env: { ...env, NOTIFY_SOCKET: `${s.home}/notify` } };
  const client = s.use(new TeleChild(service, "client", ["--in=127.0.0.1:0", "--out=127.0.0.1:1"]));
  const told = Promise.race([socket.receive(), client.died]);
  const [bytes] = await within(told, 20_000, "the word to the service manager").catch((error) => {
    throw new Error(`${error.message}\n${client.report()}`);
  });
  assertMatch(new TextDecoder().decode(bytes), /^READY=1\n/);
}

/** Stands in for Deno: counts signals until it is asked to end, and tells how many of each. */
const COUNTING = `#!/usr/bin/env node
const count = { SIGINT: 0, SIGHUP: 0 };
for (const signal of Object.keys(count)) process.on(signal, () => count[signal]++);
process.on("SIGTERM", () => {
  console.log(JSON.stringify(count));
  process.exit(3);
});
// Nobody is left to end it where the starter has failed.
setTimeout(() => process.exit(4), 20_000);
console.log("ready");
`;

/** Runs a command on a terminal of its own, sends Ctrl-C when it is ready, then SIGTERM, and prints what it said. */
const ON_TERMINAL = `
import os, pty, sys, time
pid, screen = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
said = b""
try:
    while True:
        said += os.read(screen, 1024)
        if b"ready" in said and b"^C" not in said:
            os.write(screen, b"\\x03")
            time.sleep(0.5)
            os.kill(pid, 15)
except OSError:
    pass
print(said.decode().replace("\\r\\n", "\\n"))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

/** The starter, in a folder where `script` stands in for Deno, or the code of a function that finds none. */
async function starterWith(s: Scenario, script: string, runInstall = `() => __dirname + "/deno"`): Promise<string> {
  const starter = `${s.home}/tele.cjs`;
  const deno = `${s.home}/node_modules/deno`;
  await Deno.mkdir(deno, { recursive: true });
  await Deno.copyFile(new URL("scripts/npm/tele.cjs", ROOT), starter);
  await Deno.writeTextFile(`${s.home}/arguments.json`, `["run"]`);
  await Deno.writeTextFile(`${deno}/deno`, script, { mode: 0o755 });
  await Deno.writeTextFile(`${deno}/install_api.cjs`, `module.exports = { runInstall: ${runInstall} };`);
  return starter;
}

/** Starts the starter without a terminal, and sends signals when it is ready. */
async function signalled(starter: string, signals: Deno.Signal[]): Promise<{ code: number; said: string }> {
  const child = new Deno.Command(program("node"), {
    args: [starter],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  let said = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    const isReady = said === "";
    said += text;
    for (const signal of isReady ? signals : []) {
      child.kill(signal);
      // Signals that wait together come in the order of their numbers.
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  }
  return { code: (await child.status).code, said };
}

Deno.test({
  name: "the starter passes signals on, ends as its program does, and tells of death by a signal as a shell does",
  ...onUnix("node", "sh"),
  fn: scenario(30_000, async (s) => {
    const { code, said } = await signalled(await starterWith(s, COUNTING), ["SIGINT", "SIGHUP", "SIGTERM"]);
    assertEquals([code, said], [3, `ready\n{"SIGINT":1,"SIGHUP":1}\n`]);
    const killed = await signalled(await starterWith(s, `#!/bin/sh\necho ready\nkill -9 $$\n`), []);
    assertEquals(killed.code, 128 + 9);
  }),
});

/** Leaves the terminal first, so that it counts only what the starter passes on. */
const APART = `#!/usr/bin/env python3
import os
os.setsid()
os.execv(os.path.dirname(__file__) + "/counting", ["counting"])
`;

Deno.test({
  name: "on a terminal, which sends Ctrl-C to both, the starter does not send it a second time",
  ...onUnix("node", "python3"),
  fn: scenario(30_000, async (s) => {
    const starter = await starterWith(s, APART);
    await Deno.writeTextFile(`${s.home}/node_modules/deno/counting`, COUNTING, { mode: 0o755 });
    const args = ["-c", ON_TERMINAL, program("node"), starter];
    const child = new Deno.Command(program("python3"), { args, stdin: "null", stderr: "null" }).output();
    const { code, stdout } = await within(child, 20_000, "the starter on a terminal");
    assertMatch(new TextDecoder().decode(stdout), /{"SIGINT":0,"SIGHUP":0}$/m);
    assertEquals(code, 3);
  }),
});

Deno.test({
  name: "a Deno that is not there, or does not start, is told in a line",
  ...onUnix("node"),
  fn: scenario(30_000, async (s) => {
    const tries: [runInstall: string, says: RegExp][] = [
      [
        `() => { throw new Error("no Deno for this system") }`,
        /^tele: Deno, .*, does not start: no Deno for this system\n$/,
      ],
      [`() => "/no/such/deno"`, /^tele: Deno, .*, does not start: spawn \/no\/such\/deno ENOENT\n$/],
    ];
    for (const [runInstall, says] of tries) {
      const args = [await starterWith(s, "", runInstall)];
      const { code, stderr } = await new Deno.Command(program("node"), { args }).output();
      assertMatch(new TextDecoder().decode(stderr), says);
      assertEquals(code, 1);
    }
  }),
});
