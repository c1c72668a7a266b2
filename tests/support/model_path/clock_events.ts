/**
 * Events of the model at the times of a clock.
 *
 * @module
 */
import type { Clock } from "../../../lib/net/clock.ts";
import type { Schedule } from "./events.ts";

/** What is to happen, by a clock that a test moves. */
export class ClockEvents implements Schedule {
  readonly #clock: Clock;

  /** Nothing is to happen. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get now(): number {
    return this.#clock.now();
  }

  at(ms: number, run: () => void): void {
    this.#clock.setTimer(run, ms - this.#clock.now());
  }

  after(ms: number, run: () => void): void {
    this.#clock.setTimer(run, ms);
  }
}
