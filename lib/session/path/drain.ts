/**
 * A moment with little under way, which tells a queue of ours from a longer path.
 *
 * @module
 */

/** Samples are taken for a round trip, at most this long, in milliseconds. */
const SAMPLES_MS = 50;
/** What cuts the round trip to this share was a queue: the drain goes on with less. */
const SHRANK = 0.9;
/** A drain whose queue does not empty ends after this long, or after two of the present round trips. */
const LIMIT_MS = 200;

/** Options of {@linkcode Drain}. */
export interface DrainOptions {
  /** The time in milliseconds. */
  nowMs: number;
  /** The present round trip, queues included, in milliseconds. */
  roundTripMs: number;
  /** The rate from which it takes its bound, in bytes per millisecond. */
  bytesPerMs: number;
  /** What the path carried in earlier round trips counts no more when it is over. */
  forgetsRate: boolean;
}

/**
 * Measures the round trip while little is under way.
 *
 * A path with a longer round trip and one with a lower rate look alike from here: the acknowledgements come late. Only
 * in the second case they come sooner when less is sent.
 *
 * @example
 * ```ts
 * import { Drain } from "./drain.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const drain = new Drain({ nowMs: 0, roundTripMs: 100, bytesPerMs: 1_000, forgetsRate: false });
 * assertEquals(drain.add(100, 60, 80), false); // it was a queue, in part
 * assertEquals(drain.add(160, 58, 60), false);
 * assertEquals([drain.add(210, 58, 58), drain.lowestMs], [true, 58]);
 * ```
 */
export class Drain {
  /** The rate from which it takes its bound, in bytes per millisecond: what it delivers itself is less. */
  readonly bytesPerMs: number;
  /** What the path carried in earlier round trips counts no more when it is over. */
  readonly forgetsRate: boolean;
  readonly #endMs: number;
  #lowestMs = Infinity;
  #sampledMs = -1;

  /** Begins. */
  constructor(options: DrainOptions) {
    this.bytesPerMs = options.bytesPerMs;
    this.forgetsRate = options.forgetsRate;
    this.#endMs = options.nowMs + Math.max(LIMIT_MS, 2 * options.roundTripMs);
  }

  /** The lowest round trip of it, in milliseconds; `Infinity` before there is one. */
  get lowestMs(): number {
    return this.#lowestMs;
  }

  /** Whether the queue does not empty: then it is not ours. */
  isInVain(nowMs: number): boolean {
    return nowMs > this.#endMs;
  }

  /**
   * Something is acknowledged that was sent with little under way.
   *
   * @param believedMs The lowest round trip as it is believed.
   * @returns Whether the drain is over.
   */
  add(nowMs: number, roundTripMs: number, believedMs: number): boolean {
    this.#lowestMs = Math.min(this.#lowestMs, roundTripMs);
    if (this.#lowestMs < SHRANK * believedMs) {
      this.#sampledMs = -1;
      return false;
    }
    if (this.#sampledMs < 0) this.#sampledMs = nowMs;
    return nowMs - this.#sampledMs >= Math.min(SAMPLES_MS, this.#lowestMs);
  }
}
