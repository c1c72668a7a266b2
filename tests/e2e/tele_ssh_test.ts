/** `tele ssh` with a real sshd on this machine: what comes through, what ends it, and what it says where it cannot. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type Scenario, scenario } from "../support/scenario.ts";
import { type Case, sideBySide } from "../support/side_by_side.ts";
import { onUnix } from "../support/skip.ts";
import { type Sshd, startSshd } from "../support/sshd.ts";
import { sshdConfig, teleSsh } from "../support/tele_ssh.ts";
import { until } from "../support/wait.ts";

const NEEDS = onUnix("sshd", "ssh", "ssh-keygen", "id");

interface Outcome {
  code: number;
  stdout: Uint8Array;
  stderr: string;
}

/** Runs `tele ssh` to its end. */
async function run(s: Scenario, sshd: Sshd, own: string[], more: string[], input = new Uint8Array()): Promise<Outcome> {
  const { command: [program, ...args], env } = await teleSsh(sshd, { home: s.home, own, more });
  const child = new Deno.Command(program!, { args, env, stdin: "piped", stdout: "piped", stderr: "piped" }).spawn();
  const writer = child.stdin.getWriter();
  const writing = writer.write(input).then(() => writer.close()).catch(() => {});
  const [{ code, stdout, stderr }] = await Promise.all([child.output(), writing]);
  return { code, stdout, stderr: new TextDecoder().decode(stderr) };
}

const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

const CASES: Case[] = ["port", "ssh"].map((by) => ({
  name: `by ${by}, a command gets all of standard input, and its exit code is the end`,
  ...NEEDS,
  fn: scenario(60_000, async (s) => {
    const sshd = await startSshd(s, { config: await sshdConfig() });
    const input = crypto.getRandomValues(new Uint8Array(60_000)).map((byte, at) => at % 2 === 0 ? byte : 10);
    const { code, stdout, stderr } = await run(s, sshd, [`--by=${by}`], ["cat; echo gone; exit 7"], input);
    assertEquals([code, stderr], [7, ""]);
    assertEquals(stdout.subarray(0, input.length), input);
    assertEquals(decode(stdout.subarray(input.length)), "gone\n");
  }),
}));

CASES.push({
  name: "tele that is not on the other machine is named, and nothing is run",
  ...NEEDS,
  fn: scenario(60_000, async (s) => {
    const sshd = await startSshd(s, { config: await sshdConfig() });
    const { code, stdout, stderr } = await run(s, sshd, [`--remote=${s.home}/no tele`], ["echo never"]);
    assertEquals([code, decode(stdout)], [125, ""]);
    assertStringIncludes(stderr, `tele: there is no ${s.home}/no on the other machine: install tele there`);
    assertStringIncludes(stderr, "--remote=PATH");
  }),
}, {
  name: "a wrong host key ends it as it ends ssh, with ssh's words and exit code",
  ...NEEDS,
  fn: scenario(60_000, async (s) => {
    const sshd = await startSshd(s, { config: await sshdConfig() });
    const known = `${s.home}/known_hosts`;
    // Any other key: the user's own.
    const [key = ""] = sshd.options.filter((word) => word.endsWith("/user_key"));
    await Deno.writeTextFile(known, `test ${await Deno.readTextFile(`${key}.pub`)}`);
    const strict = ["-o", `UserKnownHostsFile=${known}`, "-o", "StrictHostKeyChecking=yes"];
    const wrong = { ...sshd, options: [...strict, ...sshd.options] };
    const { code, stdout, stderr } = await run(s, wrong, [], ["echo never"]);
    assertEquals([code, decode(stdout)], [255, ""]);
    assertStringIncludes(stderr, "Host key verification failed");
    assert(!stderr.includes("tele:"), stderr);
  }),
});

CASES.push({
  name: "ssh that stops itself, as at ~^Z, stops tele as well, and both go on together",
  ignore: NEEDS.ignore || Deno.build.os !== "linux",
  fn: scenario(60_000, async (s) => {
    const sshd = await startSshd(s, { config: await sshdConfig() });
    const more = ["echo ready; read -r a; echo $a; exit 3"];
    const { command: [program, ...args], env } = await teleSsh(sshd, { home: s.home, own: ["--by=port"], more });
    const piped = { stdin: "piped", stdout: "piped", stderr: "inherit" } as const;
    const tele = new Deno.Command(program!, { args, env, ...piped }).spawn();
    s.defer(() => endQuietly(tele));
    const lines = tele.stdout.pipeThrough(new TextDecoderStream()).getReader();
    assertEquals((await lines.read()).value, "ready\n");
    const ssh = Number(await Deno.readTextFile(`/proc/${tele.pid}/task/${tele.pid}/children`));
    Deno.kill(ssh, "SIGSTOP");
    const isStopped = () => / T /.test(Deno.readTextFileSync(`/proc/${tele.pid}/stat`));
    await until(isStopped, 5_000, "tele stops");
    for (const pid of [tele.pid, ssh]) Deno.kill(pid, "SIGCONT");
    const keyboard = tele.stdin.getWriter();
    await keyboard.write(new TextEncoder().encode("typed\n"));
    assertEquals((await lines.read()).value, "typed\n");
    assertEquals((await tele.status).code, 3);
    await keyboard.close().catch(() => {});
    await lines.cancel();
  }),
});

/** Ends a process that a failed test has left. */
function endQuietly(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended.
  }
}

sideBySide("tele ssh on one machine", CASES);
