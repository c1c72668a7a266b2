/**
 * How many bytes a path may have under way.
 *
 * @module
 */
import { type Delivery, Flight } from "./flight.ts";
import { LoneBound } from "./lone_bound.ts";

/** Quiet streams may pass the bound by this much together, so that a keystroke need not wait for bulk, in bytes. */
const MOST_QUIET_BYTES = 64 * 1024, LEAST_QUIET_BYTES = 1024;
/** And by no more than the path carries in this time. */
const QUIET_MS = 50;

/** No frame of data is longer than what the path carries in this time, but this long at least, in bytes. */
const FRAME_MS = 10, LEAST_FRAME_BYTES = 2 * 1024;

/**
 * Bounds the bytes that are sent but unacknowledged on a path, and tells what is known of it.
 *
 * A pure state machine: no I/O, no timers. Source: `PROTOCOL.md`, "The path's bound".
 *
 * @example Ask for room, send, and tell what was acknowledged
 * ```ts
 * import { PathBound } from "./path_bound.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const path = new PathBound();
 * const flight = path.join();
 * assertEquals(flight.room(), 32 * 1024);
 *
 * flight.onSend(0, 20_000);
 * assertEquals(flight.room(), 12_768);
 *
 * flight.onAck(80, 20_000);
 * assertEquals(flight.inFlight, 0);
 * assertEquals(path.lowestRoundTripMs, 80);
 * assertEquals(path.rateBytesPerMs, 250);
 * ```
 */
export class PathBound {
  readonly #lone = new LoneBound();

  /** A carrier begins, with nothing under way. */
  join(): Flight {
    return new Flight(this);
  }

  /** How many bytes may be in flight now; see {@linkcode LoneBound.bound}. */
  get bound(): number {
    return this.#lone.bound;
  }

  /** By how much quiet streams may pass the bound, in bytes. */
  get quietBytes(): number {
    if (!this.#lone.isRateFound) return MOST_QUIET_BYTES;
    return Math.min(MOST_QUIET_BYTES, Math.max(LEAST_QUIET_BYTES, Math.ceil(QUIET_MS * this.rateBytesPerMs)));
  }

  /** How long a frame of data may be, in bytes; `Infinity` while nothing is known. */
  get frameBytes(): number {
    if (!this.#lone.isRateFound) return Infinity;
    return Math.max(LEAST_FRAME_BYTES, Math.ceil(FRAME_MS * this.rateBytesPerMs));
  }

  /** See {@linkcode LoneBound.lowestRoundTripMs}. */
  get lowestRoundTripMs(): number {
    return this.#lone.lowestRoundTripMs;
  }

  /** See {@linkcode LoneBound.rateBytesPerMs}. */
  get rateBytesPerMs(): number {
    return this.#lone.rateBytesPerMs;
  }

  /** See {@linkcode LoneBound.isDraining}. */
  get isDraining(): boolean {
    return this.#lone.isDraining;
  }

  /** A {@linkcode Flight} of it tells of an acknowledgement. */
  onDelivery(delivery: Delivery): void {
    this.#lone.onDelivery(delivery);
  }
}
