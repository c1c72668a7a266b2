/**
 * What a terminal shows of the bytes that it got: the few control sequences that `tele top` sends.
 *
 * @module
 */

/** The characters on a screen, from its first row on. */
export class DrawnScreen {
  /** Whether the screen beside that with the shell's lines is shown. */
  isAlternate = false;
  /** Whether there is a cursor. */
  hasCursor = true;
  #rows: string[] = [];
  #row = 0;
  #column = 0;
  #pending = "";

  /** The rows that have something on them, without blanks at their ends. */
  get lines(): string[] {
    const lines = Array.from(this.#rows, (row = "") => row.trimEnd());
    while (lines.at(-1) === "") lines.pop();
    return lines;
  }

  /** The terminal gets this. Throws for a sequence that it does not know. */
  write(text: string): void {
    const whole = this.#pending + text;
    // deno-lint-ignore no-control-regex
    const end = /\x1b(?:\[[?0-9;]*)?$/.exec(whole)?.index ?? whole.length;
    this.#pending = whole.slice(end);
    // deno-lint-ignore no-control-regex
    for (const [piece] of whole.slice(0, end).matchAll(/\x1b\[[?0-9;]*[A-Za-z]|\x1b?[^]/gu)) this.#take(piece);
  }

  #take(piece: string): void {
    // deno-lint-ignore no-control-regex
    const [, words = "", letter] = /^\x1b\[([?0-9;]*)([A-Za-z])$/.exec(piece) ?? [];
    if (letter !== undefined) return this.#obey(words, letter);
    if (piece === "\r") this.#column = 0;
    else if (piece === "\n") this.#row++;
    else if (piece < " " || piece === "\x7f") throw new Error(`the screen does not know ${JSON.stringify(piece)}`);
    else {
      const row = (this.#rows[this.#row] ?? "").padEnd(this.#column);
      this.#rows[this.#row] = row.slice(0, this.#column) + piece + row.slice(this.#column + 1);
      this.#column++;
    }
  }

  #obey(words: string, letter: string): void {
    const [row = 1, column = 1] = words.split(";").map((word) => Number(word) || 1);
    if (letter === "H") [this.#row, this.#column] = [row - 1, column - 1];
    else if (letter === "K") this.#rows[this.#row] = (this.#rows[this.#row] ?? "").slice(0, this.#column);
    else if (letter === "J" && words === "2") this.#rows = [];
    else if (words === "?1049") this.#alternate(letter === "h");
    else if (words === "?25") this.hasCursor = letter === "h";
    else if (letter !== "m") throw new Error(`the screen does not know ${words}${letter}`);
  }

  #alternate(isAlternate: boolean): void {
    this.isAlternate = isAlternate;
    this.#rows = [];
  }
}
