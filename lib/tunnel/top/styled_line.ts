/**
 * A line for a terminal: its text, and how each part of it looks.
 *
 * @module
 */
import { textWidth } from "./text_width.ts";

/** How a part looks. No meaning hangs on it alone. */
export type Style = "plain" | "title" | "good" | "bad" | "dim" | "chosen";

/** A part of a line. */
export interface Part {
  /** What it says: one line, no control characters. */
  readonly text: string;
  /** How it looks. */
  readonly style: Style;
}

/** A line, from left to right. */
export type StyledLine = readonly Part[];

/** What begins each style, and what ends it (ECMA-48, SGR). */
const CODES: Readonly<Record<Style, string>> = {
  plain: "",
  title: "\x1b[1m",
  good: "\x1b[32m",
  bad: "\x1b[1;31m",
  dim: "\x1b[2m",
  chosen: "\x1b[7m",
};
const PLAIN = "\x1b[0m";

/** A line of one part. */
export function line(text: string, style: Style = "plain"): StyledLine {
  return [{ text, style }];
}

/** The text alone. */
export function textOf(line: StyledLine): string {
  return line.map(({ text }) => text).join("");
}

/**
 * Cuts text to columns, of which Chinese characters take two.
 *
 * @example
 * ```ts
 * import { cut } from "./styled_line.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(cut("abcdef", 4), "abc~");
 * assertEquals(cut("天地玄黃", 4), "天~");
 * assertEquals(cut("abc", 4), "abc");
 * ```
 */
export function cut(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text;
  let kept = "";
  let width = 0;
  for (const character of text) {
    width += textWidth(character);
    if (width >= columns) break;
    kept += character;
  }
  return columns > 0 ? `${kept}~` : "";
}

/** Text with blanks to fill `columns`, cut where it is too long. */
export function padded(text: string, columns: number, isRight = false): string {
  const fitting = cut(text, columns);
  const blanks = " ".repeat(columns - textWidth(fitting));
  return isRight ? blanks + fitting : fitting + blanks;
}

/** The bytes of a line of at most `columns`, with colours where the terminal has them. */
export function painted(line: StyledLine, columns: number, hasColors: boolean): string {
  let left = columns;
  return line.map(({ text, style }) => {
    const fitting = cut(text, left);
    left -= textWidth(fitting);
    const code = hasColors && fitting !== "" ? CODES[style] : "";
    return code === "" ? fitting : `${code}${fitting}${PLAIN}`;
  }).join("");
}
