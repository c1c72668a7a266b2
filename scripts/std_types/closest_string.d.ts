/** Types of `@std/text/closest-string`: see the note in `README.md` of this folder. */

/** Options of {@linkcode closestString}. */
export interface ClosestStringOptions {
  /**
   * Whether case counts.
   *
   * @default {false}
   */
  caseSensitive?: boolean;
  /** The distance of two words; by default Levenshtein's. */
  compareFn?: (a: string, b: string) => number;
}

/** The possible word that is nearest to the given one. Throws a `TypeError` when there is none. */
export function closestString(
  givenWord: string,
  possibleWords: readonly string[],
  options?: ClosestStringOptions,
): string;
