/** `tele ssh` between two hosts whose network really breaks. */
import { assert, assertEquals } from "@std/assert";
import { type Hosts, hostScenario, SERVER_ADDRESS } from "../support/hosts.ts";
import { requiresHosts } from "../support/namespace.ts";
import type { Scenario } from "../support/scenario.ts";
import { type Case, sideBySide } from "../support/side_by_side.ts";
import { type Shell, shellOf, type Sshd, startSshd } from "../support/sshd.ts";
import { sshdConfig, teleSsh } from "../support/tele_ssh.ts";
import { pause, within } from "../support/wait.ts";

const NEEDS = requiresHosts("sshd", "ssh", "ssh-keygen", "id", "ss", "env");

/** An sshd on the server's host, and what runs there beside logins. */
async function startServer(s: Scenario, hosts: Hosts): Promise<Sshd> {
  const wrap = hosts.on("server");
  return await startSshd(s, { address: SERVER_ADDRESS, wrap, config: await sshdConfig() });
}

/** Logs in by `tele ssh` from the client's host, with a shell that has a variable. */
async function logIn(s: Scenario, hosts: Hosts, sshd: Sshd): Promise<Shell> {
  const { command, env } = await teleSsh(sshd, { home: s.home, address: SERVER_ADDRESS, more: ["-tt"] });
  const shell = shellOf(
    s,
    hosts.spawn("client", ["env", ...command], { env, stdin: "piped", stdout: "piped", stderr: "piped" }),
  );
  await shell.type("stty -echo; unset HISTFILE; PS1=; KEPT=kept-$((20 + 22)); echo shell is $KEPT\n");
  await shell.sees("shell is kept-42", 60_000);
  return shell;
}

/** Types into an outage that is there now, and checks behind it that the shell is the same and got it. */
async function outlive(shell: Shell, outageMs: number, end: () => Promise<void>): Promise<void> {
  await shell.type("DURING=typed-into-the-outage\n");
  await pause(outageMs);
  assert(!shell.hasEnded, "ssh is still there");
  await end();
  assertEquals(await shell.ask("echo after=$KEPT,$DURING=", /after=(.*?)=/), "kept-42,typed-into-the-outage");
}

/** Ends the shell with an exit code; then nothing is left on either host. */
async function leave(hosts: Hosts, shell: Shell): Promise<void> {
  await shell.type("exit 7\n");
  assertEquals((await within(shell.status, 60_000, "the end of ssh")).code, 7);
  const left = async () => [
    ...await hosts.processes("client"),
    ...(await hosts.processes("server")).filter((line) => !line.includes("[listener]")),
  ];
  const nothing = async () => {
    while ((await left()).length > 0) await pause(100);
  };
  await within(nothing(), 60_000, "the end of all that it started").catch(async (error) => {
    throw new Error(`${error.message}\n${(await left()).join("\n")}`);
  });
}

/** The port of the server on which tele listens. */
async function telePort(hosts: Hosts, sshd: Sshd): Promise<number> {
  const lines = (await hosts.run("server", "ss", "-Hltn")).trim().split("\n");
  const ports = lines.map((line) => Number(/:(\d+)\s/.exec(line)?.[1])).filter((port) => port !== sshd.port);
  assertEquals(new Set(ports).size, 1, lines.join("\n"));
  return ports[0]!;
}

const CASES: Case[] = [{
  name: "a shell outlives an outage of 20 s, and nothing is left behind",
  ...NEEDS,
  fn: hostScenario(240_000, async (s, hosts) => {
    const shell = await logIn(s, hosts, await startServer(s, hosts));
    await hosts.blackHole();
    await outlive(shell, 20_000, () => hosts.mend());
    await leave(hosts, shell);
  }),
}, {
  name: "a shell outlives a path that is dead for ever, and another address of the client",
  ...NEEDS,
  fn: hostScenario(240_000, async (s, hosts) => {
    const sshd = await startServer(s, hosts);
    const shell = await logIn(s, hosts, sshd);
    await hosts.forget(await telePort(hosts, sshd));
    await outlive(shell, 0, () => Promise.resolve());
    await shell.type("DURING=\n");
    await hosts.linkDown("client");
    await outlive(shell, 3_000, () => hosts.moveClient());
    await leave(hosts, shell);
  }),
}, {
  name: "where no other port is open it goes by ssh -W, and outlives an outage",
  ...NEEDS,
  fn: hostScenario(240_000, async (s, hosts) => {
    const sshd = await startServer(s, hosts);
    await hosts.allowOnly(sshd.port);
    const shell = await logIn(s, hosts, sshd);
    assert((await hosts.processes("client")).some((line) => line.includes(" -W 127.0.0.1:")), "ssh -W runs");
    await hosts.blackHole();
    await outlive(shell, 5_000, () => hosts.mend());
    await leave(hosts, shell);
  }),
}];

sideBySide("tele ssh between two hosts", CASES);
