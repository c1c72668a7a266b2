/**
 * Everything random in a run, from its seed: `Math.random`, and a stand-in for WebCrypto.
 *
 * Real WebCrypto ends on other threads in any order and cannot be seeded. The stand-in is no cryptography at all: keys
 * are hashes of numbers, but two sides agree exactly when real ones would, and a proof holds exactly when the same key
 * made it over the same bytes. Each call ends after its own simulated time, so that proofs overtake one another.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import type { Clock } from "../../lib/net/clock.ts";
import { Random } from "../support/random.ts";

interface FakeKey {
  readonly kind: string;
  readonly bytes: Uint8Array;
}

/** Two 32 bit hashes over all `parts`, stretched to `length` bytes. */
function hash(length: number, ...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  let one = 0x811c9dc5, two = 0x9e3779b9;
  for (const part of parts) {
    for (let at = 0; at < part.length; at++) {
      one = Math.imul(one ^ part[at], 0x01000193);
      two = Math.imul(two + part[at] + (one >>> 13), 0x85ebca6b);
    }
    one = Math.imul(one ^ part.length, 0x01000193);
  }
  const out = new Uint8Array(length);
  for (let at = 0; at < length; at++) {
    one = Math.imul(one ^ (two >>> 15), 0x2c1b3c6d) + at | 0;
    two = Math.imul(two ^ (one >>> 12), 0x297a2d39);
    out[at] = (one ^ two) >>> 24;
  }
  return out;
}

function bytesOf(data: BufferSource): Uint8Array {
  return data instanceof Uint8Array ? data : new Uint8Array(data as ArrayBuffer);
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

/** The order in which bytes of the same length sort. */
function sorted(one: Uint8Array, other: Uint8Array): [Uint8Array, Uint8Array] {
  const at = one.findIndex((byte, index) => byte !== other[index]);
  return at === -1 || one[at] < other[at] ? [one, other] : [other, one];
}

/** Bytes that AES-GCM adds. */
const TAG_BYTES = 16;

/** Of a call of AES-GCM: what all of it depends on. */
interface GcmParams {
  iv: BufferSource;
  additionalData: BufferSource;
}

/** The parts of `SubtleCrypto` that `lib/session` uses. */
class FakeSubtle {
  readonly #random: Random;
  readonly #clock: Clock;
  readonly #longestMs: () => number;

  constructor(random: Random, clock: Clock, longestMs: () => number) {
    this.#random = random;
    this.#clock = clock;
    this.#longestMs = longestMs;
  }

  #later<Value>(value: Value): Promise<Value> {
    // Now and then a call takes much longer, so that later ones overtake it.
    const longestMs = this.#longestMs() * (this.#random.chance(0.1) ? 6 : 1);
    const delayMs = longestMs * this.#random.next32() / 2 ** 32;
    return new Promise((resolve) => void this.#clock.setTimer(() => resolve(value), delayMs));
  }

  #fresh(): Uint8Array {
    const words = new Uint32Array(8);
    this.#random.fill(words);
    return new Uint8Array(words.buffer);
  }

  generateKey(algorithm: { name: string }): Promise<{ privateKey: FakeKey; publicKey: FakeKey }> {
    const key = { kind: algorithm.name, bytes: this.#fresh() };
    return this.#later({ privateKey: key, publicKey: key });
  }

  exportKey(_format: string, key: FakeKey): Promise<ArrayBuffer> {
    return this.#later(key.bytes.slice().buffer as ArrayBuffer);
  }

  importKey(_format: string, bytes: BufferSource, algorithm: string | { name: string }): Promise<FakeKey> {
    const kind = typeof algorithm === "string" ? algorithm : algorithm.name;
    return this.#later({ kind, bytes: bytesOf(bytes).slice() });
  }

  deriveBits(
    algorithm: { name: string; public?: FakeKey; salt?: BufferSource; info?: BufferSource },
    key: FakeKey,
  ): Promise<ArrayBuffer> {
    if (algorithm.public !== undefined) {
      return this.#later(hash(32, ...sorted(key.bytes, algorithm.public.bytes)).buffer);
    }
    return this.#later(hash(32, bytesOf(algorithm.salt!), bytesOf(algorithm.info!), key.bytes).buffer);
  }

  digest(_algorithm: string, data: BufferSource): Promise<ArrayBuffer> {
    return this.#later(hash(32, bytesOf(data)).buffer);
  }

  sign(algorithm: string, key: FakeKey, data: BufferSource): Promise<ArrayBuffer> {
    return this.#later(hash(algorithm === "HMAC" ? 32 : 64, key.bytes, bytesOf(data)).buffer);
  }

  verify(algorithm: string, key: FakeKey, proof: BufferSource, data: BufferSource): Promise<boolean> {
    const [given, due] = [bytesOf(proof), hash(algorithm === "HMAC" ? 32 : 64, key.bytes, bytesOf(data))];
    return this.#later(isSame(given, due));
  }

  encrypt(params: GcmParams, key: FakeKey, data: BufferSource): Promise<ArrayBuffer> {
    return this.#later(sealed(key, params, bytesOf(data)).buffer);
  }

  async decrypt(params: GcmParams, key: FakeKey, data: BufferSource): Promise<ArrayBuffer> {
    const content = bytesOf(data).slice(0, -TAG_BYTES);
    const holds = await this.#later(isSame(bytesOf(data), sealed(key, params, content)));
    if (!holds) throw new DOMException("the tag does not fit", "OperationError");
    return content.buffer;
  }
}

/** As long as AES-GCM's, and as hard to forge as the rest. Hides nothing. */
function sealed(key: FakeKey, { iv, additionalData }: GcmParams, content: Uint8Array): Uint8Array<ArrayBuffer> {
  return concat([content, hash(TAG_BYTES, key.bytes, bytesOf(iv), bytesOf(additionalData), content)]);
}

/** Makes all that is random repeatable until the returned function is called. */
export function takeChance(seed: number, clock: Clock, longestCryptoMs: () => number): () => void {
  const random = new Random(seed ^ 0x5eed);
  const subtle = new FakeSubtle(new Random(seed ^ 0xc0ffee), clock, longestCryptoMs);
  const mathRandom = Math.random;
  Math.random = () => random.next32() / 2 ** 32;
  const getRandomValues = (into: Uint8Array) => {
    for (let at = 0; at < into.length; at++) into[at] = random.next32() >>> 24;
    return into;
  };
  Object.defineProperty(crypto, "subtle", { value: subtle, configurable: true });
  Object.defineProperty(crypto, "getRandomValues", { value: getRandomValues, configurable: true });
  return () => {
    Math.random = mathRandom;
    delete (crypto as { subtle?: unknown }).subtle;
    delete (crypto as { getRandomValues?: unknown }).getRandomValues;
  };
}
