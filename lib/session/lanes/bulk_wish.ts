/**
 * Whether an end could send more by several carriers.
 *
 * @module
 */

/** On a path with a shorter round trip one carrier is as good as several, in milliseconds. */
const LEAST_ROUND_TRIP_MS = 5;
/** A stream must have had something waiting for so long, and for so many round trips. */
const BACKLOG_MS = 250;
const BACKLOG_ROUND_TRIPS = 4;
/** Or for so much of the time between two bursts. */
const BACKLOG_BURSTS = 0.9;
/** Without anything bulk for so long no bulk carrier is wished for any more, in milliseconds. */
const WITHOUT_BULK_MS = 10_000;

/** What an end sees of what it sends. */
export interface Sending {
  /** For how long a stream has had something waiting, in milliseconds; 0 if none has. */
  readonly backlogMs: number;
  /** Whether any stream is bulk. */
  readonly isBulk: boolean;
  /** Whether the carrier of bulk is held up by the system's send buffer, or by loss: not by the path. */
  readonly isLimited: boolean;
  /** Paths that the session has. */
  readonly paths: number;
  /** The path's lowest round trip, in milliseconds; 0 if unknown. */
  readonly lowestRoundTripMs: number;
  /** The path's smoothed round trip, in milliseconds; 0 if unknown. */
  readonly roundTripMs: number;
  /** For how long nothing comes back on the path between two bursts, in milliseconds; 0 where it comes in turn. */
  readonly burstMs: number;
}

/**
 * How many bulk carriers one end wishes for. A pure core.
 *
 * Beside a backlog it is one on each path at the least: what else is sent need not wait behind it in one carrier, and
 * only a quiet carrier tells what is lost from what waits in a queue. Where the carrier is held up and not the path, more
 * of them send more: then it is all.
 *
 * Source: `PROTOCOL.md`, "Lanes".
 *
 * @example
 * ```ts
 * import { BulkWish } from "./bulk_wish.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const wish = new BulkWish(5);
 * const sending = { isBulk: true, isLimited: true, paths: 1, lowestRoundTripMs: 40, roundTripMs: 50, burstMs: 0 };
 * assertEquals(wish.look(1_000, { ...sending, backlogMs: 200 }), 0);
 * assertEquals(wish.look(1_050, { ...sending, backlogMs: 250 }), 5);
 * ```
 */
export class BulkWish {
  readonly #most: number;
  #count = 0;
  #bulkMs = -Infinity;

  /** Wishes for none, and never for more than `most`. */
  constructor(most: number) {
    this.#most = most;
  }

  /** How many it wishes for. */
  get count(): number {
    return this.#count;
  }

  /** Looks at what is sent, now and then while something is. Returns how many it wishes for. */
  look(nowMs: number, sending: Sending): number {
    if (sending.isBulk) this.#bulkMs = nowMs;
    else if (nowMs - this.#bulkMs >= WITHOUT_BULK_MS) this.#count = 0;
    if (isWaiting(sending)) this.#count = Math.min(this.#most, Math.max(this.#count, this.#wished(sending)));
    return this.#count;
  }

  #wished({ isLimited, paths }: Sending): number {
    return isLimited ? this.#most : paths;
  }
}

function isWaiting({ backlogMs, lowestRoundTripMs, roundTripMs, burstMs }: Sending): boolean {
  if (lowestRoundTripMs < LEAST_ROUND_TRIP_MS) return false;
  // A round trip is longer there, by what waits in the carrier's own buffer for the next ones.
  if (burstMs > 0) return backlogMs >= Math.max(BACKLOG_MS, BACKLOG_BURSTS * burstMs);
  return backlogMs >= Math.max(BACKLOG_MS, BACKLOG_ROUND_TRIPS * roundTripMs);
}
