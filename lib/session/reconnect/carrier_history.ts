/**
 * What the carriers of one client brought: a pure core.
 *
 * @module
 */
import type { LostCarrier } from "./patience.ts";

/**
 * A carrier that brought nothing and died sooner than this died at once, in milliseconds. An idle one may be of use.
 */
const SHORT_LIFE_MS = 5_000;

/** A carrier that was lost sooner than this is not worth a line in the log if all are, in milliseconds. */
const FLEETING_MS = 1_000;

/**
 * Tells carriers that were of use from those that were not.
 *
 * A middle box may let each handshake pass and kill what comes after it, and a path may carry small packets only: then
 * a carrier that follows the last one at once does no better, a hundred times a second. Bytes that the peer received on
 * a carrier of which nothing came back are known with the next carrier's count, and count for that.
 *
 * @example
 * ```ts
 * import { CarrierHistory } from "./carrier_history.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const history = new CarrierHistory(0);
 * history.attached(10);
 * history.lost(20, { arrivedBytes: 0, isWaiting: false, isEmpty: true, silentMs: 0, roundTripMs: 5 });
 * assertEquals(history.barren, 1);
 * ```
 */
export class CarrierHistory {
  #barren = 0;
  /** Those of them that had nothing to carry. */
  #idle = 0;
  #fleeting = 0;
  #wasAttached = false;
  /** Since when there is a carrier. */
  #attachedAt: number | undefined;
  #arrivedBytes = 0;
  #outageSince: number;
  #roundTripMs = 0;

  /** There has been no carrier. */
  constructor(nowMs: number) {
    this.#outageSince = nowMs;
  }

  /** Consecutive carriers until now that brought nothing. */
  get barren(): number {
    return this.#barren;
  }

  /** Consecutive carriers until now that brought nothing or lived for less than a second. */
  get fleeting(): number {
    return this.#fleeting;
  }

  /** Whether there has been a carrier, and the last one was of use. */
  get wasUseful(): boolean {
    return this.#wasAttached && this.#barren === 0;
  }

  /** Since when there has been no carrier of use, by the clock. */
  get outageSince(): number {
    return this.#outageSince;
  }

  /** The last known round trip in milliseconds; 0 if there is none. */
  get roundTripMs(): number {
    return this.#roundTripMs;
  }

  /** A carrier is there. */
  attached(nowMs: number): void {
    this.#wasAttached = true;
    this.#attachedAt = nowMs;
  }

  /** Its round trip in milliseconds; 0 if unknown. */
  measured(roundTripMs: number): void {
    if (roundTripMs > 0) this.#roundTripMs = roundTripMs;
  }

  /** It is gone; told again, that is no news. */
  lost(nowMs: number, carrier: LostCarrier): void {
    if (this.#attachedAt === undefined) return;
    const livedMs = nowMs - this.#attachedAt;
    this.#attachedAt = undefined;
    this.measured(carrier.roundTripMs);
    const isBarren = carrier.arrivedBytes <= this.#arrivedBytes && (carrier.isWaiting || livedMs < SHORT_LIFE_MS);
    // What was told of carriers counts before it has come: only what is beyond all before is news.
    this.#arrivedBytes = Math.max(this.#arrivedBytes, carrier.arrivedBytes);
    this.#barren = isBarren ? this.#barren + 1 : 0;
    if (!isBarren) this.#idle = 0;
    else if (carrier.isEmpty) this.#idle++;
    this.#fleeting = isBarren || livedMs < FLEETING_MS ? this.#fleeting + 1 : 0;
    if (this.#barren <= 1) this.#outageSince = nowMs;
  }

  /** Counting begins anew with another session. */
  sessionBegan(): void {
    this.#arrivedBytes = 0;
  }

  /** A user came: that carriers brought nothing which had nothing to carry is no reason to let anybody wait. */
  someoneCame(): void {
    this.#barren -= this.#idle;
    this.#idle = 0;
  }

  /** The machine woke or moved: what was, says nothing about the network that it is in now. */
  startOver(): void {
    this.#barren = this.#idle = this.#fleeting = 0;
  }
}
