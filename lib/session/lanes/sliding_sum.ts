/**
 * How much came together lately.
 *
 * @module
 */

/** Parts that the span is made of: what is older goes part by part. */
const PARTS = 10;

/**
 * The sum of what was added within the last span of time, to a tenth of it.
 *
 * @example
 * ```ts
 * import { SlidingSum } from "./sliding_sum.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const sum = new SlidingSum(1_000);
 * sum.add(0, 5);
 * sum.add(600, 2);
 * assertEquals([sum.at(999), sum.at(1_000), sum.at(1_600)], [7, 2, 0]);
 * ```
 */
export class SlidingSum {
  readonly #partMs: number;
  readonly #parts = new Float64Array(PARTS);
  #newest = 0;
  #sum = 0;

  /** Nothing was added. The span is given in milliseconds. */
  constructor(spanMs: number) {
    this.#partMs = spanMs / PARTS;
  }

  /** Adds `amount` now. */
  add(nowMs: number, amount: number): void {
    this.#roll(nowMs);
    this.#parts[this.#newest % PARTS] += amount;
    this.#sum += amount;
  }

  /** What was added within the span that ends now. */
  at(nowMs: number): number {
    this.#roll(nowMs);
    return this.#sum;
  }

  #roll(nowMs: number): void {
    const part = Math.floor(nowMs / this.#partMs);
    if (part <= this.#newest) return;
    const passed = Math.min(part - this.#newest, PARTS);
    for (let at = part - passed + 1; at <= part; at++) {
      this.#sum -= this.#parts[at % PARTS];
      this.#parts[at % PARTS] = 0;
    }
    this.#newest = part;
  }
}
