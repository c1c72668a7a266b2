/** Types of `@std/bytes/equals`: see the note in `README.md` of this folder. */

/** Whether both hold the same bytes. Not in constant time: not for secrets. */
export function equals(a: Uint8Array, b: Uint8Array): boolean;
