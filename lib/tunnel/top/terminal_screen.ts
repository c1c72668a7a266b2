/**
 * A whole terminal to draw on, which is as it was before when it is left.
 *
 * @module
 */
import { painted, type StyledLine } from "./styled_line.ts";
import type { ScreenSize } from "./top_view.ts";

/** xterm's control sequences: another screen beside that with the shell's lines, without a cursor; and back. */
const ENTER = "\x1b[?1049h\x1b[?25l\x1b[2J";
const LEAVE = "\x1b[0m\x1b[?25h\x1b[?1049l";

/** Goes to a row, counted from 0, and erases it. Erased behind a full line, its last character would be gone. */
const rowStart = (row: number) => `\x1b[${row + 1};1H\x1b[K`;

/** What is needed of a terminal. */
export interface ScreenTerminal {
  /** Writes some of the bytes and tells how many, as `Deno.stdout.write` does. */
  readonly write: (bytes: Uint8Array) => Promise<number>;
  /** Whether keys come at once, and are not shown. */
  readonly setRaw: (isRaw: boolean) => void;
  /** Its size; asked anew each time, since windows change. */
  readonly size: () => ScreenSize;
  /** Whether it shows colours. */
  readonly hasColors: boolean;
}

/** Draws lines on it, and writes only what has changed. */
export class TerminalScreen {
  readonly #terminal: ScreenTerminal;
  #shown: string[] = [];
  #drawnSize = "";
  #isEntered = false;
  #last: Promise<void> = Promise.resolve();
  #writing = 0;

  /** Nothing is done to the terminal yet. */
  constructor(terminal: ScreenTerminal) {
    this.#terminal = terminal;
  }

  /** Its size, in characters. */
  get size(): ScreenSize {
    return this.#terminal.size();
  }

  /** Takes the terminal. */
  enter(): void {
    this.#isEntered = true;
    this.#terminal.setRaw(true);
    this.#put(ENTER);
  }

  /** Draws lines, one below the other. Does nothing while the terminal takes nothing. */
  draw(lines: readonly StyledLine[]): void {
    if (this.#writing > 1) return;
    const { columns, rows } = this.size;
    const size = `${columns} ${rows}`;
    // A terminal moves its lines about when its size changes.
    const isNew = size !== this.#drawnSize;
    const painting = lines.slice(0, rows).map((line) => painted(line, columns, this.#terminal.hasColors));
    const changed = painting.map((text, row) => isNew || text !== this.#shown[row] ? rowStart(row) + text : "");
    this.#drawnSize = size;
    this.#shown = painting;
    const text = (isNew ? "\x1b[2J" : "") + changed.join("");
    if (text !== "") this.#put(text);
  }

  /** Gives the terminal back; resolves when it has all that it was sent. */
  async leave(): Promise<void> {
    if (!this.#isEntered) return;
    this.#isEntered = false;
    this.#put(LEAVE);
    this.#terminal.setRaw(false);
    await this.#last;
  }

  /** Writes one piece after the other, each to its end. */
  #put(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.#writing++;
    this.#last = this.#last.then(async () => {
      try {
        for (let at = 0; at < bytes.length;) at += await this.#terminal.write(bytes.subarray(at));
      } catch {
        // The terminal is gone: whoever reads its keys is told.
      }
      this.#writing--;
    });
  }
}
