/**
 * What came out of a decoder, in a form that does not show where its input was cut.
 *
 * @module
 */
import { check, hex } from "./target.ts";

/** Marks and bytes behind one another. */
export class Journal {
  #bytes = new Uint8Array(1024);
  #length = 0;

  /** Something happened, with numbers of up to 32 bits. */
  mark(name: string, ...numbers: number[]): void {
    this.#put(0xff, name.charCodeAt(0));
    for (const number of numbers) this.#put(number >>> 24, number >>> 16, number >>> 8, number);
  }

  /** Data: its pieces are not told apart. A byte of 255 is doubled, so that no data looks like a mark. */
  data(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (byte === 0xff) this.#put(0xff, 0xff);
      else this.#put(byte);
    }
  }

  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Throws unless `other` tells the same. */
  assertSame(other: Journal, what: string): void {
    const [one, two] = [this.bytes, other.bytes];
    const isSame = one.length === two.length && one.every((byte, at) => byte === two[at]);
    const at = one.findIndex((byte, index) => byte !== two[index]);
    const from = Math.max(0, at - 100);
    check(
      isSame,
      () => `${what}, from ${from} on:\n  due ${hex(one.subarray(from))}\n  got ${hex(two.subarray(from))}`,
    );
  }

  #put(...bytes: number[]): void {
    if (this.#length + bytes.length > this.#bytes.length) {
      const larger = new Uint8Array(this.#bytes.length * 2);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    for (const byte of bytes) this.#bytes[this.#length++] = byte;
  }
}
