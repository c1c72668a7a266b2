/**
 * When a chunk that is sent on a carrier now would be there.
 *
 * @module
 */

/** What a carrier is taken to move in its first round trip, in bytes. */
const FIRST_BYTES = 64 * 1024;
/** A carrier on which nothing was sent for so long counts as one that was not measured, in milliseconds. */
const IDLE_MS = 1_000;
/** A round trip that is not known, or shorter than that, in milliseconds. */
const LEAST_ROUND_TRIP_MS = 1;
/** Round trips behind which the doubling ends: more than 64 MiB a round trip no carrier moves. */
const MOST_DOUBLINGS = 10;

/** What is known of a carrier. */
export interface CarrierLoad {
  /** Bytes sent on it and not acknowledged. */
  readonly inFlight: number;
  /** At which rate they go, in bytes a millisecond; 0 if that was not measured. */
  readonly rateBytesPerMs: number;
  /** Its lowest round trip in milliseconds; 0 if unknown. */
  readonly lowestRoundTripMs: number;
  /** And its smoothed one. */
  readonly roundTripMs: number;
}

/**
 * Estimates of one carrier. A pure core.
 *
 * What a rate was a second ago says little: the system begins anew, and so does this, at 64 KiB a round trip, which
 * doubles until it is what was measured. Nor does it say much of one that is given little: none counts as slower than 64
 * KiB in the time that its bytes take now.
 *
 * Source: `PROTOCOL.md`, "Choosing a carrier".
 *
 * @example
 * ```ts
 * import { Arrival } from "./arrival.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const arrival = new Arrival();
 * const load = { inFlight: 0, rateBytesPerMs: 0, lowestRoundTripMs: 40, roundTripMs: 50 };
 * assertEquals(arrival.inMs(load, 65_536, 0), 40 + 20);
 * arrival.sent(0);
 * assertEquals(arrival.inMs({ ...load, inFlight: 65_536 }, 65_536, 40), 40 + 20);
 * ```
 */
export class Arrival {
  #beganMs = 0;
  #lastSentMs = -Infinity;
  #isMeasured = false;

  /** Something was sent. */
  sent(nowMs: number): void {
    if (this.#isIdle(nowMs)) {
      this.#beganMs = nowMs;
      this.#isMeasured = false;
    }
    this.#lastSentMs = nowMs;
  }

  /** In how many milliseconds the last byte of `bytes` more would be there. */
  inMs(load: CarrierLoad, bytes: number, nowMs: number): number {
    return (load.inFlight + bytes) / this.#rate(load, nowMs) + load.lowestRoundTripMs / 2;
  }

  #rate({ inFlight, rateBytesPerMs, lowestRoundTripMs, roundTripMs: smoothedMs }: CarrierLoad, nowMs: number): number {
    const isIdle = this.#isIdle(nowMs) && inFlight === 0;
    const roundTripMs = Math.max(lowestRoundTripMs, LEAST_ROUND_TRIP_MS);
    // One that is given little delivers little, and would never be given more.
    const leastBytesPerMs = FIRST_BYTES / Math.max(smoothedMs, roundTripMs);
    if (this.#isMeasured && !isIdle && rateBytesPerMs > 0) return Math.max(rateBytesPerMs, leastBytesPerMs);
    const roundTrips = isIdle ? 0 : Math.min(Math.floor((nowMs - this.#beganMs) / roundTripMs), MOST_DOUBLINGS);
    const guess = FIRST_BYTES * 2 ** roundTrips / roundTripMs;
    if (rateBytesPerMs === 0 || guess < rateBytesPerMs) return guess;
    this.#isMeasured = !isIdle;
    return Math.max(rateBytesPerMs, leastBytesPerMs);
  }

  #isIdle(nowMs: number): boolean {
    return nowMs - this.#lastSentMs >= IDLE_MS;
  }
}
