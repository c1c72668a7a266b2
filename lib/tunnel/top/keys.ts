/**
 * What somebody types.
 *
 * @module
 */

/** What a key asks for. */
export type Key = "end" | "up" | "down" | "page-up" | "page-down" | "first" | "last";

/** Characters that are a key each; 3 is Ctrl-C, which a terminal in raw mode makes no signal of. */
const CHARACTERS: Readonly<Record<string, Key>> = { "q": "end", "Q": "end", "\x03": "end", "k": "up", "j": "down" };

/** Keys that a terminal tells by several characters, behind the escape (xterm's control sequences, and the VT220's). */
const SEQUENCES: Readonly<Record<string, Key>> = {
  "[A": "up",
  "OA": "up",
  "[B": "down",
  "OB": "down",
  "[5~": "page-up",
  "[6~": "page-down",
  "[H": "first",
  "OH": "first",
  "[1~": "first",
  "[F": "last",
  "OF": "last",
  "[4~": "last",
};

/** One key at the start of what was typed: a sequence, the beginning of one, or a character. */
// deno-lint-ignore no-control-regex
const NEXT = /^(?:\x1b([[O][0-9;]{0,16}[A-Za-z~])|(\x1b(?:[[O][0-9;]{0,16})?)$|([^]))/u;

/**
 * Makes keys of bytes; a key may come in two pieces.
 *
 * @example
 * ```ts
 * import { KeyReader } from "./keys.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const keys = new KeyReader();
 * assertEquals(keys.read(new TextEncoder().encode("\x1b[B?\x1b[")), ["down"]);
 * assertEquals(keys.read(new TextEncoder().encode("Aq")), ["up", "end"]);
 * ```
 */
export class KeyReader {
  readonly #decoder = new TextDecoder();
  #rest = "";

  /** The keys that are whole with these bytes. Those that ask for nothing are left out. */
  read(bytes: Uint8Array): Key[] {
    const found: Key[] = [];
    let text = this.#rest + this.#decoder.decode(bytes, { stream: true });
    for (let match = NEXT.exec(text); match !== null; match = NEXT.exec(text)) {
      const [whole, sequence, begun, character] = match;
      if (begun !== undefined) break;
      text = text.slice(whole.length);
      const key = sequence === undefined ? CHARACTERS[character!] : SEQUENCES[sequence];
      if (key !== undefined) found.push(key);
    }
    this.#rest = text;
    return found;
  }
}
