/**
 * What users send: every byte of it is known from whose it is and where it stands.
 *
 * @module
 */
import { Random } from "../support/random.ts";

/** A prime, so that no power of two repeats the content. */
const TABLE_BYTES = 65_521;
/** The first bytes of all content say whose it is. */
export const HEADER_BYTES = 4;

/** All content is a part of this, twice, so that any part of one round lies in one piece. */
const table = makeTable();

function makeTable(): Uint8Array {
  const words = new Uint32Array((TABLE_BYTES >> 2) + 1);
  new Random(20_130_101).fill(words);
  const once = new Uint8Array(words.buffer).subarray(0, TABLE_BYTES);
  const twice = new Uint8Array(2 * TABLE_BYTES);
  twice.set(once);
  twice.set(once, TABLE_BYTES);
  return twice;
}

/** Writes the content of `key` from `offset` into `into`. */
export function fillContent(into: Uint8Array, key: number, offset: number): void {
  for (let at = 0; at < into.length;) {
    const start = (offset + at + key * 977) % TABLE_BYTES;
    const bytes = Math.min(into.length - at, TABLE_BYTES);
    into.set(table.subarray(start, start + bytes), at);
    at += bytes;
  }
  for (let at = offset; at < HEADER_BYTES && at - offset < into.length; at++) into[at - offset] = headerByte(key, at);
}

function headerByte(key: number, at: number): number {
  return key >>> (8 * (HEADER_BYTES - 1 - at)) & 0xff;
}

/** Whether `bytes` are the content of `key` from `offset`, which lies behind the header. */
export function isContent(bytes: Uint8Array, from: number, key: number, offset: number): boolean {
  let place = (offset + key * 977) % TABLE_BYTES;
  for (let at = from; at < bytes.length; at++) {
    if (bytes[at] !== table[place]) return false;
    if (++place === TABLE_BYTES) place = 0;
  }
  return true;
}
