/**
 * Whether what is under way on a path is held up behind what was lost, and what that means for its bound.
 *
 * @module
 */
import { CARRIER_BYTES } from "../share.ts";

/** What bulk takes longer than this and some lowest round trips is late, in milliseconds. */
const LATE_MS = 25, LATE_ROUND_TRIPS = 1.5;
/** On a slow path a probe slips in front of a burst of bulk, which is later than it by no more than this, in bytes. */
const BURST_BYTES = 8 * 1024;

/** The bound grows by this factor then, to what keeps five carriers busy. */
const GROWTH = 1.5, MOST_BOUND = 5 * CARRIER_BYTES;

/** What was seen of a path for a while. */
export interface SeenOfPath {
  /** The shortest round trip of what asks for a queue, in milliseconds. */
  readonly lowestMs: number;
  /** How long bulk was under way, in milliseconds; 0 if nothing arrived. */
  readonly bulkMs: number;
  /** Most bytes that were in flight. */
  readonly mostInFlight: number;
}

/**
 * Whether much is neither on the path nor in a queue, but waits at an end for what was lost. Bulk is late then, while
 * what meets the same queue is not; and by Little's law what takes longer has that share of what is in flight.
 *
 * On a slow path bulk takes long as well, but so does what asks for its queue.
 *
 * Source: `PROTOCOL.md`, "The path's bound".
 *
 * @param pathMs The path's lowest round trip, in milliseconds.
 *
 * @example
 * ```ts
 * import { isHeldUp } from "./held_up.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const seen = { lowestMs: 82, bulkMs: 200, mostInFlight: 40_000 };
 * assertEquals([isHeldUp(seen, 80), isHeldUp({ ...seen, lowestMs: 190 }, 80)], [true, false]);
 * ```
 */
export function isHeldUp({ lowestMs, bulkMs, mostInFlight }: SeenOfPath, pathMs: number): boolean {
  if (bulkMs <= LATE_ROUND_TRIPS * pathMs + LATE_MS) return false;
  return mostInFlight * (1 - lowestMs / bulkMs) >= BURST_BYTES;
}

/**
 * The next bound of a path where much is held up, in bytes. With more in flight its carriers get no more through, so no
 * rate says that it is too small, until there is enough for all of them.
 *
 * @example
 * ```ts
 * import { grownHeldUp } from "./held_up.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(grownHeldUp(40_000), 60_000);
 * ```
 */
export function grownHeldUp(bound: number): number {
  return Math.min(Math.ceil(GROWTH * bound), MOST_BOUND);
}
