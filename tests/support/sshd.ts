/**
 * OpenSSH for tests: an sshd of the test's own, and an interactive shell on it.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import type { Breaker } from "./breaker.ts";
import type { Scenario } from "./scenario.ts";
import { program } from "./skip.ts";
import { freePort } from "./user_programs.ts";
import { outageMs, pause, until } from "./wait.ts";

/** A running sshd, and what `ssh` and `scp` need to log in to it. */
export interface Sshd {
  port: number;
  pid: number;
  user: string;
  options: string[];
}

/** Where an sshd runs. */
export interface SshdOptions {
  /** Where it listens. @default {"127.0.0.1"} */
  address?: string;
  /** Put in front of its command, such as `ip netns exec NAME`. */
  wrap?: readonly string[];
  /** More lines of its configuration. @default {[]} */
  config?: readonly string[];
}

/** Starts an sshd on a free port; it ends with the scenario. */
export async function startSshd(s: Scenario, options: SshdOptions = {}): Promise<Sshd> {
  const folder = await Deno.makeTempDir({ dir: s.home, prefix: "ssh-" });
  // Debian's sshd, when it runs as root, wants this folder, which only the service makes.
  if (Deno.uid() === 0) await Deno.mkdir("/run/sshd", { recursive: true, mode: 0o755 });
  for (const key of ["host_key", "user_key"]) {
    await run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", `${folder}/${key}`);
  }
  await Deno.copyFile(`${folder}/user_key.pub`, `${folder}/authorized_keys`);

  const port = freePort();
  const config = [
    `ListenAddress ${options.address ?? "127.0.0.1"}`,
    `Port ${port}`,
    `HostKey ${folder}/host_key`,
    `AuthorizedKeysFile ${folder}/authorized_keys`,
    `PidFile ${folder}/pid`,
    "StrictModes no",
    "UsePAM no",
    "PermitRootLogin yes",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "ClientAliveInterval 0",
    "PrintMotd no",
    "Subsystem sftp internal-sftp",
    ...options.config ?? [],
  ];
  await Deno.writeTextFile(`${folder}/config`, config.join("\n") + "\n");
  // -D and -e: in the foreground, log to standard error.
  const [command, ...args] = [...options.wrap ?? [], program("sshd"), "-D", "-e", "-f", `${folder}/config`];
  const child = new Deno.Command(command, {
    args,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let log = "";
  const words = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
  const reading = (async () => {
    for (let next = await words.read(); !next.done; next = await words.read()) log += next.value;
  })();
  s.defer(async () => {
    killQuietly(child);
    await child.status;
    // A login that is still there has it open as well, on a dead link for minutes.
    await words.cancel();
    await reading;
  });
  let ended = false;
  child.status.then(() => ended = true);
  await until(() => ended || log.includes("Server listening"), 20_000, "sshd");
  if (ended) throw new Error(`sshd did not start: ${log}`);

  const user = (await run("id", "-un")).trim();
  const login = [
    ["-F", "none"],
    ["-i", `${folder}/user_key`],
    ["-o", "IdentitiesOnly=yes"],
    ["-o", "BatchMode=yes"],
    ["-o", "StrictHostKeyChecking=no"],
    ["-o", "HostKeyAlias=test"],
    ["-o", `UserKnownHostsFile=${folder}/known_hosts`],
    ["-o", "LogLevel=ERROR"],
    ["-o", "ServerAliveInterval=0"],
  ];
  return { port, pid: child.pid, user, options: login.flat() };
}

/** An interactive shell: `ssh -tt`, typed into and read from. */
export interface Shell {
  readonly status: Promise<Deno.CommandStatus>;
  readonly hasEnded: boolean;
  type(text: string): Promise<void>;
  /** Waits until the screen shows `text`. */
  sees(text: string, ms: number): Promise<void>;
  /** Types a command and waits for what its output matches. */
  ask(command: string, pattern: RegExp): Promise<string>;
}

/** Opens a shell; `way` tells ssh how to get there, such as `-p 2222`. */
export function openShell(s: Scenario, sshd: Sshd, ...way: string[]): Shell {
  const child = new Deno.Command(program("ssh"), {
    args: [...sshd.options, ...way, "-tt", `${sshd.user}@127.0.0.1`],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  return shellOf(s, child);
}

/** The shell of an `ssh` whose standard streams are all piped. */
export function shellOf(s: Scenario, child: Deno.ChildProcess): Shell {
  let screen = "";
  let ended = false;
  const reading = Promise.all([child.stdout, child.stderr].map(async (stream) => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) screen += text;
  }));
  const status = child.status.then(async (status) => {
    await reading;
    ended = true;
    return status;
  });
  const keyboard = child.stdin.getWriter();
  s.defer(async () => {
    killQuietly(child);
    await status;
    await keyboard.close().catch(() => {});
  });
  const waitFor = async (isSo: () => boolean, ms: number, what: string) => {
    try {
      await until(() => isSo() || ended, ms, what);
      if (!isSo()) throw new Error(`${what}: ssh has ended`);
    } catch (error) {
      throw new Error(`${(error as Error).message}\nscreen:\n${screen}`);
    }
  };
  const type = (text: string) => keyboard.write(new TextEncoder().encode(text));
  return {
    status,
    get hasEnded() {
      return ended;
    },
    type,
    sees: (text, ms) => waitFor(() => screen.includes(text), ms, `${JSON.stringify(text)} on the screen`),
    async ask(command, pattern) {
      const from = screen.length;
      await type(`${command}\n`);
      const find = () => pattern.exec(screen.slice(from))?.[1];
      await waitFor(() => find() !== undefined, 60_000, `the answer to ${command}`);
      return find()!;
    },
  };
}

/** Lets a shell meet an outage at `breaker`, of 5 s unless {@linkcode outageMs} says more: it stays the same, and gets what is typed meanwhile. */
export async function outliveOutage(shell: Shell, breaker: Breaker): Promise<void> {
  await shell.type("stty -echo; unset HISTFILE; PS1=; KEPT=kept-$((20 + 22)); echo shell is $KEPT\n");
  await shell.sees("shell is kept-42", 60_000);
  const pid = await shell.ask("echo pid=$$=", /pid=(\d+)=/);
  breaker.blackHole(true);
  breaker.strand();
  await pause(500);
  await shell.type("DURING=typed-into-the-outage\n");
  await pause(outageMs(5_000) - 500);
  breaker.blackHole(false);
  assertEquals(await shell.ask("echo after=$KEPT,$DURING=", /after=(.*?)=/), "kept-42,typed-into-the-outage");
  assertEquals(await shell.ask("echo pid=$$=", /pid=(\d+)=/), pid);
}

async function run(name: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(program(name), { args, stdin: "null" }).output();
  if (code !== 0) throw new Error(`${name} failed: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

function killQuietly(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended already.
  }
}
