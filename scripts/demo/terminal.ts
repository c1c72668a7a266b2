/**
 * Where the demo writes: a terminal, on which some lines are redrawn in place, or anything else, which gets plain
 * lines.
 *
 * @module
 */

/** Makes text stand out, or not. */
export type Paint = (text: string) => string;

/** The ways in which text can stand out. */
export interface Palette {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly red: Paint;
  readonly green: Paint;
  readonly yellow: Paint;
  readonly blue: Paint;
}

/** No control codes at all. */
export const PLAIN: Palette = {
  bold: same,
  dim: same,
  red: same,
  green: same,
  yellow: same,
  blue: same,
};

/** The colours of the terminal's own scheme. */
const COLOURS: Palette = {
  bold: code(1, 22),
  dim: code(2, 22),
  red: code(31, 39),
  green: code(32, 39),
  yellow: code(33, 39),
  blue: code(36, 39),
};

/** Columns of the widest line. */
const COLUMNS = 78;

/** Standard output. */
export class Terminal {
  /** Whether lines can be redrawn. */
  readonly isLive: boolean = Deno.stdout.isTerminal() && Deno.env.get("TERM") !== "dumb" && columns() > COLUMNS;
  /** Plain where nobody sees colours, or wants them. */
  readonly palette: Palette = this.isLive && !Deno.noColor ? COLOURS : PLAIN;
  #drawn = 0;
  #isClosed = false;

  /** Writes a line that stays. */
  line(text = ""): void {
    this.#write(`${text}\n`);
  }

  /** Draws lines over those that were drawn before. Not on a terminal it does nothing. */
  draw(lines: readonly string[]): void {
    if (!this.isLive) return;
    const up = this.#drawn > 0 ? `\x1b[${this.#drawn}A` : "";
    this.#write(`${up}${lines.map((line) => `\x1b[2K${line}\n`).join("")}\x1b[J`);
    this.#drawn = lines.length;
  }

  /** Draws lines that stay. */
  settle(lines: readonly string[]): void {
    this.draw([]);
    for (const line of lines) this.line(line);
  }

  /** Writes nothing any more. */
  close(): void {
    this.#isClosed = true;
  }

  #write(text: string): void {
    if (this.#isClosed) return;
    const bytes = new TextEncoder().encode(text);
    try {
      for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
    } catch {
      // Nobody reads any more (`| head`): the processes must be ended all the same.
      this.close();
    }
  }
}

function columns(): number {
  try {
    return Deno.consoleSize().columns;
  } catch {
    return 0;
  }
}

function same(text: string): string {
  return text;
}

function code(on: number, off: number): Paint {
  return (text) => `\x1b[${on}m${text}\x1b[${off}m`;
}
