/**
 * A command from its start to the end of all that it has started.
 *
 * @module
 */
import { type Clock, sleep, type Timer } from "../clock.ts";
import type { CommandProcess, CommandStatus } from "./command_process.ts";
import { ErrorLines } from "./error_lines.ts";

/** How long a command that is told to end may take, in milliseconds; then it is ended. */
export const END_MS = 2_000;

/** How long its exit code and last words are waited for, in milliseconds, once it writes no more. */
const LAST_WORDS_MS = 500;

/**
 * Reads a command's standard error, ends the command, and knows why it ended.
 *
 * What has begun together ends together: when the command has ended, what it left running in its group is told to end,
 * too.
 */
export class RunningCommand {
  /** Settles when it, and all that it left behind, has ended or was ended. */
  readonly over: Promise<void>;
  readonly #process: CommandProcess;
  readonly #clock: Clock;
  /** Settles when it has ended and its standard error is read. */
  readonly #lastWords: Promise<unknown>;
  readonly #settle: () => void;
  #lastLine: string | undefined;
  #status: CommandStatus | undefined;
  #timer: Timer | undefined;

  /**
   * Reads the standard error of `process`.
   *
   * @param onLine Told each line.
   */
  constructor(process: CommandProcess, clock: Clock, onLine: (line: string) => void) {
    this.#process = process;
    this.#clock = clock;
    const { promise, resolve } = Promise.withResolvers<void>();
    [this.over, this.#settle] = [promise, resolve];
    const lines = new ErrorLines((line) => {
      this.#lastLine = line;
      onLine(line);
    });
    const ended = process.status.then((status) => this.#hasEnded(status));
    this.#lastWords = Promise.all([ended, drain(process.stderr, lines)]);
  }

  /** How it ended; `undefined` while it runs. */
  get status(): CommandStatus | undefined {
    return this.#status;
  }

  /** Tells it to end, and ends it if it does not. */
  end(): void {
    if (this.#timer !== undefined || this.#status !== undefined) return;
    this.#process.signal("SIGTERM");
    this.#timer = this.#clock.setTimer(() => this.kill(), END_MS);
  }

  /** Ends it, and all that is left of it, at once. */
  kill(): void {
    this.#process.signal("SIGKILL");
    if (this.#status !== undefined) this.#settle();
  }

  #hasEnded(status: CommandStatus): void {
    this.#status = status;
    if (this.#process.signal("SIGTERM")) {
      this.#timer ??= this.#clock.setTimer(() => this.kill(), END_MS);
      return;
    }
    this.#timer?.cancel();
    this.#settle();
  }

  /**
   * Waits a moment for its end, and for what it says about that.
   *
   * @returns A sentence about a command that failed; `undefined` if it ended well or goes on.
   */
  async failure(): Promise<string | undefined> {
    const enough = new AbortController();
    await Promise.race([this.#lastWords, sleep(this.#clock, LAST_WORDS_MS, enough.signal)]);
    enough.abort();
    if (this.#status === undefined || this.#status.success) return undefined;
    return this.#describe(this.#status);
  }

  /** How it ended, in words, with its last line on standard error. */
  #describe({ code, signal }: CommandStatus): string {
    const how = signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
    return `the command ${how}${this.#lastLine === undefined ? "" : `: ${this.#lastLine}`}`;
  }
}

async function drain(stderr: ReadableStream<Uint8Array>, lines: ErrorLines): Promise<void> {
  try {
    for await (const bytes of stderr) lines.take(bytes);
  } catch {
    // What it would have said is lost; how it ended is not.
  }
  lines.end();
}
