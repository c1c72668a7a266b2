/**
 * When to try again: the pure core of the reconnect loop.
 *
 * @module
 */

/** First pause after a failed attempt, in milliseconds. */
const FIRST_PAUSE_MS = 25;
/**
 * Each pause is so many times as long as the one before. The pause that an outage's end falls into is about as long as the
 * outage times this less one: with 2 the network was often back for as long as it had been away before anyone noticed.
 */
const GROWTH = 1.5;
/** Longest pause while user connections wait and the outage is young, in milliseconds. */
const BUSY_PAUSE_MS = 800;
/** Longest pause otherwise, in milliseconds. */
const IDLE_PAUSE_MS = 15_000;
/** An outage is young for so long, in milliseconds. */
const YOUNG_MS = 10 * 60_000;

/** What the pause depends on. */
export interface OutageState {
  /** Attempts that failed since the loop started over. */
  failures: number;
  /** Whether user connections wait. */
  hasStreams: boolean;
  /** How long the outage has lasted, in milliseconds. */
  outageMs: number;
}

/**
 * The pause before the next attempt, with jitter so that many clients do not come back in step.
 *
 * @param random From 0 to 1, such as `Math.random()`.
 * @returns Milliseconds: half to all of a limit that grows by a half each time, from 25 ms to 0.8 s while user connections
 * wait and the outage is younger than ten minutes, to 15 s otherwise.
 *
 * @example
 * ```ts
 * import { pauseMs } from "./backoff.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(pauseMs({ failures: 1, hasStreams: true, outageMs: 0 }, 1), 25);
 * assertEquals(pauseMs({ failures: 20, hasStreams: true, outageMs: 60_000 }, 1), 800);
 * assertEquals(pauseMs({ failures: 20, hasStreams: false, outageMs: 60_000 }, 0), 7500);
 * ```
 */
export function pauseMs(state: OutageState, random: number): number {
  const longest = state.hasStreams && state.outageMs < YOUNG_MS ? BUSY_PAUSE_MS : IDLE_PAUSE_MS;
  const grown = FIRST_PAUSE_MS * GROWTH ** Math.min(30, Math.max(0, state.failures - 1));
  return Math.min(longest, grown) * (0.5 + random / 2);
}
