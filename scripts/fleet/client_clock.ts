/**
 * A clock whose timers can be thrown away, with all that they hold.
 *
 * @module
 */
import type { Clock, Timer } from "../../lib/net/clock.ts";

interface Held {
  action: (() => void) | undefined;
}

/** Time for those who are to leave nothing in memory when they are gone. */
export class ClientClock implements Clock {
  readonly #clock: Clock;
  readonly #held: Set<Held> = new Set();

  /** The same time as that of `clock`. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  wallNow(): number {
    return this.#clock.wallNow();
  }

  setTimer(action: () => void, delayMs: number): Timer {
    const held: Held = { action };
    this.#held.add(held);
    const take = () => {
      const taken = held.action;
      held.action = undefined;
      this.#held.delete(held);
      return taken;
    };
    const timer = this.#clock.setTimer(() => take()?.(), delayMs);
    return {
      cancel() {
        take();
        timer.cancel();
      },
    };
  }

  /** Nothing that was planned happens. */
  forget(): void {
    for (const held of this.#held) held.action = undefined;
    this.#held.clear();
  }
}
