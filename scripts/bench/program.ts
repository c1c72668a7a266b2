/**
 * Programs that a measurement starts, and what the kernel tells about processes.
 *
 * @module
 */
import type { Scenario } from "../../tests/support/scenario.ts";
import { program } from "../../tests/support/skip.ts";
import { pause, until } from "../../tests/support/wait.ts";

/** How long a program may take to listen, in milliseconds: a first start of Deno compiles. */
const READY_MS = 20_000;

/** How long a program may take to be gone, in milliseconds. */
const END_MS = 5_000;

/** How much of a program's words an error message shows. */
const SHOWN_CHARACTERS = 400;

/** The kernel's unit of CPU time, in seconds: `USER_HZ` is 100 on every Linux that Deno runs on. */
const TICK_SECONDS = 0.01;

const LISTENING = "0A";

/** What to start. */
export interface ProgramOptions {
  /** The program, as a name or a path, and its arguments. */
  command: readonly string[];
  /** Put in front of the command, such as `ip netns exec NAME`: a program that replaces itself by the command. */
  wrap?: readonly string[];
  /** Wait until it listens on this port. */
  port?: number;
  /** Or wait until it has said this. */
  says?: string;
  /** It is told things on standard input: {@linkcode Program.tell}. */
  listens?: boolean;
  env?: Record<string, string>;
}

/** A running program. */
export class Program implements AsyncDisposable {
  readonly pid: number;
  /** All it has said, on standard output and standard error. */
  said = "";
  readonly #name: string;
  readonly #child: Deno.ChildProcess;
  readonly #ended: Promise<Deno.CommandStatus>;
  #hasEnded = false;
  #input: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>> | undefined;

  private constructor(name: string, child: Deno.ChildProcess) {
    this.#name = name;
    this.#child = child;
    this.pid = child.pid;
    const outputs = [child.stdout, child.stderr].map(async (stream) => {
      for await (const text of stream.pipeThrough(new TextDecoderStream())) this.said += text;
    });
    this.#ended = child.status.then(async (status) => {
      this.#hasEnded = true;
      await Promise.all(outputs);
      return status;
    });
  }

  /** Starts one, waits until it is ready, and ends it with the scenario. */
  static async start(s: Scenario, options: ProgramOptions): Promise<Program> {
    const [command, ...args] = [...options.wrap ?? [], pathOf(options.command[0]), ...options.command.slice(1)];
    const child = new Deno.Command(command, {
      args,
      env: options.env,
      stdin: options.listens ? "piped" : "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const started = s.use(new Program(options.command[0], child));
    if (options.listens) started.#input = child.stdin.getWriter();
    await started.#waitUntilReady(options);
    return started;
  }

  /** Says a line to a program that {@linkcode ProgramOptions.listens}. */
  async tell(line: string): Promise<void> {
    if (this.#input === undefined) throw new Error(`${this.#name} does not listen`);
    await this.#input.write(new TextEncoder().encode(`${line}\n`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#hasEnded) killTree(this.pid);
    await this.#input?.abort().catch(() => {});
    // A child that got away would keep the outputs open, and must not hold up the bench.
    await Promise.race([this.#ended, pause(END_MS)]);
  }

  async #waitUntilReady({ port, says }: ProgramOptions): Promise<void> {
    if (port === undefined && says === undefined) return;
    const isReady = () => port === undefined ? this.said.includes(says!) : isListening(this.pid, port);
    try {
      await until(() => this.#hasEnded || isReady(), READY_MS, this.#name);
    } catch (error) {
      throw new Error(`${(error as Error).message} ready; ${this.#said()}`);
    }
    if (this.#hasEnded) throw new Error(`${this.#name} ended with code ${(await this.#ended).code}; ${this.#said()}`);
  }

  #said(): string {
    return said(this.said);
  }
}

/** Runs a program to its end and returns its standard output; throws if it fails or takes longer than `limitMs`. */
export async function runProgram(
  command: readonly string[],
  limitMs: number,
  wrap: readonly string[] = [],
): Promise<string> {
  const [first, ...args] = [...wrap, pathOf(command[0]), ...command.slice(1)];
  const limit = AbortSignal.timeout(limitMs);
  const child = new Deno.Command(first, { args, stdin: "null", stdout: "piped", stderr: "piped" }).spawn();
  // These programs have nothing to save, and one that hangs would hang the whole run.
  const end = () => signal(child.pid, "SIGKILL");
  limit.addEventListener("abort", end);
  try {
    const { success, code, stdout, stderr } = await child.output();
    const text = new TextDecoder().decode(stdout);
    if (limit.aborted) throw new Error(`${command[0]}: not within ${limitMs} ms`);
    if (!success) {
      throw new Error(`${command[0]} ended with code ${code}; ${said(new TextDecoder().decode(stderr) + text)}`);
    }
    return text;
  } finally {
    limit.removeEventListener("abort", end);
  }
}

/** CPU time that processes and their children have used so far, in seconds. */
export function cpuSeconds(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of new Set(pids.flatMap(processTree))) {
    // Of itself and, behind that, of the children that it has already waited for: proc(5), fields 14 to 17.
    for (const field of statFields(pid)?.slice(11, 15) ?? []) ticks += Number(field);
  }
  return ticks * TICK_SECONDS;
}

/** A process and all its descendants. */
export function processTree(pid: number): number[] {
  let children: string[] = [];
  try {
    children = [...Deno.readDirSync(`/proc/${pid}/task`)].flatMap(({ name }) =>
      Deno.readTextFileSync(`/proc/${pid}/task/${name}/children`).split(" ").filter((text) => text.trim() !== "")
    );
  } catch {
    // It has ended.
  }
  return [pid, ...children.flatMap((child) => processTree(Number(child)))];
}

/** The fields of `/proc/PID/stat` behind the name, which may have spaces itself: the first is field 3 of proc(5). */
function statFields(pid: number): string[] | undefined {
  try {
    const text = Deno.readTextFileSync(`/proc/${pid}/stat`);
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}

/** Whether anybody listens on a port, as seen from the network namespace of a process. */
function isListening(pid: number, port: number): boolean {
  const wanted = port.toString(16).toUpperCase().padStart(4, "0");
  return ["tcp", "tcp6"].some((name) => {
    try {
      const lines = Deno.readTextFileSync(`/proc/${pid}/net/${name}`).split("\n").map((line) =>
        line.trim().split(/\s+/)
      );
      return lines.some(([, local, , state]) => state === LISTENING && local?.split(":")[1] === wanted);
    } catch {
      return false;
    }
  });
}

/** A path stays what it is; a name is looked for. */
function pathOf(name: string): string {
  return name.includes("/") ? name : program(name);
}

function said(text: string): string {
  const end = text.trim().slice(-SHOWN_CHARACTERS);
  return end === "" ? "it said nothing" : `it said: ${end}`;
}

/** Ends a program and its children, which do not end with it. It is stopped first, so that it makes no more of them. */
function killTree(pid: number): void {
  signal(pid, "SIGSTOP");
  for (const each of processTree(pid)) signal(each, "SIGKILL");
}

/** Ends all that a process has started. */
export function killChildren(pid: number): void {
  for (const each of processTree(pid).slice(1)) signal(each, "SIGKILL");
}

function signal(pid: number, name: Deno.Signal): void {
  try {
    Deno.kill(pid, name);
  } catch {
    // It has ended already.
  }
}
