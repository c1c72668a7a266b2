/**
 * How much in flight is enough for the rate that a path delivers.
 *
 * @module
 */

/** A rate that is higher by this factor is a new one, and what was in flight then was needed for it. */
const MORE = 1.1;
/** A rate of less than this share of the highest is that of another path. */
const LESS = 0.5;
/** The highest rate counts less by this factor with each step that does not reach it. */
const FADING = 0.97;

/**
 * Keeps what was in flight when about the highest rate of late was delivered. With more the carriers only hold it back
 * themselves, which is no queue that a probe finds, until they all let go of it.
 *
 * A pure core.
 *
 * @example
 * ```ts
 * import { Enough } from "./enough.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const enough = new Enough();
 * enough.add(1_000, 50_000);
 * enough.add(2_500, 125_000);
 * enough.add(2_500, 200_000);
 * assertEquals(enough.bytes, 125_000);
 * ```
 */
export class Enough {
  #bytesPerMs = 0;
  #bytes = Infinity;

  /** In bytes; `Infinity` as long as nothing was delivered. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A step delivered this much, in bytes per millisecond, with so many bytes in flight. */
  add(bytesPerMs: number, inFlight: number): void {
    if (bytesPerMs > MORE * this.#bytesPerMs || bytesPerMs < LESS * this.#bytesPerMs) {
      this.#bytesPerMs = bytesPerMs;
      this.#bytes = bytesPerMs > 0 ? inFlight : Infinity;
    } else if (bytesPerMs * MORE > this.#bytesPerMs) this.#bytes = Math.min(this.#bytes, inFlight);
    else this.#bytesPerMs *= FADING;
  }
}
