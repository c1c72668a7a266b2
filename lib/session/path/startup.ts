/**
 * Whether the rate of a path is still being found.
 *
 * @module
 */

/** The bound before anything is known, in bytes. */
export const FIRST_BOUND = 32 * 1024;

/** The rate still grows if a round trip adds this much. */
const GROWTH = 1.25;
/** It is found after this many round trips without. */
const ROUNDS = 3;

/** What is later than the lowest round trip by this share of it waited in a queue; within these, in milliseconds. */
const QUEUE_SHARE = 1 / 8, LEAST_QUEUE_MS = 4, MOST_QUEUE_MS = 16;

/** A queue of this many milliseconds shows that the path is full (RFC 9406, 4.2): until then the bound may double. */
export function startQueueMs(lowestRoundTripMs: number): number {
  return Math.min(MOST_QUEUE_MS, Math.max(LEAST_QUEUE_MS, QUEUE_SHARE * lowestRoundTripMs));
}

/**
 * Watches the rate from round trip to round trip until it grows no more.
 *
 * @example
 * ```ts
 * import { Startup } from "./startup.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const startup = new Startup();
 * for (const rate of [100, 200, 210, 220]) startup.nextRound(rate);
 * assertEquals(startup.isOver, false);
 * startup.nextRound(230);
 * assertEquals(startup.isOver, true);
 * ```
 */
export class Startup {
  #isOver = false;
  #rate = 0;
  #rounds = 0;

  /** Whether the rate is found. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Whether the last round trip added as much. */
  get isGrowing(): boolean {
    return this.#rounds === 0;
  }

  /** A round trip is over; this is the rate. */
  nextRound(rate: number): void {
    if (rate >= GROWTH * this.#rate) {
      this.#rate = rate;
      this.#rounds = 0;
    } else if (++this.#rounds >= ROUNDS) this.#isOver = true;
  }
}
