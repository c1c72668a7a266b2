/** Logins and transfers between two hosts that go on while tele is upgraded at either end (`--workers`, SIGUSR2). */
import { assert, assertEquals } from "@std/assert";
import { type Hosts, hostScenario, SERVER_ADDRESS, TELE_PORT } from "../support/hosts.ts";
import { requiresHosts } from "../support/namespace.ts";
import { SeededData, sha256 } from "../support/random.ts";
import type { Scenario } from "../support/scenario.ts";
import { type Case, sideBySide } from "../support/side_by_side.ts";
import { type Shell, shellOf, type Sshd, startSshd } from "../support/sshd.ts";
import { program } from "../support/skip.ts";
import type { TeleProcess } from "../support/tele_process.ts";
import { pause, within } from "../support/wait.ts";

const NEEDS = requiresHosts("sshd", "ssh", "ssh-keygen", "id", "ss");
const PIPED = { stdin: "piped", stdout: "piped", stderr: "piped" } as const;

/** Where logins come in, on the client's host. */
const ENTRANCE = "4001";

/** How long the client's link is down, in milliseconds: longer than silence is taken for slowness. */
const OUTAGE_MS = 5_000;

/** An sshd behind tele, workers at both ends. */
interface Machines {
  sshd: Sshd;
  server: TeleProcess;
  client: TeleProcess;
}

async function startMachines(s: Scenario, hosts: Hosts, workers: number): Promise<Machines> {
  const sshd = await startSshd(s, { wrap: hosts.on("server") });
  const outer = `--out=${SERVER_ADDRESS}:${TELE_PORT}`;
  const args = (entrance: string | number) => [`--in=127.0.0.1:${entrance}`, outer, `--workers=${workers}`];
  const server = await hosts.tele({ role: "server", args: args(sshd.port), home: s.home });
  const client = await hosts.tele({ role: "client", args: args(ENTRANCE), home: s.home });
  return { sshd, server, client };
}

async function logIn(s: Scenario, hosts: Hosts, sshd: Sshd, name: string): Promise<Shell> {
  const command = ["ssh", ...sshd.options, "-p", ENTRANCE, "-tt", `${sshd.user}@127.0.0.1`];
  const shell = shellOf(s, hosts.spawn("client", command, PIPED));
  await shell.type(`stty -echo; unset HISTFILE; PS1=; KEPT=${name}-$((20 + 22)); echo shell is $KEPT\n`);
  await shell.sees(`shell is ${name}-42`, 60_000);
  return shell;
}

async function isStill(shell: Shell, name: string): Promise<void> {
  assertEquals(await shell.ask("echo still=$KEPT=", /still=(.*?)=/), `${name}-42`);
}

async function leave(shell: Shell): Promise<void> {
  await shell.type("exit 7\n");
  assertEquals((await within(shell.status, 60_000, "the end of ssh")).code, 7);
}

/** Upgrades one end; settles when the new workers listen. */
async function upgrade(process: TeleProcess): Promise<void> {
  const mark = process.log.length;
  process.signal("SIGUSR2");
  await process.logged(/the new workers listen/, 60_000, mark);
}

/** How many processes of tele run on a host: a parent, its workers, and those of before that still have something. */
async function processesOf(hosts: Hosts, role: "client" | "server"): Promise<number> {
  return (await hosts.processes(role)).filter((line) => line.includes(`--${role}`)).length;
}

/** Waits until no worker of a former program is left. */
async function oneGeneration(hosts: Hosts, role: "client" | "server", workers: number): Promise<void> {
  const look = async () => {
    while (await processesOf(hosts, role) > workers + 1) await pause(100);
  };
  await within(look(), 60_000, `the end of the former workers of the ${role}`);
}

const CASES: Case[] = [1, 2].map((workers): Case => ({
  name: `ssh through an old worker of ${workers} goes on behind upgrades of client and server, and an outage`,
  ...NEEDS,
  fn: hostScenario(240_000, async (s, hosts) => {
    const { sshd, server, client } = await startMachines(s, hosts, workers);
    const old = await logIn(s, hosts, sshd, "old");
    await upgrade(client);
    await isStill(old, "old");
    const newer = await logIn(s, hosts, sshd, "newer");
    await upgrade(server);
    await isStill(old, "old");
    await isStill(newer, "newer");
    const newest = await logIn(s, hosts, sshd, "newest");
    await hosts.linkDown("client");
    await pause(OUTAGE_MS);
    await hosts.linkUp("client");
    for (const [shell, name] of [[old, "old"], [newer, "newer"], [newest, "newest"]] as const) {
      await isStill(shell, name);
    }
    assert(await processesOf(hosts, "client") > workers + 1, "the client's old worker is there for the old login");
    assert(await processesOf(hosts, "server") > workers + 1, "and the server's for the two older ones");
    await leave(old);
    await leave(newer);
    await oneGeneration(hosts, "client", workers);
    await oneGeneration(hosts, "server", workers);
    await isStill(newest, "newest");
    await leave(newest);
    for (const process of [client, server]) assertEquals((await process.stop()).code, 0);
  }),
}));

/** Programs that move a file of the client's host to the server's through tele. */
const TRANSFERS: Record<string, (sshd: Sshd, from: string, to: string) => string[]> = {
  "sftp": ({ options, user }, from, to) => [
    "sh",
    "-c",
    `echo 'put ${from} ${to}' | exec "$@"`,
    "sh",
    program("sftp"),
    ...options,
    "-P",
    ENTRANCE,
    "-b",
    "-",
    `${user}@127.0.0.1`,
  ],
  "rsync": ({ options, user }, from, to) => [
    "rsync",
    "--whole-file",
    "-e",
    `ssh ${options.join(" ")} -p ${ENTRANCE}`,
    from,
    `${user}@127.0.0.1:${to}`,
  ],
};

for (const [name, command] of Object.entries(TRANSFERS)) {
  CASES.push({
    name: `a transfer by ${name} goes on behind upgrades of client and server`,
    ...requiresHosts("sshd", "ssh", "ssh-keygen", "id", "ss", name),
    fn: hostScenario(240_000, async (s, hosts) => {
      const { sshd, server, client } = await startMachines(s, hosts, 1);
      const [from, to] = [`${s.home}/from`, `${s.home}/to`];
      const data = new SeededData(8 << 20, 3);
      using file = await Deno.open(from, { write: true, createNew: true });
      for (let block = data.next(); block; block = data.next()) await file.write(block);
      // 8 MiB take more than ten seconds.
      await hosts.limit("5mbit", 100);
      const child = hosts.spawn("client", command(sshd, from, to), { ...PIPED, stdin: "null" });
      let hasEnded = false;
      const output = child.output().then((output) => {
        hasEnded = true;
        return output;
      });
      s.defer(() => hasEnded || child.kill("SIGKILL"));
      await pause(2_000);
      await upgrade(client);
      await upgrade(server);
      assert(!hasEnded, "it is still under way");
      const { code, stderr } = await within(output, 120_000, `the end of ${name}`);
      assertEquals(code, 0, new TextDecoder().decode(stderr));
      assertEquals(sha256(await Deno.readFile(to)), data.sha256());
      await oneGeneration(hosts, "client", 1);
      await oneGeneration(hosts, "server", 1);
      for (const process of [client, server]) assertEquals((await process.stop()).code, 0);
    }),
  });
}

sideBySide("logins and transfers through an upgrade", CASES);
