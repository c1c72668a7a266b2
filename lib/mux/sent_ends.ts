/**
 * Ends that were sent and that the peer has not acknowledged.
 *
 * @module
 */

/** A stream that has sent its end. */
export interface Ender {
  /** The peer has taken the end, and so everything in front of it. */
  endTaken(): void;
}

/**
 * Tells streams when the peer has taken their ends. A pure core: what is sent is not taken (invariant 8).
 *
 * @example
 * ```ts
 * import { SentEnds } from "./sent_ends.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const ends = new SentEnds();
 * const taken: string[] = [];
 * ends.add({ endTaken: () => taken.push("first") }, 100);
 * ends.add({ endTaken: () => taken.push("second") }, 200);
 * ends.acknowledged(150);
 * assertEquals(taken, ["first"]);
 * ```
 */
export class SentEnds {
  /** In the order of the log, and so of offsets. */
  readonly #waiting: Map<Ender, number> = new Map();

  /** Waits for the acknowledgement of everything up to `offset` of the counted bytes, where the end of `ender` lies. */
  add(ender: Ender, offset: number): void {
    this.#waiting.set(ender, offset);
  }

  /** `ender` is over, whatever becomes of its end: a peer that acknowledges nothing must not keep it in memory. */
  forget(ender: Ender): void {
    this.#waiting.delete(ender);
  }

  /** The peer has everything before `offset`. */
  acknowledged(offset: number): void {
    for (const [ender, end] of this.#waiting) {
      if (end > offset) return;
      this.#waiting.delete(ender);
      ender.endTaken();
    }
  }
}
