/**
 * Whether the rate of a path is still being found.
 *
 * @module
 */

/** The rate still grows if a round trip adds this much. */
const GROWTH = 1.25;
/** It is found after this many round trips without. */
const ROUNDS = 3;

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

  /** A round trip is over; this is the rate. */
  nextRound(rate: number): void {
    if (rate >= GROWTH * this.#rate) {
      this.#rate = rate;
      this.#rounds = 0;
    } else if (++this.#rounds >= ROUNDS) this.#isOver = true;
  }
}
