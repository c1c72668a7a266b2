/**
 * An amount of memory that is promised in parts.
 *
 * @module
 */

/**
 * Bytes that holders share, each with a pool of its own inside the common one.
 *
 * Invariant 5: nothing is promised beyond the limit, and whoever takes leaves twice as much to the others as it then
 * holds; so many who take what they can get never keep everything from the next.
 *
 * @example
 * ```ts
 * import { MemoryPool } from "./memory_pool.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const all = new MemoryPool(900);
 * const [one, other] = [new MemoryPool(500, all), new MemoryPool(500, all)];
 * assertEquals([one.take(500), other.take(500)], [300, 200]);
 * one.give(300);
 * assertEquals(all.used, 200);
 * ```
 */
export class MemoryPool {
  #limit: number;
  readonly #parent: MemoryPool | undefined;
  #used = 0;

  /** A pool of `limit` bytes, which count in `parent` too. */
  constructor(limit: number, parent?: MemoryPool) {
    this.#limit = limit;
    this.#parent = parent;
  }

  /** Bytes promised. */
  get used(): number {
    return this.#used;
  }

  /** Bytes not promised; never negative. */
  get free(): number {
    const own = Math.max(0, this.#limit - this.#used);
    return this.#parent === undefined ? own : Math.min(own, this.#parent.shareFor(this.#used));
  }

  /** How much more one may have who holds `held` of it already. */
  shareFor(held: number): number {
    return Math.max(0, Math.floor((this.free - 2 * held) / 3));
  }

  /** Promises up to `bytes`; returns how many. */
  take(bytes: number): number {
    const taken = Math.min(bytes, this.free);
    this.claim(taken);
    return taken;
  }

  /** The limit is another from now on; what is promised stays. */
  resize(limit: number): void {
    this.#limit = limit;
  }

  /** Takes a promise back. */
  give(bytes: number): void {
    this.claim(-bytes);
  }

  /** Promises `bytes` more, whatever the limit says: for what must not fail. */
  claim(bytes: number): void {
    this.#used += bytes;
    this.#parent?.claim(bytes);
  }
}
