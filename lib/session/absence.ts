/**
 * When this end was away: its machine asleep, or its process stopped.
 *
 * @module
 */
import type { Clock } from "../net/clock.ts";

/** An outage that is noticed this soon after this end was back began when it went, in milliseconds. */
const COUNTS_MS = 5_000;

/**
 * Remembers the last time that this end was away. Nobody was there to notice that a carrier died meanwhile: an outage
 * that is found right after has lasted longer than anybody saw.
 *
 * @example
 * ```ts
 * import { Absence } from "./absence.ts";
 * import { systemClock } from "../net/clock.ts";
 * import { assert } from "@std/assert";
 *
 * const absence = new Absence(systemClock);
 * absence.ended(12_000);
 * assert(systemClock.now() - absence.beginOf(systemClock.now()) >= 12_000);
 * ```
 */
export class Absence {
  readonly #clock: Clock;
  #sinceMs = 0;
  #untilMs = -Infinity;

  /** It has always been here. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** It was away for `ms` milliseconds, until now. Returns when it went, by the clock. */
  ended(ms: number): number {
    this.#untilMs = this.#clock.now();
    return this.#sinceMs = this.#untilMs - ms;
  }

  /** When an outage began that was noticed at `noticedMs`. */
  beginOf(noticedMs: number): number {
    return noticedMs - this.#untilMs < COUNTS_MS ? Math.min(noticedMs, this.#sinceMs) : noticedMs;
  }

  /** What it explains is explained. */
  forget(): void {
    this.#untilMs = -Infinity;
  }
}
