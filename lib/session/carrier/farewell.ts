/**
 * How long a carrier stays after its goodbye, so that the goodbye arrives.
 *
 * @module
 */

/** Beside what the path needs, in milliseconds: a peer that has read the goodbye closes at once. */
const LEAST_MS = 500;

/** No goodbye is worth more while nothing in front of it is acknowledged, in milliseconds. */
const MOST_MS = 30_000;

/** Nor more than this in all: 16 kbit/s carry a queue of 64 KiB in a quarter of it, and TCP repeats much there. */
const LONGEST_MS = 120_000;

/** Round trips: one to the peer and back, one for a packet that was lost, one for a round trip that has grown. */
const ROUND_TRIPS = 3;

/** A measured rate may be that of a better moment, so what is under way may take longer by this factor. */
const RATE_DOUBT = 2;

/** Delivery rate assumed before one was measured, in bytes per millisecond (256 kbit/s). */
const ASSUMED_RATE = 32;

/** A lower rate is that of a few bytes on their own, in bytes per millisecond (8 kbit/s). */
const LEAST_RATE = 1;

/** What is known of the carrier when its goodbye is said. */
export interface Leaving {
  /** The clock. */
  nowMs: number;
  /** Bytes in front of the goodbye: written, and not acknowledged. */
  bytes: number;
  /** Measured delivery rate in bytes per millisecond; 0 if unknown. */
  rate: number;
  /** Measured round trip in milliseconds; 0 if unknown. */
  roundTripMs: number;
}

/**
 * Says when to give up on a peer that was told goodbye and does not close.
 *
 * A pure core. Invariant 8: a connection that is closed with bytes unread, or that gets some when it is closed, is
 * reset, and a reset throws away what waits to be sent, the goodbye too. So its sender reads on until the peer closes:
 * within the time that what is under way may take, and for as long as the peer is heard, but not for ever: a peer that is
 * only heard may get nothing, one that acknowledges what is in front of the goodbye gets that as well.
 *
 * Source: `PROTOCOL.md`, "Goodbye".
 *
 * @example
 * ```ts
 * import { Farewell } from "./farewell.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const farewell = new Farewell({ nowMs: 0, bytes: 125_000, rate: 250, roundTripMs: 100 }); // 2 Mbit/s
 * assertEquals(farewell.leftMs(0), 1_800);
 * farewell.heard(1_700);
 * assertEquals(farewell.leftMs(1_800), 700);
 * ```
 */
export class Farewell {
  #longestMs: number;
  /** When it is over unless something is acknowledged. */
  #endMs: number;
  readonly #stepMs: number;
  #untilMs: number;

  /** Begins when the goodbye is said, behind `leaving.bytes` others. */
  constructor(leaving: Leaving) {
    const { nowMs, bytes, rate, roundTripMs } = leaving;
    this.#longestMs = nowMs + LONGEST_MS;
    this.#endMs = nowMs + MOST_MS;
    this.#stepMs = LEAST_MS + ROUND_TRIPS * roundTripMs;
    const neededMs = RATE_DOUBT * bytes / Math.max(LEAST_RATE, rate || ASSUMED_RATE);
    this.#untilMs = Math.min(this.#endMs, nowMs + this.#stepMs + neededMs);
  }

  /** Bytes of the peer came: it has not read the goodbye, or has more to say than it could take back. */
  heard(nowMs: number): void {
    this.#untilMs = Math.min(this.#endMs, Math.max(this.#untilMs, nowMs + this.#stepMs));
  }

  /** Something in front of the goodbye was acknowledged: it will be there as well. */
  progressed(nowMs: number): void {
    this.#endMs = Math.min(this.#longestMs, nowMs + MOST_MS);
    this.heard(nowMs);
  }

  /** The peer has closed another carrier, behind the same goodbye: this one is nobody's last chance any more. */
  toldElsewhere(nowMs: number): void {
    this.#longestMs = Math.min(this.#longestMs, nowMs + LEAST_MS);
    this.#endMs = Math.min(this.#endMs, this.#longestMs);
    this.#untilMs = Math.min(this.#untilMs, this.#longestMs);
  }

  /** How much longer to wait, in milliseconds; 0 when it has been enough. */
  leftMs(nowMs: number): number {
    return Math.max(0, this.#untilMs - nowMs);
  }
}
