/**
 * The turns of one session, so that others have theirs.
 *
 * @module
 */
import type { Clock, Timer } from "../net/clock.ts";
import type { Allowance } from "./carrier/frame_reader.ts";
import { MOST_TURN_COST } from "./session_constants.ts";

/** Between two turns of a session that has more to take than one holds, in milliseconds. */
const TURN_PAUSE_MS = 1;

/**
 * Lets what all carriers of a session deliver have its turn, and makes the rest wait for the next.
 *
 * Invariant 10: one session's turn at the event loop is short. Source: `PROTOCOL.md`, "Flow control", "Turns".
 */
export class ReceivingTurns {
  /** What the frames of the present turn may still cost. */
  readonly allowance: Allowance = { left: MOST_TURN_COST };
  readonly #clock: Clock;
  #pause: PromiseWithResolvers<void> | undefined;
  #timer: Timer | undefined;

  /** A first turn. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What was read was handed over, or the allowance is used up. The promise, if there is one, settles when it goes on. */
  ended(): Promise<void> | undefined {
    if (this.#pause !== undefined) return this.#pause.promise;
    if (this.allowance.left >= 1) {
      this.allowance.left = MOST_TURN_COST;
      return undefined;
    }
    const pause = this.#pause = Promise.withResolvers<void>();
    this.#timer = this.#clock.setTimer(() => {
      this.allowance.left = MOST_TURN_COST;
      this.#pause = undefined;
      pause.resolve();
    }, TURN_PAUSE_MS);
    return pause.promise;
  }

  /**
   * The session is over: whoever waits has the memory of a read, and goes on to its end. What its carriers read behind a
   * goodbye has turns as before.
   */
  stop(): void {
    this.#timer?.cancel();
    this.#pause?.resolve();
    this.#pause = undefined;
    this.allowance.left = MOST_TURN_COST;
  }
}
