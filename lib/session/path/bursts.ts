/**
 * How long a path lets nothing through between two bursts.
 *
 * @module
 */

/** Shorter ones are left to other rules: peers keep back acknowledgements, and machines are busy. In milliseconds. */
const LEAST_MS = 200;
/** Two packets take their time on a slow path, in bytes. */
const PACKETS_BYTES = 3_000;
/** A silence lasts for a round trip, more or less. */
const ABOUT = 0.9;
/** The next silence begins before more has come than in this many times the longer of the two, or it is an accident. */
const NEXT_WITHIN = 1;
/** What comes for this many times a silence without another one shows that there are none any more. */
const FORGOTTEN_AFTER = 2;

/** Something that came back. */
export interface Arrived {
  /** The time in milliseconds. */
  nowMs: number;
  /** Since that was sent which it answers, in milliseconds. */
  roundTripMs: number;
  /** The lowest round trip, in milliseconds; 0 if unknown. */
  lowestRoundTripMs: number;
  /** What the path delivers, in bytes per millisecond; 0 if unknown. */
  bytesPerMs: number;
}

/**
 * Measures for how long nothing comes back between two bursts: radio links, cable modems and boxes that spare packets
 * gather what passes, and let it through together. There a round trip takes until the next burst, however short the
 * lowest one is, which just did not wait.
 *
 * One silence that is longer than the lowest round trip may be an outage or a lost packet, so the shorter of two that
 * follow each other soon counts, and is forgotten where none follows. A queue makes none: what waits there comes in turn.
 *
 * A pure core. Source: `PROTOCOL.md`, "The path's bound".
 *
 * @example A box lets through what it has every 500 ms
 * ```ts
 * import { Bursts } from "./bursts.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const bursts = new Bursts(), path = { lowestRoundTripMs: 40, bytesPerMs: 1_000 };
 * for (const nowMs of [500, 1_000, 1_500]) {
 *   for (let roundTripMs = 500; roundTripMs > 40; roundTripMs -= 20) bursts.arrived({ nowMs, roundTripMs, ...path });
 * }
 * assertEquals([bursts.silentMs, bursts.usualMs(40), bursts.usualMs(600)], [500, 500, 600]);
 * for (let nowMs = 1_500; nowMs < 3_500; nowMs += 50) bursts.arrived({ nowMs, roundTripMs: 40, ...path });
 * assertEquals(bursts.silentMs, 0);
 * ```
 */
export class Bursts {
  #arrivedMs = -Infinity;
  #lastMs = 0;
  /** For how long something came since the last silence, pauses without anything under way left out. */
  #comesMs = 0;
  #silentMs = 0;

  /** For how long nothing may come that is under way, in milliseconds; 0 where what comes is not gathered. */
  get silentMs(): number {
    return this.#silentMs;
  }

  /** How long a round trip takes without a queue, in milliseconds: where answers come in bursts, until the next one. */
  usualMs(lowestRoundTripMs: number): number {
    return Math.max(lowestRoundTripMs, this.#silentMs);
  }

  /** Something came back, whatever it is. */
  arrived({ nowMs, roundTripMs, lowestRoundTripMs, bytesPerMs }: Arrived): void {
    if (lowestRoundTripMs === 0) return;
    const silentMs = nowMs - Math.max(this.#arrivedMs, nowMs - roundTripMs);
    const packetsMs = bytesPerMs > 0 ? PACKETS_BYTES / bytesPerMs : 0;
    this.#comesMs += Math.min(nowMs - this.#arrivedMs, LEAST_MS);
    this.#arrivedMs = nowMs;
    if (silentMs >= Math.max(LEAST_MS, ABOUT * lowestRoundTripMs, packetsMs)) this.#ends(silentMs);
    else if (this.#comesMs > FORGOTTEN_AFTER * this.#silentMs) this.#silentMs = 0;
  }

  #ends(silentMs: number): void {
    const isNext = this.#comesMs <= NEXT_WITHIN * Math.max(silentMs, this.#lastMs);
    this.#silentMs = isNext ? Math.min(silentMs, this.#lastMs) : 0;
    this.#lastMs = silentMs;
    this.#comesMs = 0;
  }
}
