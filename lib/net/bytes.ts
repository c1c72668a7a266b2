/**
 * Numbers in bytes, big-endian, as all of the protocol has them. To join bytes and to write them in hexadecimal digits,
 * take `@std/bytes/concat` and `@std/encoding/hex`.
 *
 * @module
 */
import { TeleError } from "./error.ts";

/** Writes the lowest 16 bits of a whole number as `u16`. */
export function writeU16(into: Uint8Array, at: number, value: number): void {
  into[at] = value >>> 8;
  into[at + 1] = value;
}

/** Reads a `u16`. */
export function readU16(from: Uint8Array, at: number): number {
  return from[at] << 8 | from[at + 1];
}

/** Writes the lowest 32 bits of a whole number as `u32`. */
export function writeU32(into: Uint8Array, at: number, value: number): void {
  into[at] = value >>> 24;
  into[at + 1] = value >>> 16;
  into[at + 2] = value >>> 8;
  into[at + 3] = value;
}

/** Reads a `u32`. */
export function readU32(from: Uint8Array, at: number): number {
  return (from[at] << 24 | from[at + 1] << 16 | from[at + 2] << 8 | from[at + 3]) >>> 0;
}

/** Writes a whole number below 2^53 as `u64`. */
export function writeU64(into: Uint8Array, at: number, value: number): void {
  writeU32(into, at, Math.floor(value / 0x1_0000_0000));
  writeU32(into, at + 4, value >>> 0);
}

/**
 * Reads a `u64`.
 *
 * @throws {TeleError} `protocol` if it is 2^53 or more, which no honest count reaches.
 */
export function readU64(from: Uint8Array, at: number): number {
  const value = readU32(from, at) * 0x1_0000_0000 + readU32(from, at + 4);
  if (!Number.isSafeInteger(value)) throw new TeleError("protocol", "a count is larger than 2^53");
  return value;
}

/**
 * Writes numbers and bytes behind one another.
 *
 * @example
 * ```ts
 * import { ByteWriter } from "./bytes.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new ByteWriter().u8(1).u16(258).bytes(new Uint8Array([7])).done(), new Uint8Array([1, 1, 2, 7]));
 * ```
 */
export class ByteWriter {
  #bytes = new Uint8Array(512);
  #at = 0;

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#at + bytes));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }

  /** A byte. */
  u8(value: number): this {
    this.#room(1);
    this.#bytes[this.#at++] = value;
    return this;
  }

  /** A number of 16 bits. */
  u16(value: number): this {
    this.#room(2);
    writeU16(this.#bytes, this.#at, value);
    this.#at += 2;
    return this;
  }

  /** A number of 32 bits. */
  u32(value: number): this {
    this.#room(4);
    writeU32(this.#bytes, this.#at, value);
    this.#at += 4;
    return this;
  }

  /** A whole number below 2^53, as 64 bits. */
  u64(value: number): this {
    this.#room(8);
    writeU64(this.#bytes, this.#at, value);
    this.#at += 8;
    return this;
  }

  /** Bytes as they are. */
  bytes(value: Uint8Array): this {
    this.#room(value.length);
    this.#bytes.set(value, this.#at);
    this.#at += value.length;
    return this;
  }

  /** All that was written. */
  done(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#at);
  }
}

/**
 * Reads what {@linkcode ByteWriter} wrote. A lack of bytes is a `protocol` error, and so is one too many.
 *
 * @example
 * ```ts
 * import { ByteReader } from "./bytes.ts";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const reader = new ByteReader(new Uint8Array([1, 1, 2]), "greeting");
 * assertEquals([reader.u8(), reader.u16()], [1, 258]);
 * assertThrows(() => reader.u8(), Error, "the greeting is too short");
 * ```
 */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #what: string;
  #at = 0;

  /** Reads `bytes`, which sentences call `what`. */
  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = bytes;
    this.#what = what;
  }

  /** Goes on behind the next `count` bytes. Returns where they begin. */
  #pass(count: number): number {
    const at = this.#at;
    if (at + count > this.#bytes.length) throw new TeleError("protocol", `the ${this.#what} is too short`);
    this.#at += count;
    return at;
  }

  /** The next `count` bytes. */
  bytes(count: number): Uint8Array {
    const at = this.#pass(count);
    return this.#bytes.slice(at, at + count);
  }

  /** A byte. */
  u8(): number {
    return this.#bytes[this.#pass(1)];
  }

  /** A number of 16 bits. */
  u16(): number {
    return readU16(this.#bytes, this.#pass(2));
  }

  /** A number of 32 bits. */
  u32(): number {
    return readU32(this.#bytes, this.#pass(4));
  }

  /** A whole number below 2^53, as 64 bits. */
  u64(): number {
    return readU64(this.#bytes, this.#pass(8));
  }

  /** All that is left. */
  rest(): Uint8Array {
    return this.bytes(this.#bytes.length - this.#at);
  }

  /** Hands on what was read, if nothing is left: what nobody reads would be proven and mean nothing (invariant 4). */
  end<Message>(message: Message): Message {
    const left = this.#bytes.length - this.#at;
    if (left > 0) throw new TeleError("protocol", `the ${this.#what} has ${left} bytes behind its end`);
    return message;
  }
}
