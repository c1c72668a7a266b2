/**
 * Whether a path has shown that it is not one of the slowest.
 *
 * @module
 */

/** The slowest path that is waited for, in bytes per millisecond (16 kbit/s). */
export const SLOWEST_RATE = 2;

/** With less than this under way there is no queue to speak of, in bytes. */
export const BACKLOG_BYTES = 4 * 1024;

/** A fresh carrier is on a path of the same kind if its round trip is less than twice the one before, and this; in milliseconds. */
const SAME_PATH_MS = 100;

/** What is known about a carrier that was lost. */
export interface LostPath {
  /** Bytes sent on it and not acknowledged. */
  bytes: number;
  /** Its round trip in milliseconds; 0 if unknown. */
  roundTripMs: number;
}

/**
 * Remembers how much more was acknowledged than the slowest path could have carried: what hangs on a quick path is no long
 * queue, but a black hole.
 *
 * A pure core that outlives carriers: where one had a quick path, the next most likely has one too. But the machine may
 * have moved to a slow one. So it holds for a carrier whose round trip is like that of the one before; and behind a carrier
 * that was lost with much under way only what that one has shown itself.
 *
 * Source: `PROTOCOL.md`, "Liveness".
 *
 * @example
 * ```ts
 * import { Quickness } from "./quickness.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const quickness = new Quickness();
 * quickness.attached(0, 0, 40);
 * quickness.passed(250, 40_000, 20_000);
 * assertEquals(quickness.excessBytes, 19_500);
 * ```
 */
export class Quickness {
  #carriedOver = 0;
  #own = 0;
  #roundTripMs = 0;
  /** Bytes after this offset were all sent after that time. */
  #fromOffset = 0;
  #fromMs = 0;

  /** How much more has arrived at the peer in some time than the slowest path carries in it, in bytes. */
  get excessBytes(): number {
    return Math.max(this.#own, this.#carriedOver);
  }

  /** A carrier was attached, on which bytes after `offset` are sent; its handshake's round trip is 0 if unknown. */
  attached(nowMs: number, offset: number, roundTripMs: number): void {
    this.#carriedOver = roundTripMs <= 2 * this.#roundTripMs + SAME_PATH_MS ? this.excessBytes : 0;
    this.#own = 0;
    this.#fromOffset = offset;
    this.#fromMs = nowMs;
  }

  /** Time passed; so much was sent and acknowledged in all, in bytes. */
  passed(nowMs: number, sent: number, acknowledged: number): void {
    const excess = acknowledged - this.#fromOffset - SLOWEST_RATE * Math.max(0, nowMs - this.#fromMs);
    this.#own = Math.max(this.#own, excess);
    if (excess > 0) return;
    this.#fromOffset = sent;
    this.#fromMs = nowMs;
  }

  /** The carrier is gone. */
  lost({ bytes, roundTripMs }: LostPath): void {
    this.#roundTripMs = roundTripMs;
    if (bytes >= BACKLOG_BYTES) this.#carriedOver = 0;
  }
}
