/**
 * Writes log lines without ever holding up the program.
 *
 * @module
 */

/** Most lines that wait. A reader that is slower misses some, and is told how many. */
const MOST_WAITING = 1_000;

/**
 * Writes lines in order, one write at a time.
 *
 * @example
 * ```ts
 * import { LineWriter } from "./line_writer.ts";
 * import { assertEquals } from "@std/assert";
 *
 * let text = "";
 * const lines = new LineWriter((bytes) => {
 *   text += new TextDecoder().decode(bytes);
 *   return Promise.resolve(bytes.length);
 * });
 * lines.write("one");
 * lines.write("two");
 * await lines.flush(100);
 * assertEquals(text, "one\ntwo\n");
 * ```
 */
export class LineWriter {
  readonly #write: (bytes: Uint8Array) => Promise<number>;
  readonly #lostLine: (message: string) => string;
  #waiting: string[] = [];
  #missed = 0;
  #writing: Promise<void> | undefined;
  #isHeld = false;

  /**
   * Nothing waits yet.
   *
   * @param write Writes some of the bytes and tells how many, as `Deno.stderr.write` does.
   * @param lostLine Makes the line that tells of lost ones, in the shape of the others.
   */
  constructor(
    write: (bytes: Uint8Array) => Promise<number>,
    lostLine: (message: string) => string = (message) => `(${message})`,
  ) {
    this.#write = write;
    this.#lostLine = lostLine;
  }

  /** Writes `line` behind those that wait. */
  write(line: string): void {
    if (this.#waiting.length >= MOST_WAITING) this.#missed++;
    else this.#waiting.push(line);
    if (!this.#isHeld) this.#writing ??= this.#writeAll();
  }

  /** Keeps lines back until {@linkcode LineWriter.release}: something else is to be written first. */
  hold(): void {
    this.#isHeld = true;
  }

  /** Writes the lines that were kept back. */
  release(): void {
    this.#isHeld = false;
    if (this.#waiting.length > 0) this.#writing ??= this.#writeAll();
  }

  /** Settles when all lines are written, after `limitMs` milliseconds at the latest. */
  async flush(limitMs: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const limit = new Promise<void>((resolve) => timer = setTimeout(resolve, limitMs));
    await Promise.race([this.#writing, limit]);
    clearTimeout(timer);
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0 || this.#missed > 0) {
      const lines = this.#waiting;
      this.#waiting = [];
      if (this.#missed > 0) lines.push(this.#lostLine(`${this.#missed} log lines were lost: nobody read them in time`));
      this.#missed = 0;
      await this.#writeBytes(new TextEncoder().encode(lines.join("\n") + "\n"));
    }
    this.#writing = undefined;
  }

  async #writeBytes(bytes: Uint8Array): Promise<void> {
    try {
      for (let at = 0; at < bytes.length;) at += await this.#write(bytes.subarray(at));
    } catch {
      // Nobody reads any more, which is no reason to end.
    }
  }
}
