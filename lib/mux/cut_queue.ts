/**
 * Streams of lost sessions that are still to be cut.
 *
 * @module
 */
import type { Clock, Timer } from "../net/clock.ts";
import { CUTS_A_TURN } from "./mux_constants.ts";

/**
 * Cuts streams in turns, for all sessions of a process together: each cut ends a connection, and while thousands are
 * cut nobody else would get a turn (invariant 10).
 *
 * @example
 * ```ts
 * import { CutQueue } from "./cut_queue.ts";
 * import { systemClock } from "../net/clock.ts";
 * import { assertEquals } from "@std/assert";
 *
 * let cut = 0;
 * const queue = new CutQueue(systemClock);
 * queue.add(Array.from({ length: 1_000 }, () => () => void cut++));
 * assertEquals(cut, 128);
 * queue.finish();
 * assertEquals(cut, 1_000);
 * ```
 */
export class CutQueue {
  readonly #clock: Clock;
  readonly #onEmpty: () => void;
  #waiting: (() => void)[] = [];
  #timer: Timer | undefined;

  /** An empty queue. `onEmpty` is told each time that all were cut. */
  constructor(clock: Clock, onEmpty: () => void = () => {}) {
    this.#clock = clock;
    this.#onEmpty = onEmpty;
  }

  /**
   * Calls each of `cuts`: some at once, unless others wait.
   *
   * @throws What the first throws of those that are called at once.
   */
  add(cuts: (() => void)[]): void {
    this.#waiting = this.#waiting.concat(cuts);
    if (this.#timer === undefined) this.#cut(CUTS_A_TURN);
  }

  /**
   * As {@linkcode CutQueue.add}, but all at once: the process ends.
   *
   * @throws As there.
   */
  addLast(cuts: (() => void)[]): void {
    this.#waiting = this.#waiting.concat(cuts);
    this.finish();
  }

  /**
   * The process ends: calls all that wait. A connection that the system closes in its place may look like a clean end.
   */
  finish(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#waiting.length > 0) this.#cut(Infinity);
  }

  #cut(most: number): void {
    const faults: unknown[] = [];
    for (const cut of this.#waiting.splice(0, most)) {
      try {
        cut();
      } catch (fault) {
        faults.push(fault);
      }
    }
    if (this.#waiting.length > 0) this.#timer = this.#clock.setTimer(() => this.#goOn(), 1);
    else this.#onEmpty();
    if (faults.length > 0) throw faults[0];
  }

  #goOn(): void {
    this.#timer = undefined;
    this.#cut(CUTS_A_TURN);
  }
}
