/**
 * Where the keys and values of a configuration stand: `@std/toml` tells places of faults of syntax only.
 *
 * @module
 */

import { type Place, PlacedError, placesIn } from "./place.ts";

/** A key and its value. */
export interface LocatedKey {
  /** The key, without quotes. */
  readonly name: string;
  /** Where the key stands. */
  readonly place: Place;
  /** Where its value stands. */
  readonly value: Place;
  /** Where the elements of its value stand, if that is an array. */
  readonly elements: readonly Place[];
}

/** What stands below a header. */
export interface LocatedTable {
  /** Where the header stands; the beginning of the text for what stands above the first. */
  readonly place: Place;
  /** Its keys, in the order of the text. */
  readonly keys: readonly LocatedKey[];
}

/** The tables of a text. */
export interface Located {
  /** What stands above the first header. */
  readonly top: LocatedTable;
  /** The `[[tunnel]]` tables, in the order of the text. */
  readonly tunnels: readonly LocatedTable[];
  /** The first place that is not `key = value`, as far as this reads TOML; what follows is not located. */
  readonly unread: Place | undefined;
}

/** White space, line ends and comments. */
const GAP = /(?:[ \t\r\n]|#[^\n]*)*/y;
const BLANKS = /[ \t]*/y;
const LINE_END = /[ \t]*(?:#[^\n]*)?(?=\r?\n|$)/y;
const HEADER = /\[[^\n#]*\]/y;
const TUNNEL_HEADER = /^\[\[[ \t]*(?:tunnel|"tunnel"|'tunnel')[ \t]*\]\]$/;
/** A key, which may have dots. */
const KEY = /(?:[\w-]+|"[^"\n]*"|'[^'\n]*')(?:[ \t]*\.[ \t]*(?:[\w-]+|"[^"\n]*"|'[^'\n]*'))*/y;
const EQUALS = /[ \t]*=[ \t]*/y;
/** The strings of TOML: of several lines, and of one; with escapes, and without. */
const STRING = /"""(?:\\[^]|"{1,2}(?!")|[^"\\])*"{3,5}|'''(?:'{1,2}(?!')|[^'])*'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*'/y;
/** Numbers, booleans and dates. */
const WORD = /[\w+.:-]+/y;

/**
 * Finds keys and values.
 *
 * @param text A configuration, which need not be good TOML.
 * @throws {PlacedError} For a header that is not `[[tunnel]]`, and a key that stands twice in one table.
 *
 * @example
 * ```ts
 * import { locate } from "./locator.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const { tunnels: [tunnel] } = locate('max = 5\n[[tunnel]]\n  in = ":22"\n');
 * assertEquals(tunnel?.place, { line: 2, column: 1 });
 * assertEquals(tunnel?.keys[0]?.value, { line: 3, column: 8 });
 * ```
 */
export function locate(text: string): Located {
  return new Locator(text).read();
}

/** A table that is being read. */
interface OpenTable extends LocatedTable {
  readonly keys: LocatedKey[];
}

/** Reads a text from its beginning to its end. */
class Locator {
  readonly #text: string;
  readonly #placeOf: (offset: number) => Place;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#placeOf = placesIn(text);
  }

  read(): Located {
    const top: OpenTable = { place: this.#placeOf(0), keys: [] };
    const tunnels: OpenTable[] = [];
    for (this.#take(GAP); this.#at < this.#text.length; this.#take(GAP)) {
      const start = this.#at;
      const isRead = this.#readHeader(tunnels) || this.#readKey(tunnels.at(-1) ?? top);
      if (!isRead || this.#take(LINE_END) === undefined) {
        return { top, tunnels, unread: this.#placeOf(isRead ? this.#at : start) };
      }
    }
    return { top, tunnels, unread: undefined };
  }

  #readHeader(tunnels: OpenTable[]): boolean {
    const place = this.#here();
    const header = this.#take(HEADER);
    if (header === undefined) return false;
    if (!TUNNEL_HEADER.test(header)) {
      throw new PlacedError(place, `${header} is no table here: each tunnel begins with [[tunnel]]`);
    }
    tunnels.push({ place, keys: [] });
    return true;
  }

  #readKey({ keys }: OpenTable): boolean {
    const place = this.#here();
    const key = this.#take(KEY);
    if (key === undefined || this.#take(EQUALS) === undefined) return false;
    const name = /^(["'])([^"']*)\1$/.exec(key)?.[2] ?? key;
    const value = this.#here();
    const elements: Place[] = [];
    if (!this.#readValue(elements)) return false;
    const before = keys.find((other) => other.name === name);
    if (before !== undefined) {
      throw new PlacedError(place, `${name} stands in line ${before.place.line} already: give it once`);
    }
    keys.push({ name, place, value, elements });
    return true;
  }

  #readValue(elements: Place[]): boolean {
    if (this.#text[this.#at] === "[") return this.#readArray(elements);
    return this.#take(STRING) !== undefined || this.#take(WORD) !== undefined;
  }

  /** In an array line ends and comments may stand between elements. */
  #readArray(elements: Place[]): boolean {
    this.#at++;
    for (this.#take(GAP); this.#text[this.#at] !== "]"; this.#take(GAP)) {
      elements.push(this.#here());
      // The elements of an array in an array are no values of an option, so nobody asks for them.
      if (!this.#readValue([])) return false;
      this.#take(GAP);
      if (this.#text[this.#at] === ",") this.#at++;
      else if (this.#text[this.#at] !== "]") return false;
    }
    this.#at++;
    this.#take(BLANKS);
    return true;
  }

  /** Takes what matches at the present place, if anything does. */
  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #here(): Place {
    return this.#placeOf(this.#at);
  }
}
