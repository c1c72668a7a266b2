/**
 * How many columns of a terminal text takes.
 *
 * @module
 */

/** Marks on the character in front of them, and what joins characters: they take no column (UAX #44, UTS #51). */
const NARROW = /^[\p{Mn}\p{Me}\p{Cf}\p{Variation_Selector}]$/u;

/** Two columns: the scripts and forms that UAX #11 calls wide, and pictures. */
const WIDE =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u3000-\u303e\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6]$/u;

/** Katakana and Hangul in half the width. */
const HALF = /^[\uff61-\uffdc]$/u;

/**
 * The columns of a text without control characters. A terminal may draw some pictures of several characters narrower;
 * none is drawn wider.
 *
 * @example
 * ```ts
 * import { textWidth } from "./text_width.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(["abc", "天地", "e\u0301", "ｱ"].map(textWidth), [3, 4, 1, 1]);
 * ```
 */
export function textWidth(text: string): number {
  // Nearly all of it is ASCII, a column each.
  if (/^[ -~]*$/.test(text)) return text.length;
  return Array.from(text, widthOf).reduce((sum, width) => sum + width, 0);
}

function widthOf(character: string): number {
  if (NARROW.test(character)) return 0;
  return WIDE.test(character) && !HALF.test(character) ? 2 : 1;
}
