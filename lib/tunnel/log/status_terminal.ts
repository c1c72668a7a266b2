/**
 * Log lines and one live line at the foot of a terminal.
 *
 * @module
 */

/** Goes back to the first column, and erases the line. */
const ERASE = "\r\x1b[K";

/** Goes back to the first column `rows` rows further up, and erases all that follows. */
const eraseFrom = (rows: number) => `\r\x1b[${rows}A\x1b[J`;

/** Options of {@linkcode StatusTerminal}. */
export interface StatusTerminalOptions {
  /** Writes some of the bytes and tells how many, as `Deno.stderr.write` does. */
  write: (bytes: Uint8Array) => Promise<number>;
  /** Columns of the terminal; asked anew each time, since windows change. */
  columns: () => number;
  /** Whether the terminal wraps a line into several when its window becomes too narrow for it. */
  rewraps: boolean;
}

/**
 * Keeps one live line below all others: it gives way to log lines, and comes back below them.
 *
 * @example
 * ```ts
 * import { StatusTerminal } from "./status_terminal.ts";
 * import { assertEquals } from "@std/assert";
 *
 * let screen = "";
 * const terminal = new StatusTerminal({
 *   write(bytes) {
 *     screen += new TextDecoder().decode(bytes);
 *     return Promise.resolve(bytes.length);
 *   },
 *   columns: () => 80,
 *   rewraps: true,
 * });
 * await terminal.show("link up");
 * await terminal.write(new TextEncoder().encode("a log line\n"));
 * await terminal.show("");
 * assertEquals(screen, "\r\x1b[Klink up" + "\r\x1b[Ka log line\n" + "link up" + "\r\x1b[K");
 * ```
 */
export class StatusTerminal {
  readonly #options: StatusTerminalOptions;
  #shown = "";
  #last: Promise<void> = Promise.resolve();
  #writing = 0;

  /** Nothing is shown yet. */
  constructor(options: StatusTerminalOptions) {
    this.#options = options;
  }

  /** Columns of the terminal. */
  get columns(): number {
    return this.#options.columns();
  }

  /** Writes whole lines above the live line. Resolves with the number of their bytes. */
  async write(lines: Uint8Array): Promise<number> {
    const shown = this.#shown;
    await this.#put(shown === "" ? lines : join(this.#erase(shown), lines, shown));
    return lines.length;
  }

  /** Changes the live line; an empty one erases it. Does nothing while the terminal is held up, as by Ctrl-S. */
  async show(line: string): Promise<void> {
    const shown = this.#shown;
    if (line === shown || (this.#writing > 0 && line !== "")) return;
    this.#shown = line;
    await this.#put(join(this.#erase(shown), new Uint8Array(0), line));
  }

  /** What erases `shown`, which a narrower window may have wrapped into several rows. */
  #erase(shown: string): string {
    const rows = this.#options.rewraps ? Math.ceil(shown.length / Math.max(1, this.columns)) : 1;
    return rows > 1 ? eraseFrom(rows - 1) : ERASE;
  }

  /** Writes one piece after the other, each to its end. */
  #put(bytes: Uint8Array): Promise<void> {
    this.#writing++;
    return this.#last = this.#last.then(async () => {
      try {
        for (let at = 0; at < bytes.length;) at += await this.#options.write(bytes.subarray(at));
      } catch {
        // The terminal is gone, which is no reason to end.
      }
      this.#writing--;
    });
  }
}

function join(before: string, lines: Uint8Array, after: string): Uint8Array {
  const [head, tail] = [before, after].map((text) => new TextEncoder().encode(text));
  const bytes = new Uint8Array(head!.length + lines.length + tail!.length);
  bytes.set(head!);
  bytes.set(lines, head!.length);
  bytes.set(tail!, head!.length + lines.length);
  return bytes;
}
