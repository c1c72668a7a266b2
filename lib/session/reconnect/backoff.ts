/**
 * When to try again: the pure core of the reconnect loop.
 *
 * @module
 */

/** First pause after a failed attempt, in milliseconds. */
const FIRST_PAUSE_MS = 25;
/**
 * How many times as long as the one before each pause is. The pause that an outage's end falls into is about as long as
 * the outage times this less one: with 2, a network that is back is often noticed only after another outage's length.
 */
const GROWTH = 1.5;
/**
 * Longest pause at the beginning of an outage, while user connections wait that the last carrier served, in
 * milliseconds: networks that reset what they have forgotten are soon back.
 */
const EARLY_PAUSE_MS = 200;
/** Longest pause while user connections wait and the outage is young, in milliseconds. */
const BUSY_PAUSE_MS = 800;
/** Longest pause otherwise, in milliseconds. */
const IDLE_PAUSE_MS = 15_000;
/** How long the beginning of an outage lasts, in milliseconds; then a server that hundreds want gets more time. */
const EARLY_MS = 60_000;
/** How long an outage is young, in milliseconds. */
const YOUNG_MS = 10 * 60_000;

/** What the pause depends on. */
export interface OutageState {
  /** Attempts that failed since the loop started over, and carriers in a row before it that brought nothing. */
  failures: number;
  /** Whether the last carrier brought something. */
  wasUseful: boolean;
  /** Whether user connections wait. */
  hasStreams: boolean;
  /** How long the outage has lasted, in milliseconds. */
  outageMs: number;
}

/**
 * The pause before the next attempt, with jitter so that many clients do not come back in step.
 *
 * @param random From 0 to 1, such as `Math.random()`.
 * @returns Milliseconds: half to all of a limit that grows by a half each time, from 25 ms to 15 s; while user
 *   connections wait and the outage is younger than ten minutes, to 0.8 s; in its first minute, if the last carrier
 *   brought something, to 0.2 s.
 *
 * @example
 * ```ts
 * import { pauseMs } from "./backoff.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const waiting = { failures: 20, hasStreams: true, wasUseful: true };
 * assertEquals(pauseMs({ ...waiting, outageMs: 5_000 }, 1), 200);
 * assertEquals(pauseMs({ ...waiting, outageMs: 60_000 }, 1), 800);
 * assertEquals(pauseMs({ ...waiting, hasStreams: false, outageMs: 60_000 }, 0), 7500);
 * ```
 */
export function pauseMs(state: OutageState, random: number): number {
  const grown = FIRST_PAUSE_MS * GROWTH ** Math.min(30, Math.max(0, state.failures - 1));
  return Math.min(longestMs(state), grown) * (0.5 + random / 2);
}

function longestMs({ hasStreams, wasUseful, outageMs }: OutageState): number {
  if (!hasStreams || outageMs >= YOUNG_MS) return IDLE_PAUSE_MS;
  return wasUseful && outageMs < EARLY_MS ? EARLY_PAUSE_MS : BUSY_PAUSE_MS;
}
