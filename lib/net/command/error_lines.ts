/**
 * What a program says on its standard error, as lines.
 *
 * @module
 */

/** Most characters of a line that are kept. */
const MOST_CHARACTERS = 500;

/**
 * Cuts bytes into lines, of which empty ones are left out and long ones shortened (invariant 10: a program that never
 * ends its line takes no more memory than this).
 *
 * @example
 * ```ts
 * import { ErrorLines } from "./error_lines.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const lines: string[] = [];
 * const errors = new ErrorLines((line) => lines.push(line));
 * errors.take(new TextEncoder().encode("Warning: one\r\ntw"));
 * errors.take(new TextEncoder().encode("o"));
 * errors.end();
 * assertEquals(lines, ["Warning: one", "two"]);
 * ```
 */
export class ErrorLines {
  readonly #decoder = new TextDecoder();
  readonly #onLine: (line: string) => void;
  #line = "";

  /** Tells each line. */
  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  /** More bytes have come. */
  take(bytes: Uint8Array): void {
    this.#add(this.#decoder.decode(bytes, { stream: true }));
  }

  /** There will be no more. */
  end(): void {
    this.#add(this.#decoder.decode());
    this.#endLine();
  }

  #add(text: string): void {
    const [first = "", ...others] = text.split(/[\r\n]/);
    this.#grow(first);
    for (const part of others) {
      this.#endLine();
      this.#grow(part);
    }
  }

  #grow(part: string): void {
    // One more shows that it was longer.
    this.#line += part.slice(0, MOST_CHARACTERS + 1 - this.#line.length);
  }

  #endLine(): void {
    const line = this.#line.trim();
    this.#line = "";
    if (line === "") return;
    this.#onLine(line.length > MOST_CHARACTERS ? `${line.slice(0, MOST_CHARACTERS)}…` : line);
  }
}
