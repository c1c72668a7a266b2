/**
 * How much the operating system takes before a write has to wait.
 *
 * A write that waits is woken late: Linux does so when a third of the send buffer is free. Where the buffer holds
 * little more than the path does, all that a round trip brings is then written in bursts, and the path runs dry between
 * them. A carrier that stays a little below what the buffer takes never waits: acknowledgements alone say when to go
 * on.
 *
 * @module
 */

/**
 * A write that took this share of a round trip waited for room, and the path ran dry meanwhile. A shorter one had to
 * wait for a relay that did not read for a moment, or for its own turn on the processor.
 */
const WAITED_SHARE = 1 / 8;
/** On shorter paths a pause costs little, and a write may take long for want of processor time; in milliseconds. */
const LEAST_ROUND_TRIP_MS = 20;
/** With less in flight than this a write does not wait for a buffer's sake, in bytes. */
const LEAST_BYTES = 64 * 1024;
/** Buffers grow with the path's window: as long as the next one full is larger by this factor, nothing is known. */
const GROWN = 1.125;
/** They do not shrink: a wait with less in flight, by this factor, had another reason. */
const SAME = 0.75;
/** Round trips in which the limit rises by its own size, in case the buffer has grown. */
const ROUND_TRIPS_TO_DOUBLE = 128;
/** A limit that has risen by this factor without a write that waited is none. */
const OUTGROWN = 1.25;

/**
 * Learns from writes that had to wait how many bytes may be in flight without that.
 *
 * A pure core: the carrier tells it of its writes. Source: `PROTOCOL.md`, "The path's bound".
 *
 * @example
 * ```ts
 * import { SendBuffer } from "./send_buffer.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const buffer = new SendBuffer();
 * buffer.written({ inFlight: 4_000_000, tookMs: 80, nowMs: 1_000, roundTripMs: 100 });
 * assertEquals(buffer.limit(1_000, 100), Infinity); // it may still grow
 * buffer.written({ inFlight: 4_000_000, tookMs: 80, nowMs: 1_100, roundTripMs: 100 });
 * assertEquals([buffer.limit(1_100, 100), buffer.isShort], [4_000_000, true]);
 * ```
 */
export class SendBuffer {
  /** What was in flight in front of the last write that had to wait. */
  #fullAt = 0;
  #limit = Infinity;
  #limitedAt = 0;

  /** Whether it is known to hold less than the path. */
  get isShort(): boolean {
    return this.#limit !== Infinity;
  }

  /** How many bytes may be in flight, a whole number or `Infinity`. */
  limit(nowMs: number, roundTripMs: number): number {
    if (this.#limit === Infinity) return Infinity;
    const roundTrips = (nowMs - this.#limitedAt) / Math.max(roundTripMs, LEAST_ROUND_TRIP_MS);
    const limit = Math.floor(this.#limit * (1 + roundTrips / ROUND_TRIPS_TO_DOUBLE));
    if (limit <= OUTGROWN * this.#limit) return limit;
    this.#limit = Infinity;
    return Infinity;
  }

  /** A write is done that had `inFlight` bytes in front of it. */
  written(write: { inFlight: number; tookMs: number; nowMs: number; roundTripMs: number }): void {
    const { inFlight, tookMs, nowMs, roundTripMs } = write;
    if (tookMs < WAITED_SHARE * roundTripMs || roundTripMs < LEAST_ROUND_TRIP_MS || inFlight < LEAST_BYTES) return;
    if (inFlight < SAME * this.#fullAt) return;
    const isGrowing = inFlight > GROWN * this.#fullAt;
    this.#fullAt = inFlight;
    this.#limit = isGrowing ? Infinity : inFlight;
    this.#limitedAt = nowMs;
  }
}
