/**
 * The time that a carrier still has once its end is certain.
 *
 * @module
 */
import type { Clock, Timer } from "../../net/clock.ts";
import { reasonOf } from "../../net/error.ts";
import { Farewell, type Leaving } from "./farewell.ts";

/** How long reading goes on after a failed write, unless it ends before, in milliseconds. */
const LAST_READS_MS = 50;

/** Options of {@linkcode Departure}. */
export interface DepartureOptions {
  /** Time. */
  clock: Clock;
  /** The connection has come to its end, or what was waited for has not come in time. */
  onLost(reason: string): void;
}

/**
 * Behind a goodbye a carrier reads until the peer closes, or {@linkcode Farewell} says that it was enough: closing
 * sooner would take the goodbye back. Behind a write that failed it reads for a moment.
 *
 * @example
 * ```ts
 * import { Departure } from "./departure.ts";
 * import { systemClock } from "../../net/clock.ts";
 * import { assert } from "@std/assert";
 *
 * const departure = new Departure({ clock: systemClock, onLost() {} });
 * departure.begin({ bytes: 0, rate: 0, roundTripMs: 0 });
 * assert(departure.hasBegun);
 * departure.cancel();
 * ```
 */
export class Departure {
  readonly #options: DepartureOptions;
  #farewell: Farewell | undefined;
  #hasPeerLeft = false;
  #isTold = false;
  #isOver = false;
  /** Directions that have not ended, behind leaves of both ends. */
  #openHalves = 2;
  #leaveTimer: Timer | undefined;
  #lastReads: Timer | undefined;

  /** Nothing is certain yet. */
  constructor(options: DepartureOptions) {
    this.#options = options;
  }

  /** Whether it has begun. */
  get hasBegun(): boolean {
    return this.#farewell !== undefined;
  }

  /** A goodbye or a leave is about to be written; or the carrier is gone, and a goodbye may still come. */
  begin(leaving: Omit<Leaving, "nowMs">): void {
    const nowMs = this.#options.clock.now();
    this.#leaveTimer?.cancel();
    this.#farewell = new Farewell({ nowMs, ...leaving });
    this.#leaveLater(this.#farewell, nowMs);
  }

  #leaveLater(farewell: Farewell, nowMs: number): void {
    const leftMs = farewell.leftMs(nowMs);
    if (leftMs === 0) return this.#options.onLost("the other side did not close the connection in time");
    this.#leaveTimer = this.#options.clock.setTimer(
      () => this.#leaveLater(farewell, this.#options.clock.now()),
      leftMs,
    );
  }

  /** The peer has sent a leave: `leave` is to answer it. */
  peerLeft(leave: () => void): void {
    this.#hasPeerLeft = true;
    leave();
  }

  /** The peer has ended its direction: a loss, unless that is behind a leave. */
  peerEnded(): void {
    if (this.#hasPeerLeft) return this.halfEnded();
    this.#isTold = this.hasBegun;
    this.#options.onLost("the other side closed the connection");
  }

  /** One direction has ended behind a leave. When both have, the carrier is gone, and that is no loss. */
  halfEnded(): void {
    if (--this.#openHalves === 0) this.#options.onLost("both sides have left the connection");
  }

  /** Whether the peer has closed behind a goodbye. */
  get isTold(): boolean {
    return this.#isTold;
  }

  /** The peer has closed another carrier behind the same goodbye; this one may be on a path that is dead. */
  toldElsewhere(): void {
    if (this.#farewell === undefined || this.#isOver) return;
    const nowMs = this.#options.clock.now();
    this.#farewell.toldElsewhere(nowMs);
    this.#leaveTimer?.cancel();
    this.#leaveLater(this.#farewell, nowMs);
  }

  /** Bytes came, behind that. */
  heard(): void {
    this.#farewell?.heard(this.#options.clock.now());
  }

  /** The peer has acknowledged something that was in front. */
  progressed(): void {
    this.#farewell?.progressed(this.#options.clock.now());
  }

  /**
   * The peer takes nothing any more; but what it sent before may wait to be read, and must count. Else a network that
   * resets each carrier right behind some data would never let a session get on (invariant 2).
   */
  writeFailed(error: unknown): void {
    this.#lastReads = this.#options.clock.setTimer(() => this.#options.onLost(reasonOf(error)), LAST_READS_MS);
  }

  /** The carrier is gone. */
  cancel(): void {
    this.#isOver = true;
    this.#leaveTimer?.cancel();
    this.#lastReads?.cancel();
  }
}
