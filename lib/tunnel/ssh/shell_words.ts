/**
 * Words for a shell that is not known.
 *
 * @module
 */

/** What no shell obeys. */
const HARMLESS = /^[\w@+:,./=-]+$/;

/**
 * Quotes a word so that every shell takes it as it is: those of POSIX, fish and csh. It must have no line end, which
 * csh takes in no quotes.
 *
 * @example
 * ```ts
 * import { quoteWord } from "./shell_words.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(["/opt/tele", "it's", ""].map(quoteWord), ["/opt/tele", `'it'\\''s'`, "''"]);
 * ```
 */
export function quoteWord(word: string): string {
  return HARMLESS.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** A command of such words. */
export function quoteWords(words: readonly string[]): string {
  return words.map(quoteWord).join(" ");
}
