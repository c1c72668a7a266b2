/**
 * How often something took how long.
 *
 * @module
 */
import type { Sample } from "./exposition.ts";

/**
 * Counts durations in buckets, as Prometheus adds them up.
 *
 * @example
 * ```ts
 * import { Histogram } from "./histogram.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const histogram = new Histogram([1, 10]);
 * histogram.observe(0.5);
 * histogram.observe(70);
 * assertEquals(histogram.samples({}).map(({ suffix, value }) => [suffix, value]), [
 *   ["_bucket", 1],
 *   ["_bucket", 1],
 *   ["_bucket", 2],
 *   ["_sum", 70.5],
 *   ["_count", 2],
 * ]);
 * ```
 */
export class Histogram {
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;

  /** Nothing was observed; `bounds` are the highest values of the buckets, in seconds, the lowest first. */
  constructor(bounds: readonly number[]) {
    this.#bounds = [...bounds, Infinity];
    this.#counts = this.#bounds.map(() => 0);
  }

  /** It took so many seconds. */
  observe(seconds: number): void {
    const bucket = this.#bounds.findIndex((bound) => seconds <= bound);
    this.#counts[bucket]! += 1;
    this.#sum += seconds;
  }

  /** What there is to tell, with `labels`. */
  samples(labels: Sample["labels"]): Sample[] {
    let count = 0;
    const buckets = this.#bounds.map((bound, at): Sample => {
      count += this.#counts[at]!;
      const le = bound === Infinity ? "+Inf" : String(bound);
      return { suffix: "_bucket", labels: { ...labels, le }, value: count };
    });
    return [...buckets, { suffix: "_sum", labels, value: this.#sum }, { suffix: "_count", labels, value: count }];
  }
}
