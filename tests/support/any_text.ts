/**
 * Text of any characters, for property tests.
 *
 * fast-check has it too (`unit: "binary"`), but takes seconds to list all characters of Unicode before the first run.
 *
 * @module
 */
import fc from "fast-check";

/** Surrogates are halves of characters, and no text holds one alone. */
const SURROGATES = { first: 0xd800, count: 0x800 };

const LAST = 0x10ffff - SURROGATES.count;

/** A character; every second one is of the first 256, among which are all that a terminal acts on. */
const CHARACTER = fc.oneof(fc.integer({ min: 0, max: 0xff }), fc.integer({ min: 0, max: LAST })).map((number) =>
  String.fromCodePoint(number < SURROGATES.first ? number : number + SURROGATES.count)
);

/** Any text of at most `maxLength` characters. */
export function anyText(maxLength?: number): fc.Arbitrary<string> {
  return fc.string({ unit: CHARACTER, maxLength });
}
