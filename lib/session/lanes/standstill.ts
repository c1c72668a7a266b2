/**
 * Whether what a carrier has in flight makes no progress.
 *
 * @module
 */

/** A carrier stands still after this and two round trips without progress, but after {@linkcode LEAST_STILL_MS} at least. */
const STILL_MS = 10;
const STILL_ROUND_TRIPS = 2;
const LEAST_STILL_MS = 50;

/** Each time that what was sent on another path came by itself, the next time is doubled, so often at the most, ... */
const MOST_FALSE_ALARMS = 3;
/** ... until that has not happened for so long, in milliseconds. */
const FORGIVEN_MS = 10_000;

/**
 * Measures for how long nothing was acknowledged on one carrier, in steps that double. A pure core.
 *
 * Source: `PROTOCOL.md`, "Sending again elsewhere".
 *
 * @example
 * ```ts
 * import { Standstill } from "./standstill.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const still = new Standstill();
 * still.sent(1_000); // a round trip takes 30 ms
 * assertEquals([1_069, 1_070, 1_139, 1_140, 1_280].map((ms) => still.degree(ms, 30)), [0, 1, 1, 2, 3]);
 * still.progressed(1_300, true);
 * assertEquals(still.degree(1_300, 30), 0);
 * ```
 */
export class Standstill {
  /** Pieces of it that were sent elsewhere since the last progress, where only the front one may be. */
  copies = 0;
  /** Since when what is in flight waits; `Infinity` while nothing is. */
  #sinceMs = Infinity;
  /** Whether that was sent on another path as well. */
  #isElsewhere = false;
  #falseAlarms = 0;
  #falseAlarmMs = -Infinity;

  /** Whether something is in flight. */
  get isWaiting(): boolean {
    return this.#sinceMs !== Infinity;
  }

  /** Something was sent. */
  sent(nowMs: number): void {
    if (this.#sinceMs === Infinity) this.#sinceMs = nowMs;
  }

  /**
   * Something was acknowledged.
   *
   * @param isMoreInFlight Whether something else waits still.
   */
  progressed(nowMs: number, isMoreInFlight: boolean): void {
    if (this.#isElsewhere) {
      this.#falseAlarms = Math.min(MOST_FALSE_ALARMS, this.#alarmsAt(nowMs) + 1);
      this.#falseAlarmMs = nowMs;
      this.#isElsewhere = false;
    }
    this.#sinceMs = isMoreInFlight ? nowMs : Infinity;
    this.copies = 0;
  }

  /** How often the time has doubled, and one more; 0 while it does not stand still. */
  degree(nowMs: number, roundTripMs: number): number {
    const stillMs = nowMs - this.#sinceMs;
    const limitMs = limitOf(roundTripMs);
    return stillMs < limitMs ? 0 : 1 + Math.floor(Math.log2(stillMs / limitMs));
  }

  /**
   * The same for sending all that waits on another path: 0 for longer on a carrier that pauses now and then, where that
   * would go twice in vain.
   */
  elsewhereDegree(nowMs: number, roundTripMs: number): number {
    return Math.max(0, this.degree(nowMs, roundTripMs) - this.#alarmsAt(nowMs));
  }

  /** What waits was sent on another path as well. */
  sentElsewhere(): void {
    this.#isElsewhere = true;
  }

  #alarmsAt(nowMs: number): number {
    return nowMs - this.#falseAlarmMs < FORGIVEN_MS ? this.#falseAlarms : 0;
  }

  /** In how many milliseconds the degree rises, if there is no progress; `Infinity` while nothing waits. */
  leftMs(nowMs: number, roundTripMs: number): number {
    if (this.#sinceMs === Infinity) return Infinity;
    return this.#sinceMs + limitOf(roundTripMs) * 2 ** this.degree(nowMs, roundTripMs) - nowMs;
  }
}

function limitOf(roundTripMs: number): number {
  return Math.max(LEAST_STILL_MS, STILL_ROUND_TRIPS * roundTripMs + STILL_MS);
}
