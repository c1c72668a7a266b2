/**
 * Gaps in the streams of a session.
 *
 * @module
 */
import { TeleError } from "../net/error.ts";
import { MOST_GAPS } from "./mux_constants.ts";

/**
 * Counts the gaps that early data leaves in all streams of a session together. A pure core. Source: `PROTOCOL.md`,
 * "Putting together".
 *
 * Invariant 5: each stream has a limit of its own, and many streams would still be many times that.
 *
 * @example
 * ```ts
 * import { GapBudget } from "./gap_budget.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const budget = new GapBudget();
 * budget.open();
 * budget.close(1);
 * assertEquals(budget.gaps, 0);
 * ```
 */
export class GapBudget {
  #gaps = 0;

  /** Gaps that are open. */
  get gaps(): number {
    return this.#gaps;
  }

  /**
   * One more gap.
   *
   * @throws {TeleError} `protocol` if there are {@linkcode MOST_GAPS} already; it is not counted then.
   */
  open(): void {
    if (this.#gaps >= MOST_GAPS) {
      throw new TeleError("protocol", `the peer left more than ${MOST_GAPS} gaps in the streams of its session`);
    }
    this.#gaps++;
  }

  /** `gaps` are closed, or their stream is over. */
  close(gaps: number): void {
    if (gaps > this.#gaps) throw new Error("more gaps were closed than opened");
    this.#gaps -= gaps;
  }
}
