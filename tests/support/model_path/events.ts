/**
 * Time that jumps from one event to the next.
 *
 * @module
 */
import { TimeHeap } from "../time_heap.ts";

/** What is to happen later. */
export interface Schedule {
  /** The present time, in milliseconds. */
  readonly now: number;
  /** Runs this at `ms`, or when the present is over, if that is past. */
  at(ms: number, run: () => void): void;
  /** Runs this after `ms`. */
  after(ms: number, run: () => void): void;
}

/** What is to happen, in order of time; at one time, in the order in which it was told. */
export class Events implements Schedule {
  /** The present time, in milliseconds. */
  now = 0;
  readonly #heap: TimeHeap<{ dueMs: number; run: () => void }> = new TimeHeap();

  /** Runs this at `ms`, or at once when the present is over, if that is past. */
  at(ms: number, run: () => void): void {
    this.#heap.push({ dueMs: Math.max(ms, this.now), run });
  }

  /** Runs this after `ms`. */
  after(ms: number, run: () => void): void {
    this.at(this.now + ms, run);
  }

  /** Runs all that is due up to `ms`. */
  runUntil(ms: number): void {
    for (let event = this.#heap.first; event !== undefined && event.dueMs <= ms; event = this.#heap.first) {
      this.#heap.takeFirst();
      this.now = event.dueMs;
      event.run();
    }
    this.now = ms;
  }
}
