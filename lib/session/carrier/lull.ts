/**
 * A time in which something does not come that is waited for.
 *
 * @module
 */

/**
 * Measures how long a lull is, and the longest queue that it may have been behind.
 *
 * A pure core. What is waited for stands in the queue as it was, and that empties meanwhile: of 20 s in front of it 5 are
 * left when 15 have passed. So not what is left counts, but the most there was in this lull (invariant 7).
 *
 * @example
 * ```ts
 * import { Lull } from "./lull.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const lull = new Lull();
 * for (let leftMs = 20_000; leftMs >= 5_000; leftMs -= 1_000) lull.passed(1_000, leftMs);
 * assertEquals([lull.ms, lull.behindMs], [16_000, 20_000]);
 * lull.end();
 * assertEquals([lull.ms, lull.behindMs], [0, 0]);
 * ```
 */
export class Lull {
  #ms = 0;
  #behindMs = 0;

  /** For how long nothing has come, in milliseconds. */
  get ms(): number {
    return this.#ms;
  }

  /** The longest that the queue in front of it needed, in milliseconds; 0 if unknown. */
  get behindMs(): number {
    return this.#behindMs;
  }

  /** Time passed in which the process ran, and the queue needs so long still; in milliseconds. */
  passed(ms: number, queueMs: number): void {
    this.#ms += ms;
    this.#behindMs = Math.max(this.#behindMs, queueMs);
  }

  /** It came. */
  end(): void {
    this.#ms = this.#behindMs = 0;
  }
}
