/**
 * Whether a stream has something waiting all the time.
 *
 * @module
 */
import { BULK_AFTER_MS, QUIET_AFTER_MS, SAME_BACKLOG_MS } from "./mux_constants.ts";

/**
 * Looks at the turns of one stream: it is bulk once something has waited behind its turns for a while, and quiet again
 * after a second without. A pure core.
 *
 * A stream reads ahead one chunk at the most, so for a moment nothing waits in a long transfer either.
 *
 * Source: `PROTOCOL.md`, "Scheduling, lanes and the bound on bytes in flight".
 *
 * @example
 * ```ts
 * import { Backlog } from "./backlog.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const backlog = new Backlog();
 * for (const nowMs of [0, 40, 80, 100]) backlog.waits(nowMs);
 * assertEquals([backlog.isBulk(100), backlog.ageMs(100)], [true, 100]);
 * assertEquals([backlog.isBulk(1_100), backlog.ageMs(1_100)], [false, 0]);
 * ```
 */
export class Backlog {
  #sinceMs = -Infinity;
  #lastMs = -Infinity;
  #isBulk = false;

  /** The stream has had its turn, and something stayed behind. */
  waits(nowMs: number): void {
    this.waited(nowMs, nowMs);
  }

  /** Something has waited all the time from `fromMs` to `toMs`. */
  waited(fromMs: number, toMs: number): void {
    if (fromMs - this.#lastMs > SAME_BACKLOG_MS) this.#sinceMs = fromMs;
    if (fromMs - this.#lastMs >= QUIET_AFTER_MS) this.#isBulk = false;
    this.#lastMs = toMs;
    if (toMs - this.#sinceMs >= BULK_AFTER_MS) this.#isBulk = true;
  }

  /** Whether it may be bulk, without a look at the clock. */
  get mayBeBulk(): boolean {
    return this.#isBulk;
  }

  /** Whether it is bulk. */
  isBulk(nowMs: number): boolean {
    return this.#isBulk && nowMs - this.#lastMs < QUIET_AFTER_MS;
  }

  /** For how long something has waited, in milliseconds; 0 if nothing does. */
  ageMs(nowMs: number): number {
    return nowMs - this.#lastMs > SAME_BACKLOG_MS ? 0 : nowMs - this.#sinceMs;
  }
}
