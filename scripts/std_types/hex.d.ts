/** Types of `@std/encoding/hex`: see the note in `README.md` of this folder. */

/** Bytes, or the UTF-8 bytes of a string, as lower-case hexadecimal digits. */
export function encodeHex(src: string | Uint8Array | ArrayBuffer): string;

/** The bytes of hexadecimal digits. Throws a `TypeError` on anything else, and on an odd number of digits. */
export function decodeHex(src: string): Uint8Array<ArrayBuffer>;
