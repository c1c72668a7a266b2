/**
 * What is to happen in a run, and when.
 *
 * @module
 */
import type { SimClock } from "./clock.ts";

/** Actions at times counted from the beginning of the run, in virtual milliseconds. */
export class Schedule {
  /** When the run began, by its clock. */
  readonly startMs: number;
  /** The network is whole for good: nothing befalls it any more. */
  isHealed = false;
  readonly #clock: SimClock;
  #pending = 0;

  constructor(clock: SimClock) {
    this.#clock = clock;
    this.startMs = clock.now();
  }

  /** Actions that are still to come. */
  get pending(): number {
    return this.#pending;
  }

  /** Does `action` at `atMs`. */
  at(atMs: number, action: () => void): void {
    this.#pending++;
    const delayMs = this.startMs + atMs - this.#clock.now();
    this.#clock.setTimer(() => {
      this.#pending--;
      action();
    }, delayMs);
  }

  /** Does `action` in `delayMs` from now. */
  after(delayMs: number, action: () => void): void {
    this.at(this.#clock.now() - this.startMs + delayMs, action);
  }
}
