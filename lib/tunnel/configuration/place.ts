/**
 * Places in the text of a configuration, and what is wrong there.
 *
 * @module
 */

/** A place in a text, as editors count: the first character is line 1, column 1. */
export interface Place {
  /** The line. */
  readonly line: number;
  /** The column, in characters. */
  readonly column: number;
}

/** Something wrong at a place; its message is a sentence that says what to change. */
export class PlacedError extends Error {
  /** Where. */
  readonly place: Place;

  /** Makes the error of `sentence` at `place`. */
  constructor(place: Place, sentence: string, options?: ErrorOptions) {
    super(sentence, options);
    this.name = "PlacedError";
    this.place = place;
  }
}

/**
 * Tells the place of an offset in a text.
 *
 * @returns The place of the character at `offset` (UTF-16, as JavaScript counts).
 *
 * @example
 * ```ts
 * import { placesIn } from "./place.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(placesIn("a = 1\nb = 2")(8), { line: 2, column: 3 });
 * ```
 */
export function placesIn(text: string): (offset: number) => Place {
  const starts = [0, ...Array.from(text.matchAll(/\n/g), ({ index }) => index + 1)];
  return (offset) => {
    const after = starts.findIndex((start) => start > offset);
    const line = after === -1 ? starts.length : after;
    return { line, column: Array.from(text.slice(starts[line - 1], offset)).length + 1 };
  };
}
