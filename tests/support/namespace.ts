/**
 * Network namespaces of Linux: hosts whose network is their own.
 *
 * @module
 */
import { program, requires } from "./skip.ts";

/** Programs that {@linkcode Namespace} calls itself. */
const OWN_PROGRAMS = ["ip", "tc", "sh"];

/** Test files that run side by side are one process: each has its own names. Leftovers are found by the process. */
const OURS = `tele-${Deno.pid}-${crypto.randomUUID().slice(0, 8)}`;

const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** All namespaces of this process that are not removed yet, by their names. */
const alive = new Set<string>();
let sets = 0;

/**
 * Decides whether a test can have hosts of its own, as {@linkcode requires} does: where Linux, root's rights or a
 * program is missing it is ignored with the reason printed, but in CI it runs, and fails with the same reason.
 */
export function requiresHosts(...programs: string[]): { ignore: boolean } {
  const result = requires(...OWN_PROGRAMS, ...programs);
  if (result.ignore) return result;
  const reason = missingRight();
  const isCi = !["", "0", "false"].includes(Deno.env.get("CI") ?? "");
  if (reason === undefined || isCi) return { ignore: false };
  console.error(`skipped, for want of ${reason}`);
  return { ignore: true };
}

let rightKnown: { missing: string | undefined } | undefined;

/** What this process lacks to make network namespaces, if anything. */
function missingRight(): string | undefined {
  rightKnown ??= { missing: findMissingRight() };
  return rightKnown.missing;
}

function findMissingRight(): string | undefined {
  if (Deno.build.os !== "linux") return "Linux, which has network namespaces";
  if (Deno.uid() !== 0) return "root's rights, which network namespaces need";
  const name = `${OURS}-probe`;
  const { success, stderr } = new Deno.Command(program("ip"), { args: ["netns", "add", name] }).outputSync();
  if (!success) return `the right to make a network namespace (${decode(stderr).trim()})`;
  removeNow(name);
  return undefined;
}

/** One namespace, which is there once it is made. */
export class Namespace {
  /** Its name, as `ip` has it. */
  readonly name: string;

  private constructor(name: string) {
    this.name = name;
  }

  /**
   * Namespaces of one set, which need not know each other's names. Nothing is made yet.
   *
   * @throws If this process cannot make any; removes what killed runs left behind before it gives the first.
   */
  static async set<Node extends string>(nodes: readonly Node[]): Promise<Record<Node, Namespace>> {
    const missing = missingRight();
    if (missing !== undefined) throw new Error(`this test needs ${missing}`);
    const number = ++sets;
    if (number === 1) await removeLeftovers();
    const named = nodes.map((node) => [node, new Namespace(`${OURS}-${number}-${node}`)]);
    return Object.fromEntries(named) as Record<Node, Namespace>;
  }

  /** Makes it. Whatever way this process ends, it does not stay behind. */
  async make(): Promise<void> {
    alive.add(this.name);
    await run([program("ip"), "netns", "add", this.name]);
  }

  /** Ends what still runs in it, and removes it. */
  async remove(): Promise<void> {
    if (alive.delete(this.name)) await removeNamespace(this.name);
  }

  /** What to put in front of a command so that it runs in it. */
  get prefix(): string[] {
    return [program("ip"), "netns", "exec", this.name];
  }

  /** Runs a command in it to its end; returns its standard output and throws if it fails. */
  async run(...[command, ...args]: string[]): Promise<string> {
    return await run([...this.prefix, program(command), ...args]);
  }

  /** Runs a line of the shell in it. */
  async shell(line: string): Promise<void> {
    await this.run("sh", "-c", line);
  }

  /** Changes its network: lines of `ip -batch`, all in one process. */
  async ip(...lines: string[]): Promise<void> {
    const child = new Deno.Command(program("ip"), {
      args: ["-n", this.name, "-batch", "-"],
      stdin: "piped",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const input = child.stdin.getWriter();
    await input.write(new TextEncoder().encode(lines.join("\n") + "\n"));
    await input.close();
    const { success, stderr } = await child.output();
    if (!success) throw new Error(`ip ${lines.join("; ")}: ${decode(stderr).trim()}`);
  }

  /** Replaces the queue of one of its devices, by words of `tc qdisc`. */
  async queue(device: string, ...words: string[]): Promise<void> {
    await run([program("tc"), "-n", this.name, "qdisc", "replace", "dev", device, ...words]);
  }

  /** The numbers of the processes that run in it. */
  async processes(): Promise<number[]> {
    return await processesIn(this.name);
  }
}

// Whatever way this process ends, its namespaces do not stay behind.
globalThis.addEventListener("unload", () => alive.forEach(removeNow));

function removeNow(name: string): void {
  new Deno.Command(program("ip"), { args: ["netns", "delete", name], stderr: "null" }).outputSync();
}

/** Removes what runs that were killed left behind: namespaces whose names have the number of a process that has ended. */
export async function removeLeftovers(): Promise<void> {
  for (const line of (await run([program("ip"), "netns", "list"])).split("\n")) {
    const [name, pid] = /^tele-(\d+)-\S+/.exec(line) ?? [];
    if (name !== undefined && !isRunning(Number(pid))) await removeNamespace(name);
  }
}

/** Removes a namespace, and ends what still runs in it. */
export async function removeNamespace(name: string): Promise<void> {
  // A namespace lives as long as a process in it does.
  for (const pid of await processesIn(name).catch(() => [])) {
    try {
      Deno.kill(pid, "SIGKILL");
    } catch {
      // It has ended meanwhile.
    }
  }
  // What their connections have not sent would stay in the kernel for minutes. It counts for what all namespaces may have:
  // at that limit the kernel lets no connection's window grow.
  await run([program("ip"), "netns", "exec", name, "ss", "--kill", "--tcp", "--all"]).catch(() => {});
  await run([program("ip"), "netns", "delete", name]).catch(() => {});
}

async function processesIn(name: string): Promise<number[]> {
  const pids = await run([program("ip"), "netns", "pids", name]);
  return pids.split("\n").filter((line) => line !== "").map(Number);
}

function isRunning(pid: number): boolean {
  try {
    return Deno.statSync(`/proc/${pid}`).isDirectory;
  } catch {
    return false;
  }
}

async function run([command, ...args]: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args, stdin: "null" }).output();
  if (!success) throw new Error(`${command} ${args.join(" ")}: ${decode(stderr).trim()}`);
  return decode(stdout);
}
