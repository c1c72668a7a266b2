/**
 * The program under test, as child processes.
 *
 * @module
 */
import { program } from "./skip.ts";
import { denoDir, teleWords } from "./tele_program.ts";
import { until, within } from "./wait.ts";

/** Where a process listens. */
export interface ListenAddress {
  hostname: string;
  port: number;
}

/** What a process is: one of the roles, or all that a configuration says (`--config` in its arguments). */
export type TeleRole = "server" | "client" | "config";

/** How to start a tele process. */
export interface TeleOptions {
  role: TeleRole;
  /** Arguments after the role. */
  args: string[];
  /** Folder for its state; must exist. */
  home: string;
  /** Environment variables beside the usual. */
  env?: Record<string, string>;
  /** Limit of open files (`ulimit -n`). */
  openFiles?: number;
  /** Put in front of the command, such as `ip netns exec NAME`: a program that replaces itself by the command. */
  wrap?: string[];
  /** Another program than this tree's `main.ts`. */
  main?: URL;
  /** A compiled program, in place of the source. */
  bin?: string;
  /** Permissions of the process, which is run from the source then. @default {["-A"]} */
  permissions?: readonly string[];
  /** How long it may take to be ready. @default {60000}, for a machine that is busy */
  readyMs?: number;
}

/** Log lines that a report shows of each process. */
const REPORTED_LINES = 60;

/** What a server says of an attempt that a client gives up because another was sooner, or the machine busy. */
export const LATE_ATTEMPT = /carrier from \S+ ended before it was attached: connection reset by peer$/;

/** A running `tele --server`, `tele --client` or `tele --config`. */
export class TeleProcess implements AsyncDisposable {
  readonly role: TeleRole;
  readonly pid: number;
  /** The line it printed when it was ready. */
  readyLine = "";
  /** Where it listens: for user's clients (client) or tele clients (server). */
  listens: ListenAddress[] = [];
  /** Lines on standard error. */
  readonly log: string[] = [];
  /** Lines on standard output. */
  readonly output: string[] = [];
  /** Settles when the process has ended and all its output is read. */
  readonly ended: Promise<Deno.CommandStatus>;
  readonly #child: Deno.ChildProcess;
  readonly #hasWorkers: boolean;
  #status: Deno.CommandStatus | undefined;

  private constructor({ role, args }: Pick<TeleOptions, "role" | "args">, child: Deno.ChildProcess) {
    this.role = role;
    this.#hasWorkers = args.some((arg) => arg.startsWith("--workers="));
    this.#child = child;
    this.pid = child.pid;
    const outputs = [collectLines(child.stdout, this.output), collectLines(child.stderr, this.log)];
    this.ended = child.status.then(async (status) => {
      this.#status = status;
      await Promise.all(outputs);
      return status;
    });
  }

  /** Starts a process and waits until it is ready. */
  static async start(options: TeleOptions): Promise<TeleProcess> {
    const { command, env } = await teleCommand(options);
    if (options.openFiles !== undefined) {
      command.unshift(program("bash"), "-c", `ulimit -n ${options.openFiles}; exec "$@"`, "bash");
    }
    command.unshift(...listening(), ...options.wrap ?? []);
    const child = new Deno.Command(command[0], {
      args: command.slice(1),
      env,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const process = new TeleProcess(options, child);
    try {
      await process.#waitUntilReady(options.readyMs ?? 60_000);
    } catch (error) {
      await process[Symbol.asyncDispose]();
      throw new Error(`${(error as Error).message}\n${process.report()}`);
    }
    return process;
  }

  /** The port of the first listen address. */
  get port(): number {
    return this.listens[0].port;
  }

  /** How it ended, if it has. */
  get status(): Deno.CommandStatus | undefined {
    return this.#status;
  }

  /** Waits for a line on standard error that matches, from line number `from` on. */
  async logged(pattern: RegExp, ms: number, from = 0): Promise<string> {
    const find = () => this.log.slice(from).find((line) => pattern.test(line));
    await until(() => find() !== undefined, ms, `a log line of the tele ${this.role} that matches ${pattern}`);
    return find()!;
  }

  /** Sends a signal and waits for the end. Returns the exit code and how long it took. */
  async stop(signal: Deno.Signal = "SIGTERM", ms = 10_000): Promise<{ code: number; tookMs: number }> {
    const start = performance.now();
    this.#child.kill(signal);
    const { code } = await within(this.ended, ms, `the end of the tele ${this.role} after ${signal}`);
    return { code, tookMs: performance.now() - start };
  }

  /** Sends a signal and does not wait. */
  signal(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Ends it without a chance to say goodbye (SIGKILL). */
  async kill(): Promise<void> {
    if (!this.#status) this.#child.kill("SIGKILL");
    await this.ended;
  }

  /** Number of open file descriptors; Linux only, elsewhere `undefined`. */
  openFiles(): number | undefined {
    try {
      return [...Deno.readDirSync(`/proc/${this.pid}/fd`)].length;
    } catch {
      return undefined;
    }
  }

  /** Resident memory in bytes; Linux only, elsewhere `undefined`. */
  residentBytes(): number | undefined {
    try {
      const kib = /^VmRSS:\s+(\d+) kB/m.exec(Deno.readTextFileSync(`/proc/${this.pid}/status`))?.[1];
      return kib === undefined ? undefined : Number(kib) * 1024;
    } catch {
      return undefined;
    }
  }

  /** Its output, to be shown when a test fails. */
  report(): string {
    const end = this.#status ? `ended with code ${this.#status.code}` : "running";
    const skipped = Math.max(0, this.log.length - REPORTED_LINES);
    const log = skipped > 0 ? [`... ${skipped} lines before ...`, ...this.log.slice(skipped)] : this.log;
    return [`--- tele ${this.role} (${end})`, ...this.output, ...log].join("\n    ");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Workers outlive a parent that is killed, and wait for their clients.
    if (this.#hasWorkers && this.#status === undefined) await this.stop().catch(() => {});
    await this.kill();
  }

  async #waitUntilReady(ms: number): Promise<void> {
    const what = `the ready line of the tele ${this.role}`;
    await until(() => this.output.length > 0 || this.#status !== undefined, ms, what);
    if (this.output.length === 0) await this.ended;
    this.readyLine = this.output[0] ?? "";
    const places = /connect (to .+)$/.exec(this.readyLine)?.[1];
    if (places === undefined) {
      // A client that only offers services listens nowhere.
      if (/^tele client ready: offered as /.test(this.readyLine)) return;
      throw new Error(`${what}: it was ${JSON.stringify(this.readyLine)}`);
    }
    const addresses = places.matchAll(/\bto (\S+?(?: and \S+?)*)(?: for \S+| by SOCKS| \(TLS\))?(?:, |$)/g);
    this.listens = Array.from(addresses, ([, some]) => some.split(" and ")).flat().map(parseAddress);
  }
}

/**
 * What stands in front of a command that must hear SIGHUP and SIGINT: where these tests run under `nohup` or as a
 * script's background job, it would be born deaf to them, as they are.
 */
export function listening(): string[] {
  if (Deno.build.os !== "linux") return [];
  const mask = /^SigIgn:\s*([0-9a-f]+)$/m.exec(Deno.readTextFileSync("/proc/self/status"))?.[1] ?? "0";
  return (BigInt(`0x${mask}`) & 0b11n) === 0n ? [] : ["env", "--default-signal=HUP,INT"];
}

/** The command that starts a process, and its environment. */
export async function teleCommand(
  options: Pick<TeleOptions, "role" | "args" | "home" | "env" | "main" | "bin" | "permissions">,
): Promise<{ command: string[]; env: Record<string, string> }> {
  return {
    command: [
      ...options.bin === undefined ? teleWords(options) : [options.bin],
      ...options.role === "config" ? [] : [`--${options.role}`],
      ...options.args,
    ],
    env: {
      HOME: options.home,
      XDG_STATE_HOME: `${options.home}/state`,
      // Its own HOME must not mean that it downloads the standard library anew.
      DENO_DIR: await denoDir(),
      DENO_NO_UPDATE_CHECK: "1",
      NO_COLOR: "1",
      // The proxy of whoever runs the tests leads to nothing of them.
      NO_PROXY: "*",
      ...options.env,
    },
  };
}

function parseAddress(told: string): ListenAddress {
  const text = told.replace(/ \(TLS\)$/, "");
  const colon = text.lastIndexOf(":");
  return { hostname: text.slice(0, colon).replace(/^\[|\]$/g, ""), port: Number(text.slice(colon + 1)) };
}

async function collectLines(stream: ReadableStream<Uint8Array<ArrayBuffer>>, into: string[]): Promise<void> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    into.push(...lines);
  }
  if (rest !== "") into.push(rest);
}
