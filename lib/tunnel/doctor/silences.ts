/**
 * How long connections are left silent, and what follows from which of them lived.
 *
 * @module
 */

import { formatDuration } from "../values/duration.ts";

/** The longest silence before a server has to let go of who has not proven to be let in, in milliseconds. */
export const LONGEST_SILENCE_MS = 8_000;

/** How one silence ended. */
export interface Silence {
  /** How long nothing was sent, in milliseconds. */
  readonly ms: number;
  /** Why the connection had died by then; `undefined` if it lived. */
  readonly reason: string | undefined;
}

/**
 * The silences to try at once, each on a connection of its own, in milliseconds: `idleMs`, a half and a quarter of it.
 *
 * @example
 * ```ts
 * import { silencesFor } from "./silences.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(silencesFor(4_000), [1_000, 2_000, 4_000]);
 * assertEquals(silencesFor(300_000), [2_000, 4_000, 8_000]);
 * ```
 */
export function silencesFor(idleMs: number): number[] {
  const mostMs = Math.min(idleMs, LONGEST_SILENCE_MS);
  return [mostMs / 4, mostMs / 2, mostMs];
}

/** What was found. */
export interface SilenceVerdict {
  /** Whether idle connections live. */
  readonly isGood: boolean;
  /** In words, and what to change. */
  readonly text: string;
}

/**
 * What to say of them.
 *
 * @param pingIntervalMs The longest silence that the product would keep.
 */
export function judge(silences: readonly Silence[], pingIntervalMs: number): SilenceVerdict {
  const livedMs = Math.max(0, ...silences.filter(({ reason }) => reason === undefined).map(({ ms }) => ms));
  const died = silences.filter(({ reason }) => reason !== undefined).sort((one, other) => one.ms - other.ms)[0];
  if (died === undefined) {
    return { isGood: true, text: `a connection lives through ${formatDuration(livedMs)} of silence` };
  }
  const found = `a connection that was silent died after ${formatDuration(died.ms)} (${died.reason})`;
  if (died.ms > pingIntervalMs) {
    return { isGood: true, text: `${found}; --ping-interval is below that, so nothing is lost by it` };
  }
  // Half of it: a sign of life may be late.
  const interval = `${Math.max(100, Math.floor(died.ms / 200) * 100)}ms`.replace(/000ms$/, "s");
  return {
    isGood: false,
    text: `${found}: something in between drops idle connections; give --ping-interval=${interval} to both sides, ` +
      "or raise its time-out",
  };
}
