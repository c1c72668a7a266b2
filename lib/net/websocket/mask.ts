/**
 * The mask that hides from middle boxes what a client sends (RFC 6455, 5.3).
 *
 * @module
 */

/** Bytes of a masking key. */
export const MASK_BYTES = 4;

/** From how many bytes on whole words are worth a view of their own. */
const WORTH_WORDS_BYTES = 128;

/**
 * Masks `bytes` where they are; the same call unmasks them.
 *
 * @param key {@linkcode MASK_BYTES} bytes.
 * @param position Where in the frame's payload `bytes` begin.
 *
 * @example
 * ```ts
 * import { mask } from "./mask.ts";
 * import { assertEquals } from "@std/assert";
 *
 * // "Hello" in RFC 6455, 5.7.
 * const bytes = new Uint8Array([0x7f, 0x9f, 0x4d, 0x51, 0x58]);
 * mask(bytes, new Uint8Array([0x37, 0xfa, 0x21, 0x3d]), 0);
 * assertEquals(new TextDecoder().decode(bytes), "Hello");
 * ```
 */
export function mask(bytes: Uint8Array, key: Uint8Array, position: number): void {
  let at = 0;
  if (bytes.length >= WORTH_WORDS_BYTES) {
    const unaligned = -bytes.byteOffset & 3;
    for (; at < unaligned; at++) bytes[at]! ^= key[(position + at) & 3]!;
    at += maskWords(new Uint32Array(bytes.buffer, bytes.byteOffset + at, (bytes.length - at) >> 2), key, position + at);
  }
  for (; at < bytes.length; at++) bytes[at]! ^= key[(position + at) & 3]!;
}

/** Returns how many bytes the words have. */
function maskWords(words: Uint32Array, key: Uint8Array, position: number): number {
  const turned = Uint8Array.from({ length: MASK_BYTES }, (_, at) => key[(position + at) & 3]!);
  const [word] = new Uint32Array(turned.buffer);
  for (let at = 0; at < words.length; at++) words[at]! ^= word!;
  return words.byteLength;
}
