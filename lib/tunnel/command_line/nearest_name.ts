/**
 * What somebody probably meant who typed a name that there is not.
 *
 * @module
 */
import { levenshteinDistance } from "@std/text/levenshtein-distance";

/** Letters that may differ: beyond, a name is another word, and to propose it would mislead. */
const MOST_CHANGES = 3;

/**
 * The name that was probably meant: one that begins with what was typed, else the nearest by changed letters.
 *
 * @param typed As it was typed, perhaps with dashes in front of it and a value behind it.
 * @param names Those that there are, without dashes; the first wins among equals.
 * @returns `undefined` if more than half of what was typed, or more than three letters, would have to change.
 *
 * @example
 * ```ts
 * import { nearestName } from "./nearest_name.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const names = ["out", "log-level"];
 * assertEquals(["--otu=:22", "LOG", "example.com:22"].map((typed) => nearestName(typed, names)), [
 *   "out",
 *   "log-level",
 *   undefined,
 * ]);
 * ```
 */
export function nearestName(typed: string, names: readonly string[]): string | undefined {
  const [, word = ""] = /^[^a-z\d]*([a-z\d-]*)/.exec(typed.toLowerCase()) ?? [];
  if (word === "") return undefined;
  const longer = names.find((name) => name.startsWith(word));
  if (longer !== undefined) return longer;
  const changes = names.map((name) => levenshteinDistance(word, name));
  const fewest = Math.min(...changes);
  return fewest > Math.min(MOST_CHANGES, Math.ceil(word.length / 2)) ? undefined : names[changes.indexOf(fewest)];
}

/** The end of a sentence about an unknown name: the one that was probably meant, or nothing. */
export function theNearest(typed: string, names: readonly string[], dashes: "" | "--"): string {
  const name = nearestName(typed, names);
  return name === undefined ? "" : `; the nearest is ${dashes}${name}`;
}
