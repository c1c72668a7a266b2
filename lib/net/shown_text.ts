/**
 * Text that others wrote, made harmless for a log and a terminal.
 *
 * @module
 */

/**
 * Characters that a terminal or a log viewer obeys instead of showing: control characters (C0, DEL, C1), line and
 * paragraph separators, and marks of text direction. A message can quote a peer's bytes, and those must not end a line,
 * forge another, or steer the terminal.
 */
// deno-lint-ignore no-control-regex
const UNSHOWN = /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/**
 * Makes one harmless line of any text: what a terminal would obey becomes `\uXXXX`, as JSON writes it.
 *
 * @example
 * ```ts
 * import { escapeUnshown } from "./shown_text.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(escapeUnshown("two\nlines"), "two\\u000alines");
 * ```
 */
export function escapeUnshown(text: string): string {
  return text.replace(UNSHOWN, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/**
 * The same for words of somebody who need not be trusted: shortened too, to `mostCharacters`.
 *
 * @example
 * ```ts
 * import { shortenShown } from "./shown_text.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(shortenShown("a\u001b[2Jscreen", 8), "a\\u001b[…");
 * ```
 */
export function shortenShown(text: string, mostCharacters: number): string {
  // No more than is kept: it may be megabytes, each byte of which would become six.
  const harmless = escapeUnshown(text.slice(0, mostCharacters + 1));
  return harmless.length > mostCharacters ? `${harmless.slice(0, mostCharacters)}…` : harmless;
}
