/**
 * Standard input and output as a connection.
 *
 * @module
 */
import { type Clock, systemClock, type Timer } from "./clock.ts";
import type { Duplex } from "./duplex.ts";
import { type Output, standardOutput } from "./standard_output.ts";

/** Bytes read at once, at the most: a pipe holds less, a file does not. */
const READ_BYTES = 256 * 1024;

/** Longest silence of standard input once the peer's direction has ended, in milliseconds, as in `socat`. */
const LINGER_MS = 500;

/** The same where this process is told to end: what is in the pipe by then comes at once. */
const PARTING_LINGER_MS = 50;

/** Where {@linkcode standardOutput} can do nothing about it. */
const NEVER_WAITS = "standard output is full, and set not to wait (O_NONBLOCK): put `| cat` behind this command";

/** What {@linkcode StdioDuplex} reads from: `Deno.stdin`. */
export interface Input {
  /** Reads into `into`; `null` at the end. */
  read(into: Uint8Array): Promise<number | null>;
}

/** Options of {@linkcode StdioDuplex}. */
export interface StdioOptions {
  /**
   * Where bytes come from.
   *
   * @default {Deno.stdin}
   */
  input?: Input;
  /**
   * Where bytes go.
   *
   * @default {standardOutput()}
   */
  output?: Output;
  /**
   * Time.
   *
   * @default {systemClock}
   */
  clock?: Clock;
}

/**
 * A {@linkcode Duplex} over standard input and output, for a process that carries this one connection.
 *
 * When the peer's direction has ended and all of it was written, standard input counts as ended once nothing came from
 * it for half a second: a program that holds it open, such as ssh or a shell, often does not know that the connection
 * is over.
 *
 * Two things the runtime cannot do (Deno 2.9.6). It cannot cancel a read or write: what is under way when the duplex is
 * closed settles when the operating system is done with it, so nobody must wait for that, and reads are into memory of
 * this duplex's own. A write has the caller's memory until then. And it keeps standard output open until the process
 * ends, whatever is closed: its reader sees the end only then.
 *
 * @example
 * ```ts
 * import { StdioDuplex } from "./stdio_duplex.ts";
 * import { assertEquals } from "@std/assert";
 *
 * let written = "";
 * const stdio = new StdioDuplex({
 *   input: { read: () => Promise.resolve(null) },
 *   output: { write: (bytes) => Promise.resolve((written += new TextDecoder().decode(bytes), bytes.length)) },
 * });
 * assertEquals(await stdio.read(new Uint8Array(8)), null);
 * await stdio.write(new TextEncoder().encode("hello"));
 * assertEquals(written, "hello");
 * ```
 */
export class StdioDuplex implements Duplex {
  readonly peer = "standard input and output";
  readonly #input: Input;
  readonly #output: Output;
  readonly #clock: Clock;
  readonly #buffer = new Uint8Array(READ_BYTES);
  /** Ends the read that waits, and from then on all others. */
  #endInput: (() => void) | undefined;
  #linger: Timer | undefined;
  #isInputEnded = false;
  /** Longest silence of standard input, in milliseconds, once it has a limit. */
  #lingerMs: number | undefined;
  #isOutputClosed = false;
  #isClosed = false;

  /** Reads and writes what `options` say. */
  constructor({ input = Deno.stdin, output = standardOutput(), clock = systemClock }: StdioOptions = {}) {
    this.#input = input;
    this.#output = output;
    this.#clock = clock;
  }

  /** Whether nobody reads standard output any more; it shows when something is written (EPIPE). */
  get isOutputClosed(): boolean {
    return this.#isOutputClosed;
  }

  async read(into: Uint8Array): Promise<number | null> {
    this.#refuseIfClosed();
    if (this.#isInputEnded) return null;
    const { promise: ended, resolve } = Promise.withResolvers<null>();
    this.#endInput = () => {
      this.#isInputEnded = true;
      resolve(null);
    };
    this.#startLinger();
    const count = await Promise.race([this.#input.read(this.#buffer.subarray(0, into.length)), ended]);
    this.#linger?.cancel();
    this.#endInput = undefined;
    this.#refuseIfClosed();
    if (count !== null) into.set(this.#buffer.subarray(0, count));
    return count;
  }

  async write(bytes: Uint8Array): Promise<void> {
    try {
      for (let at = 0; at < bytes.length;) {
        this.#refuseIfClosed();
        at += await this.#output.write(bytes.subarray(at));
      }
    } catch (error) {
      if (error instanceof Deno.errors.BrokenPipe) this.#isOutputClosed = true;
      if (error instanceof Deno.errors.WouldBlock) throw new Error(NEVER_WAITS, { cause: error });
      throw error;
    }
  }

  closeWrite(): Promise<void> {
    this.#endSoon(LINGER_MS);
    return Promise.resolve();
  }

  /**
   * The process is told to end: standard input counts as ended once what was written to it is read. ssh sends its last
   * words, closes the pipe and signals, all in one moment.
   */
  part(): void {
    this.#endSoon(PARTING_LINGER_MS);
  }

  abort(): void {
    this.close();
  }

  close(): void {
    this.#isClosed = true;
    this.#linger?.cancel();
  }

  #endSoon(lingerMs: number): void {
    this.#lingerMs = Math.min(lingerMs, this.#lingerMs ?? Infinity);
    this.#startLinger();
  }

  /** Starts the time of the read that waits, if there is one and silence has a limit. */
  #startLinger(): void {
    if (this.#lingerMs === undefined || this.#endInput === undefined) return;
    this.#linger?.cancel();
    this.#linger = this.#clock.setTimer(() => this.#endInput?.(), this.#lingerMs);
  }

  #refuseIfClosed(): void {
    if (this.#isClosed) throw new Error("standard input and output were given up");
  }
}
