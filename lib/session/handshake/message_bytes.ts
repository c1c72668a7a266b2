/**
 * Numbers and bytes of the handshake messages, one behind the other. All numbers are big-endian.
 *
 * @module
 */
import { TeleError } from "../../net/error.ts";

/** Writes numbers and bytes behind one another. */
export class MessageWriter {
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
    return this.u8(value >>> 8).u8(value);
  }

  /** A number of 32 bits. */
  u32(value: number): this {
    return this.u16(value >>> 16).u16(value);
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

/** Reads what {@linkcode MessageWriter} wrote. A lack of bytes is a `protocol` error, and so is one too many. */
export class MessageReader {
  readonly #bytes: Uint8Array;
  readonly #what: string;
  #at = 0;

  /** Reads `bytes`, which sentences call `what`. */
  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = bytes;
    this.#what = what;
  }

  /** The next `count` bytes. */
  bytes(count: number): Uint8Array {
    if (this.#at + count > this.#bytes.length) throw new TeleError("protocol", `the ${this.#what} is too short`);
    return this.#bytes.slice(this.#at, this.#at += count);
  }

  /** A byte. */
  u8(): number {
    return this.bytes(1)[0]!;
  }

  /** A number of 16 bits. */
  u16(): number {
    return this.u8() << 8 | this.u8();
  }

  /** A number of 32 bits. */
  u32(): number {
    return this.u16() * 0x1_0000 + this.u16();
  }

  /** A whole number below 2^53, as 64 bits. */
  u64(): number {
    return readU64(this.bytes(8), 0);
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

/** Writes a whole number below 2^53 as `u64`. */
export function writeU64(into: Uint8Array, at: number, value: number): void {
  const high = Math.floor(value / 0x1_0000_0000);
  const low = value >>> 0;
  into[at] = high >>> 24;
  into[at + 1] = high >>> 16;
  into[at + 2] = high >>> 8;
  into[at + 3] = high;
  into[at + 4] = low >>> 24;
  into[at + 5] = low >>> 16;
  into[at + 6] = low >>> 8;
  into[at + 7] = low;
}

/**
 * Reads a `u64`.
 *
 * @throws {TeleError} `protocol` if it is 2^53 or more, which no honest count reaches.
 */
export function readU64(from: Uint8Array, at: number): number {
  const high = from[at]! * 0x100_0000 + (from[at + 1]! << 16 | from[at + 2]! << 8 | from[at + 3]!);
  const low = from[at + 4]! * 0x100_0000 + (from[at + 5]! << 16 | from[at + 6]! << 8 | from[at + 7]!);
  const value = high * 0x1_0000_0000 + low;
  if (!Number.isSafeInteger(value)) throw new TeleError("protocol", "a count is larger than 2^53");
  return value;
}
