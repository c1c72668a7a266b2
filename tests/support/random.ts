/**
 * Random numbers and data that a seed repeats.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";

/** A xorshift32 generator: fast and repeatable; not for secrets. */
export class Random {
  #state: number;

  constructor(seed: number) {
    // The multiplication spreads small seeds; a state of zero would stay zero.
    this.#state = Math.imul(seed | 0, 0x9e3779b1) ^ 0x6d2b79f5 || 1;
    for (let i = 0; i < 8; i++) this.next32();
  }

  /** The next whole number of 32 bits. */
  next32(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return x >>> 0;
  }

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + this.next32() % (high - low + 1);
  }

  /** `true` with the given probability. */
  chance(probability: number): boolean {
    return this.next32() < probability * 2 ** 32;
  }

  /** Fills `words` with random bits. */
  fill(words: Uint32Array): void {
    let x = this.#state;
    for (let i = 0; i < words.length; i++) {
      x ^= x << 13;
      x ^= x >>> 17;
      x ^= x << 5;
      words[i] = x;
    }
    this.#state = x;
  }
}

/** Generated data that does not repeat, in blocks, with the hash of what was taken so far. */
export class SeededData {
  readonly #random: Random;
  readonly #words: Uint32Array<ArrayBuffer>;
  readonly #block: Uint8Array<ArrayBuffer>;
  readonly #hash = createHash("sha256");
  #left: number;

  /** Data of `bytes` bytes, the same for the same `seed`. */
  constructor(bytes: number, seed: number, blockBytes = 64 * 1024) {
    this.#random = new Random(seed);
    this.#words = new Uint32Array(blockBytes / 4);
    this.#block = new Uint8Array(this.#words.buffer);
    this.#left = bytes;
  }

  /** The next block, valid until the next call; `undefined` at the end. */
  next(): Uint8Array<ArrayBuffer> | undefined {
    if (this.#left === 0) return undefined;
    this.#random.fill(this.#words);
    const block = this.#block.subarray(0, Math.min(this.#left, this.#block.length));
    this.#left -= block.length;
    this.#hash.update(viewOf(block));
    return block;
  }

  /** SHA-256 of all blocks, in hexadecimal; once, at the end. */
  sha256(): string {
    return this.#hash.digest("hex");
  }
}

/** SHA-256 of `bytes` in hexadecimal. */
export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(viewOf(bytes)).digest("hex");
}

/** The same memory as a `Buffer`, which `node:crypto` takes without a copy. */
export function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** All of a {@linkcode SeededData} at once. */
export function generated(bytes: number, seed: number): Uint8Array {
  const whole = new Uint8Array(bytes);
  const source = new SeededData(bytes, seed);
  let at = 0;
  for (let block = source.next(); block; block = source.next()) {
    whole.set(block, at);
    at += block.length;
  }
  return whole;
}
