/**
 * Makes wrong bytes of right ones, and cuts bytes into pieces.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import { readU32, writeU32 } from "../../lib/net/bytes.ts";
import type { Choices } from "./choices.ts";

/** What is put in the place of a length or a count. */
const BOUNDARIES = [
  0,
  1,
  2047,
  2048,
  2049,
  16 * 1024,
  16 * 1024 + 1,
  256 * 1024,
  256 * 1024 + 1,
  512 * 1024,
  512 * 1024 + 1,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
];

/** A number of 32 bits that code is likely to get wrong. */
export function boundary(choices: Choices): number {
  return choices.pick(BOUNDARIES);
}

/** Where the frames of `wire` begin, as far as it has any. */
function frameStarts(wire: Uint8Array): number[] {
  const starts = [];
  for (let at = 0; at + 4 <= wire.length; at += 4 + readU32(wire, at)) starts.push(at);
  return starts;
}

/** `wire` with one to four things wrong; `other` is what pieces of another stream are taken from. */
export function mangled(choices: Choices, wire: Uint8Array, other: Uint8Array = wire): Uint8Array {
  let bytes = wire.slice();
  for (let left = choices.between(1, 4); left > 0; left--) bytes = mangledOnce(choices, bytes, other);
  return bytes;
}

function mangledOnce(choices: Choices, bytes: Uint8Array, other: Uint8Array): Uint8Array<ArrayBuffer> {
  const at = choices.between(0, bytes.length);
  const end = Math.min(bytes.length, at + choices.upTo(200));
  const [before, behind] = [bytes.subarray(0, at), bytes.subarray(end)];
  switch (choices.between(0, 9)) {
    case 0: // Cut off.
      return before.slice();
    case 1: // Left out.
      return concat([before, behind]);
    case 2: // Twice.
      return concat([bytes.subarray(0, end), bytes.subarray(at)]);
    case 3: { // From elsewhere.
      const from = choices.between(0, other.length);
      return concat([before, other.subarray(from, from + choices.upTo(200)), behind]);
    }
    case 4:
      return concat([before, choices.bytes(choices.upTo(40)), behind]);
    case 5: { // A bit.
      const flipped = bytes.slice();
      if (at < flipped.length) flipped[at]! ^= 1 << choices.between(0, 7);
      return flipped;
    }
    case 6: { // The length of a frame.
      const changed = bytes.slice();
      const starts = frameStarts(changed);
      if (starts.length > 0) writeU32(changed, choices.pick(starts), boundary(choices));
      return changed;
    }
    case 7:
      return resized(choices, bytes);
    case 8: // Something behind the end, or in front of where a proof stands.
      return inserted(choices, bytes, choices.chance(0.5) ? bytes.length : Math.max(0, bytes.length - 32));
    default: { // Any number.
      const changed = bytes.slice();
      if (at + 4 <= changed.length) writeU32(changed, at, boundary(choices));
      return changed;
    }
  }
}

function inserted(choices: Choices, bytes: Uint8Array, at: number): Uint8Array<ArrayBuffer> {
  return concat([bytes.subarray(0, at), choices.bytes(choices.between(1, 40)), bytes.subarray(at)]);
}

/** `wire` with the end of one frame elsewhere: longer, shorter, into the next, or only its length one off. */
function resized(choices: Choices, wire: Uint8Array): Uint8Array<ArrayBuffer> {
  const payloads = frameStarts(wire).map((at) => wire.slice(at + 4, at + 4 + readU32(wire, at)));
  if (payloads.length === 0) return wire.slice();
  const index = choices.between(0, payloads.length - 1);
  const [payload, next] = [payloads[index]!, payloads[index + 1]];
  const cut = Math.max(0, payload.length - choices.between(1, 40));
  let lengthOffBy = 0;
  switch (choices.between(0, 3)) {
    case 0:
      payloads[index] = inserted(choices, payload, choices.chance(0.5) ? payload.length : cut);
      break;
    case 1:
      payloads[index] = payload.subarray(0, cut);
      break;
    case 2:
      payloads[index] = payload.subarray(0, cut);
      if (next !== undefined) payloads[index + 1] = concat([payload.subarray(cut), next]);
      break;
    default:
      lengthOffBy = choices.pick([-1, 1]);
  }
  return concat(payloads.map((bytes, at) => {
    const header = new Uint8Array(4);
    writeU32(header, 0, Math.max(0, bytes.length + (at === index ? lengthOffBy : 0)));
    return concat([header, bytes]);
  }));
}

/** The same bytes in pieces: of one byte, of a few, of many, or whole. */
export function pieces(choices: Choices, bytes: Uint8Array): Uint8Array[] {
  const most = choices.pick([Infinity, 1, 7, 300]);
  if (most === Infinity) return bytes.length > 0 ? [bytes] : [];
  const found = [];
  for (let at = 0; at < bytes.length;) {
    const end = Math.min(bytes.length, at + choices.between(1, most));
    found.push(bytes.subarray(at, end));
    at = end;
  }
  return found;
}
