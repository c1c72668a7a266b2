/**
 * What one of several carriers may have in flight while its rate is being found.
 *
 * @module
 */
import { NEW_CARRIER_BYTES, shareMs } from "./carrier_share.ts";
import { Startup } from "./startup.ts";

/** What was acknowledged. */
export interface Delivered {
  /** How many bytes. */
  readonly bytes: number;
  /** How long the newest of them was under way, in milliseconds. */
  readonly roundTripMs: number;
}

/**
 * As much more as it delivered: so its TCP, which begins with less and doubles in each round trip (RFC 5681), always
 * has something to send. A share of its rate would hold it back, since that is measured over the round trips before, in
 * which it was lower. What is late by more than TCP begins with was lost or waits: then it is over.
 *
 * A pure core. Source: `PROTOCOL.md`, "The path's bound".
 *
 * @example
 * ```ts
 * import { CarrierStart } from "./carrier_start.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const start = new CarrierStart();
 * start.delivered({ bytes: 14_000, roundTripMs: 100 }, 100);
 * assertEquals(start.bytes, 79_536);
 * start.delivered({ bytes: 1_000, roundTripMs: 500 }, 100);
 * assertEquals(start.bytes, 0);
 * ```
 */
export class CarrierStart {
  readonly #startup = new Startup();
  #bytes = NEW_CARRIER_BYTES;
  #isLate = false;

  /** What it may have in flight, in bytes; 0 once its rate is found. */
  get bytes(): number {
    return this.#isLate || this.#startup.isOver ? 0 : this.#bytes;
  }

  /** Something was acknowledged, where a round trip takes `usualMs` without a queue. */
  delivered({ bytes, roundTripMs }: Delivered, usualMs: number): void {
    this.#bytes += bytes;
    this.#isLate ||= roundTripMs > shareMs(usualMs);
  }

  /** A round trip is over; this is its rate, in bytes per millisecond. */
  nextRound(bytesPerMs: number): void {
    this.#startup.nextRound(bytesPerMs);
  }
}
