/**
 * Counts by labels, of which there may not be very many.
 *
 * @module
 */
import type { Sample } from "./exposition.ts";

/** Sets of labels that are told apart; further ones count together. */
export const MOST_SERIES = 200;

/** Stands for the values of further ones; no name of a service or a token can be this. */
export const OTHER = "(other)";

/**
 * Adds up numbers by the values of labels. Some values are names that others have a hand in (a token file that changes,
 * certificates): so their number has a bound, which whoever stores metrics needs more than this process.
 *
 * @example
 * ```ts
 * import { LabelledCount } from "./labelled_count.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const count = new LabelledCount(["way"]);
 * count.add(["TCP"]);
 * count.add(["TCP"], 2);
 * assertEquals(count.samples({ tunnel: "a" }), [{ labels: { tunnel: "a", way: "TCP" }, value: 3 }]);
 * ```
 */
export class LabelledCount {
  readonly #names: readonly string[];
  readonly #series: Map<string, { readonly values: readonly string[]; count: number }> = new Map();

  /** Nothing was counted; `names` are those of the labels. */
  constructor(names: readonly string[]) {
    this.#names = names;
  }

  /** Counts `more` of these values. */
  add(values: readonly string[], more = 1): void {
    const series = this.#seriesOf(values) ?? this.#seriesOf(this.#names.map(() => OTHER), true)!;
    series.count += more;
  }

  #seriesOf(values: readonly string[], isAlways = false) {
    const key = JSON.stringify(values);
    const known = this.#series.get(key);
    if (known !== undefined || (!isAlways && this.#series.size >= MOST_SERIES)) return known;
    const series = { values, count: 0 };
    this.#series.set(key, series);
    return series;
  }

  /** The same counts, to be added to. */
  copy(): LabelledCount {
    const copy = new LabelledCount(this.#names);
    for (const { values, count } of this.#series.values()) copy.add(values, count);
    return copy;
  }

  /** What was counted, with `labels` beside the own ones. */
  samples(labels: Sample["labels"]): Sample[] {
    return [...this.#series.values()].map(({ values, count }) => {
      const own = Object.fromEntries(this.#names.map((name, at) => [name, values[at] ?? ""]));
      return { labels: { ...labels, ...own }, value: count };
    });
  }
}
