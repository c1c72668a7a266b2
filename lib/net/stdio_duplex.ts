/**
 * Standard input and output as a connection.
 *
 * @module
 */
import type { Duplex } from "./duplex.ts";

/** What {@linkcode StdioDuplex} reads from: `Deno.stdin`. */
export interface Input {
  /** Reads into `into`; `null` at the end. */
  read(into: Uint8Array): Promise<number | null>;
}

/** What {@linkcode StdioDuplex} writes to: `Deno.stdout`. */
export interface Output {
  /** Writes some of `bytes`, and tells how many. */
  write(bytes: Uint8Array): Promise<number>;
}

/**
 * A {@linkcode Duplex} over standard input and output, for a process that carries this one connection.
 *
 * Two things the runtime cannot do (measured on Deno 2.9.6). It cannot cancel a read or write: what is under way when
 * the duplex is closed settles when the operating system is done with it, so nobody must wait for that. And it keeps
 * standard output open until the process ends, whatever is closed: who reads it sees the end only then.
 *
 * @example
 * ```ts
 * import { StdioDuplex } from "./stdio_duplex.ts";
 * import { assertEquals } from "@std/assert";
 *
 * let written = "";
 * const stdio = new StdioDuplex(
 *   { read: () => Promise.resolve(null) },
 *   { write: (bytes) => Promise.resolve((written += new TextDecoder().decode(bytes), bytes.length)) },
 * );
 * assertEquals(await stdio.read(new Uint8Array(8)), null);
 * await stdio.write(new TextEncoder().encode("hello"));
 * assertEquals(written, "hello");
 * ```
 */
export class StdioDuplex implements Duplex {
  readonly peer = "standard input and output";
  readonly #input: Input;
  readonly #output: Output;
  #isOutputClosed = false;
  #isClosed = false;

  /** Reads from `input` and writes to `output`. */
  constructor(input: Input = Deno.stdin, output: Output = Deno.stdout) {
    this.#input = input;
    this.#output = output;
  }

  /** Whether nobody reads standard output any more; it shows when something is written (EPIPE). */
  get isOutputClosed(): boolean {
    return this.#isOutputClosed;
  }

  async read(into: Uint8Array): Promise<number | null> {
    this.#refuseIfClosed();
    const count = await this.#input.read(into);
    this.#refuseIfClosed();
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
      throw error;
    }
  }

  closeWrite(): Promise<void> {
    return Promise.resolve();
  }

  abort(): void {
    this.close();
  }

  close(): void {
    this.#isClosed = true;
  }

  #refuseIfClosed(): void {
    if (this.#isClosed) throw new Error("standard input and output were given up");
  }
}
