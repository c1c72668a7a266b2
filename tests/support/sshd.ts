/**
 * An sshd of a test's own, with keys of its own.
 *
 * @module
 */
import type { Scenario } from "./scenario.ts";
import { program } from "./skip.ts";
import { freePort } from "./user_programs.ts";
import { until } from "./wait.ts";

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
  const reading = (async () => {
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) log += text;
  })();
  s.defer(async () => {
    killQuietly(child);
    await child.status;
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
