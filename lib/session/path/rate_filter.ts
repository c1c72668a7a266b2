/**
 * The delivery rate of a path: the highest of some round trips.
 *
 * @module
 */

/** The rate is the highest of this many round trips. */
const ROUNDS = 10;
/** What the newest sample counts in the average. */
const NEWEST = 1 / 8;

/**
 * Keeps the highest rate of each of the last ten round trips in which the sender was not limited by its data.
 *
 * @example
 * ```ts
 * import { RateFilter } from "./rate_filter.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const rates = new RateFilter();
 * rates.add(100, false);
 * rates.add(80, false);
 * assertEquals([rates.rate, rates.averageRate], [100, 97.5]);
 * ```
 */
export class RateFilter {
  readonly #highest = new Float64Array(ROUNDS);
  #slot = 0;
  #isFilled = false;
  #rate = 0;
  #latest = 0;
  #average = 0;

  /** Bytes per millisecond; 0 if unknown. */
  get rate(): number {
    return this.#rate;
  }

  /** The average of samples that the bound or the path limited, newer ones more; 0 if there was none. */
  get averageRate(): number {
    return this.#average;
  }

  /** Whether there was a sample that the bound or the path limited: until then the rate may be any higher one. */
  get isFound(): boolean {
    return this.#average > 0;
  }

  /** Takes a sample. One that the sender limited may raise the rate, never lower it. */
  add(bytesPerMs: number, isLimited: boolean): void {
    if (isLimited && bytesPerMs <= this.#rate) return;
    if (!isLimited) {
      this.#latest = bytesPerMs;
      this.#average += (bytesPerMs - this.#average) * (this.#average === 0 ? 1 : NEWEST);
      this.#isFilled = true;
    }
    this.#highest[this.#slot] = Math.max(this.#highest[this.#slot], bytesPerMs);
    this.#rate = Math.max(this.#rate, bytesPerMs);
  }

  /**
   * A round trip is over.
   *
   * @returns Whether it counts: one without data to send says nothing, so no rate is forgotten.
   */
  nextRound(): boolean {
    if (!this.#isFilled) return false;
    this.#isFilled = false;
    this.#slot = (this.#slot + 1) % ROUNDS;
    this.#highest[this.#slot] = 0;
    this.#rate = Math.max(...this.#highest);
    return true;
  }

  /** Only the latest sample counts any more: it follows a falling rate at once. */
  forget(): void {
    this.#highest.fill(0);
    this.#highest[this.#slot] = this.#rate = this.#latest;
  }
}
