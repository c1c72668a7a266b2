/** Types of `@std/bytes/concat`: see the note in `README.md` of this folder. */

/** Joins byte arrays into a new one. */
export function concat(buffers: readonly Uint8Array[]): Uint8Array<ArrayBuffer>;
