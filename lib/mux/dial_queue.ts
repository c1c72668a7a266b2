/**
 * When the users of newly opened streams are dialled: in turns, and at a bounded rate.
 *
 * @module
 */
import type { Clock, Timer } from "../net/clock.ts";
import { DIALS_A_LATER_TURN, DIALS_A_SECOND, DIALS_A_TURN, MOST_DIALS_AT_ONCE } from "./mux_constants.ts";

/** A stream that waits for its user. */
export interface Dialled {
  /** Whether it is over: then nobody is dialled for it. */
  readonly isEnded: boolean;
}

/**
 * Streams of one session that wait for their users.
 *
 * A dial costs many times what an open costs its sender (invariant 10). A stream that is reset in the same step
 * is not dialled for, and beyond a burst the rate of a session is bounded. A stream that comes to a good end gives its dial
 * back: a client that uses the connections it opens may open as many as both ends can serve. The first turn is long
 * enough for the connections that a program opens together; behind a turn that left some waiting the next are short,
 * since all other sessions wait for each of them.
 *
 * @example
 * ```ts
 * import { DialQueue } from "./dial_queue.ts";
 * import { systemClock } from "../net/clock.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const dialled: unknown[] = [];
 * const queue = new DialQueue(systemClock, (stream) => dialled.push(stream));
 * const [open, reset] = [{ isEnded: false }, { isEnded: true }];
 * queue.add(open);
 * queue.add(reset);
 * queue.dialDue();
 * assertEquals(dialled, [open]);
 * ```
 */
export class DialQueue<Stream extends Dialled> {
  readonly #clock: Clock;
  readonly #dial: (stream: Stream) => void;
  #waiting: Stream[] = [];
  /** Dials that may begin at once, and when that was true. */
  #left = MOST_DIALS_AT_ONCE;
  #leftAtMs: number;
  #timer: Timer | undefined;
  /** Whether the last turn left some. */
  #isBehind = false;

  /** An empty queue that dials with `dial`. */
  constructor(clock: Clock, dial: (stream: Stream) => void) {
    this.#clock = clock;
    this.#dial = dial;
    this.#leftAtMs = clock.now();
  }

  /** `stream` was opened. */
  add(stream: Stream): void {
    this.#waiting.push(stream);
  }

  /** The step is over in which streams were added: dials for those that are still there, in turns. */
  dialDue(): void {
    if (this.#waiting.length === 0 || this.#timer !== undefined) return;
    this.#refill();
    const waiting = this.#waiting.filter((stream) => !stream.isEnded);
    const most = this.#isBehind ? DIALS_A_LATER_TURN : DIALS_A_TURN;
    const now = waiting.splice(0, Math.min(most, Math.floor(this.#left)));
    this.#waiting = waiting;
    this.#isBehind = waiting.length > 0;
    this.#left -= now.length;
    for (const stream of now) this.#dial(stream);
    if (this.#waiting.length > 0) this.#timer = this.#clock.setTimer(() => this.#goOn(), PAUSE_MS);
  }

  /** A stream that was dialled for was carried to its end. */
  wasOfUse(): void {
    this.#left = Math.min(MOST_DIALS_AT_ONCE, this.#left + 1);
  }

  /** Dials for nobody any more. */
  drop(): void {
    this.#waiting = [];
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #goOn(): void {
    this.#timer = undefined;
    this.dialDue();
  }

  #refill(): void {
    const nowMs = this.#clock.now();
    const more = (nowMs - this.#leftAtMs) * DIALS_A_SECOND / 1000;
    this.#left = Math.min(MOST_DIALS_AT_ONCE, this.#left + more);
    this.#leftAtMs = nowMs;
  }
}

/** Between two turns while streams wait, in milliseconds. */
const PAUSE_MS = 1;
