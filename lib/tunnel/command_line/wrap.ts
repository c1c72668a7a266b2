/**
 * Paragraphs → lines.
 *
 * @module
 */

/**
 * The lines of a paragraph, broken between words. A word that is longer than a line has one of its own.
 *
 * @param columns Most characters of a line.
 *
 * @example
 * ```ts
 * import { wrap } from "./wrap.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(wrap("one two three", 8), ["one two", "three"]);
 * ```
 */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line !== "" && longer.length > columns) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  return [...lines, line];
}
