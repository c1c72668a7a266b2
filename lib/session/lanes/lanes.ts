/**
 * How many bulk carriers a client has.
 *
 * @module
 */
import { SlidingSum } from "./sliding_sum.ts";

/** A bulk carrier is given this long to show what it is worth, in milliseconds. */
const TRIAL_MS = 10_000;
/** One that carries less than this share of an average one goes. */
const LEAST_SHARE = 1 / 2;

/** A bulk carrier. */
interface BulkCarrier {
  readonly sinceMs: number;
  readonly moved: SlidingSum;
}

/**
 * Decides for a client how many bulk carriers there are to be, by what both ends wish for and by what each of them
 * carries. A pure core.
 *
 * Source: `PROTOCOL.md`, "Lanes".
 *
 * @example
 * ```ts
 * import { Lanes } from "./lanes.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const lanes = new Lanes(5);
 * assertEquals(lanes.target, 0);
 * lanes.wished("peer", 9);
 * assertEquals(lanes.target, 5);
 * ```
 */
export class Lanes {
  readonly #most: number;
  readonly #wished = { own: 0, peer: 0 };
  readonly #bulk: Map<number, BulkCarrier> = new Map();
  /** How many went since they carried little, while bulk went on. */
  #useless = 0;

  /** No bulk carriers; `most` are allowed. */
  constructor(most: number) {
    this.#most = most;
  }

  /** How many bulk carriers there are to be. */
  get target(): number {
    const most = Math.min(Math.max(this.#wished.own, this.#wished.peer), this.#most);
    return most === 0 ? 0 : Math.max(1, most - this.#useless);
  }

  /** An end wishes for so many. */
  wished(end: "own" | "peer", count: number): void {
    this.#wished[end] = count;
    if (this.target === 0) this.#useless = 0;
  }

  /** A bulk carrier was attached. */
  attached(number: number, nowMs: number): void {
    this.#bulk.set(number, { sinceMs: nowMs, moved: new SlidingSum(TRIAL_MS) });
  }

  /** A carrier is gone, or has become the quiet one. */
  gone(number: number): void {
    this.#bulk.delete(number);
  }

  /** `bytes` were moved by a carrier, in either direction. */
  moved(number: number, bytes: number, nowMs: number): void {
    this.#bulk.get(number)?.moved.add(nowMs, bytes);
  }

  /** Looks at what they carry, every second or so. Returns the numbers of those that leave. */
  look(nowMs: number): number[] {
    if (this.target === 0) return [...this.#bulk.keys()];
    const least = this.#least(nowMs);
    if (least === undefined) return [];
    // One at a time: what it carried then goes on the others, and each has its trial.
    if (this.#bulk.size > this.target) return [least.number];
    if (!least.isUseless) return [];
    this.#useless++;
    return [least.number];
  }

  /** The bulk carrier that carries the least, and whether all were tried and that is too little. */
  #least(nowMs: number): { number: number; isUseless: boolean } | undefined {
    const carriers = [...this.#bulk].map(([number, { sinceMs, moved }]) => {
      return { number, isTried: nowMs - sinceMs >= TRIAL_MS, bytes: moved.at(nowMs) };
    });
    const [least] = carriers.sort((one, other) => one.bytes - other.bytes || other.number - one.number);
    if (least === undefined) return undefined;
    const average = carriers.reduce((sum, { bytes }) => sum + bytes, 0) / carriers.length;
    const isUseless = carriers.every(({ isTried }) => isTried) && least.bytes < LEAST_SHARE * average;
    return { number: least.number, isUseless };
  }
}
