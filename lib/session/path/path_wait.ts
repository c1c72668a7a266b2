/**
 * What everything on a path waits behind, whichever carrier it is on.
 *
 * @module
 */
import { SLOWEST_RATE } from "../carrier/drain_time.ts";
import { FIRST_BOUND } from "./startup.ts";

/** A round trip of the handshake carries more than this both ways, headers included, in bytes. */
const HANDSHAKE_BYTES = 256;

/** What a carrier has under way, as a `Flight` counts it. */
export interface Load {
  /** Bytes sent but not acknowledged. */
  readonly inFlight: number;
  /** Bytes that were acknowledged. */
  readonly acknowledged: number;
  /** When something was sent last, in milliseconds. */
  readonly sentMs: number;
}

/** An answer says for so long, and for as long as it took, what others wait for; in milliseconds. */
const KEPT_MS = 10_000;

/**
 * Knows what is in the queue of a path, and how long answers take that wait there.
 *
 * A pure core. Invariant 7: all carriers of a path wait in one queue. One that has nothing under way itself, or has only
 * just begun, is silent for as long as what others have there needs; so is one that comes behind another which was given
 * up, whose bytes are on their way all the same. But a queue keeps its order: when something has arrived that was sent
 * later, what is missing of a carrier is in nobody's way. It is lost, or waits in that carrier's own buffer.
 *
 * Source: `PROTOCOL.md`, "Liveness".
 *
 * @example
 * ```ts
 * import { PathWait } from "./path_wait.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const wait = new PathWait();
 * const bulk = { inFlight: 30_000, acknowledged: 8_000, sentMs: 4_000 };
 * const quiet = { inFlight: 0, acknowledged: 20, sentMs: 100 };
 * wait.add(bulk);
 * wait.add(quiet);
 * assertEquals([wait.bytes, wait.acknowledged], [30_000, 8_020]);
 * wait.remove(bulk, 5_000); // given up
 * assertEquals([wait.bytes, wait.acknowledged], [30_000, 8_020]);
 * wait.arrived(6_000, 80); // what was sent behind it
 * assertEquals(wait.bytes, 0);
 * ```
 */
export class PathWait {
  readonly #loads: Set<Load> = new Set();
  /** When what has arrived was sent, the latest of it. */
  #arrivedMs = -Infinity;
  /** How long that took until this end knew, in milliseconds. */
  #roundTripMs = Infinity;
  /** What those that are gone had under way, until something arrives that was sent later. */
  #leftBytes = 0;
  #leftMs = -Infinity;
  #acknowledgedBefore = 0;
  #cameBytes = 0;
  #longestMs = 0;
  #longestToldMs = -Infinity;

  /** A carrier begins. */
  add(load: Load): void {
    // Behind an outage nothing is known of it, and the peer begins anew.
    if (this.#loads.size === 0) this.#cameBytes = 0;
    this.#loads.add(load);
  }

  /** A carrier is gone; what it has under way is not. */
  remove(load: Load, nowMs: number): void {
    if (!this.#loads.delete(load)) return;
    this.#acknowledgedBefore += load.acknowledged;
    if (load.inFlight === 0) return;
    this.#leftBytes += load.inFlight;
    this.#leftMs = nowMs;
  }

  /**
   * Something that was sent at `sentMs` has arrived, as this end knows `roundTripMs` later: so has all that was in front
   * of it, or never will.
   */
  arrived(sentMs: number, roundTripMs: number): void {
    if (sentMs >= this.#arrivedMs) {
      this.#arrivedMs = sentMs;
      this.#roundTripMs = roundTripMs;
    }
    if (sentMs >= this.#leftMs) this.#leftBytes = 0;
  }

  /** The round trip of what was sent last of all that has arrived, in milliseconds; `Infinity` if that was before then. */
  roundTripSince(thenMs: number): number {
    return this.#arrivedMs >= thenMs ? this.#roundTripMs : Infinity;
  }

  /** How long ago the last of what has arrived was sent, in milliseconds; `Infinity` if nothing has. */
  tookMs(nowMs: number): number {
    return nowMs - this.#arrivedMs;
  }

  /** Bytes on their way, on whichever carrier, also those that are in doubt or gone; but not what is overtaken. */
  get bytes(): number {
    let bytes = this.#leftBytes;
    for (const { inFlight, sentMs } of this.#loads) if (sentMs >= this.#arrivedMs) bytes += inFlight;
    return bytes;
  }

  /** Bytes that were ever acknowledged on it. */
  get acknowledged(): number {
    let bytes = this.#acknowledgedBefore;
    for (const { acknowledged } of this.#loads) bytes += acknowledged;
    return bytes;
  }

  /** So many bytes came on one of its carriers. */
  came(bytes: number): void {
    this.#cameBytes += bytes;
  }

  /**
   * How long what the peer sends before it knows the path may need, in milliseconds; 0 once so much came since the first
   * of those began that are there. When a packet of it is lost, TCP hands over nothing until all of it has passed.
   *
   * @param handshakeMs The round trip of a handshake: no slower is the path than what that carried in it.
   */
  peerFirstMs(handshakeMs: number): number {
    if (this.#cameBytes >= FIRST_BOUND) return 0;
    return FIRST_BOUND * Math.min(1 / SLOWEST_RATE, handshakeMs / HANDSHAKE_BYTES);
  }

  /** An answer takes so long on one of its carriers, or is due for so long while what is in front of it comes. */
  took(nowMs: number, ms: number): void {
    if (ms < this.answerMs(nowMs)) return;
    this.#longestMs = ms;
    this.#longestToldMs = nowMs;
  }

  /** The longest that an answer took lately, on any of its carriers, in milliseconds; 0 if unknown. */
  answerMs(nowMs: number): number {
    return nowMs - this.#longestToldMs <= KEPT_MS + this.#longestMs ? this.#longestMs : 0;
  }
}
