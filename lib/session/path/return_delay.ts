/**
 * How long answers wait on their way back, which is the peer's queue and not this end's.
 *
 * @module
 */

/** The least of this long, up to twice as long, counts: clocks drift, and paths change. In milliseconds. */
const LEAST_OF_MS = 15_000;
/** Answers tell the peer's time modulo this, in milliseconds. */
export const WRAP_MS: number = 2 ** 29;
/** No round trip without its way back is shorter than this share of the lowest one: there a clock has jumped. */
const SHARE_LEFT = 0.5;

/** What is known when a probe is answered. */
export interface Answer {
  /** The time in milliseconds. */
  nowMs: number;
  /** Since the probe was sent, in milliseconds. */
  roundTripMs: number;
  /** When the probe came to the peer, by its clock, in milliseconds modulo {@linkcode WRAP_MS}. */
  cameMs: number;
}

/**
 * Measures how much longer than the least of late an answer was on its way back.
 *
 * Of two clocks that agree on nothing the difference between a time at the peer and one here is the delay of that way and
 * an unknown number, the same for each answer. So the least of all is an answer that met no queue, and what another one
 * has above it is its queue.
 *
 * A pure state machine. Whatever a peer tells, at most half of the lowest round trip and what an answer has above it are
 * said to be its way back. Source: `PROTOCOL.md`, "The path's bound".
 *
 * @example The peer's clock is 5 s ahead
 * ```ts
 * import { ReturnDelay } from "./return_delay.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const delay = new ReturnDelay();
 * assertEquals(delay.waitedMs({ nowMs: 40, roundTripMs: 40, cameMs: 5_020 }, 40), 0);
 * assertEquals(delay.waitedMs({ nowMs: 170, roundTripMs: 70, cameMs: 5_120 }, 40), 30); // 20 ms there, 50 back
 * assertEquals(delay.waitedMs({ nowMs: 270, roundTripMs: 70, cameMs: 5_250 }, 40), 0); // 50 ms there
 * ```
 */
export class ReturnDelay {
  /** The first difference of the clocks: all others are told from it. */
  #first: number | undefined;
  #sinceMs = -Infinity;
  /** The least difference since then, and in the time before that. */
  #leastMs = Infinity;
  #leastBeforeMs = Infinity;

  /**
   * A probe was answered: how long the answer waited on its way back, in milliseconds.
   *
   * @param lowestRoundTripMs The lowest round trip, in milliseconds; 0 if unknown.
   */
  waitedMs({ nowMs, roundTripMs, cameMs }: Answer, lowestRoundTripMs: number): number {
    const differenceMs = this.#difference(nowMs - cameMs);
    this.#next(nowMs);
    this.#leastMs = Math.min(this.#leastMs, differenceMs);
    const waitedMs = differenceMs - Math.min(this.#leastMs, this.#leastBeforeMs);
    if (waitedMs <= roundTripMs - SHARE_LEFT * Math.min(roundTripMs, lowestRoundTripMs || roundTripMs)) return waitedMs;
    this.#leastMs = differenceMs;
    this.#leastBeforeMs = Infinity;
    return 0;
  }

  #difference(ms: number): number {
    this.#first ??= ms;
    const half = WRAP_MS / 2, sinceFirst = (ms - this.#first) % WRAP_MS;
    return sinceFirst >= half ? sinceFirst - WRAP_MS : sinceFirst < -half ? sinceFirst + WRAP_MS : sinceFirst;
  }

  #next(nowMs: number): void {
    const passedMs = nowMs - this.#sinceMs;
    if (passedMs < LEAST_OF_MS) return;
    this.#leastBeforeMs = passedMs < 2 * LEAST_OF_MS ? this.#leastMs : Infinity;
    this.#leastMs = Infinity;
    this.#sinceMs = nowMs;
  }
}
