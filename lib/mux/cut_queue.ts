/**
 * Streams of lost sessions that are still to be cut.
 *
 * @module
 */
import type { Clock, Timer } from "../net/clock.ts";
import type { TeleError } from "../net/error.ts";
import { RefusalError } from "../session/ending.ts";
import { EndCode } from "../session/session_constants.ts";
import { CUTS_A_TURN } from "./mux_constants.ts";

/** A stream of a session that is over. */
export interface LosableStream {
  /** Whether both directions have ended and arrived at the other end. */
  readonly isComplete: boolean;
  /** It is lost; `isWished` if the peer's process was asked to end. */
  cut(message: string, isWished: boolean): void;
}

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
   * Cuts those of `streams` that are lost with their session, which ended by `error`.
   *
   * A stream that is complete has nothing to lose with the session, and its user still takes what has come: cut it, and
   * the last bytes of a client that ended as soon as all was acknowledged would be gone (invariant 8). But a process that
   * ends itself cannot wait for its users.
   */
  lose(streams: readonly LosableStream[], error: TeleError): void {
    const isOwnEnd = error.code === "closed";
    const isWished = error instanceof RefusalError && error.endCode === EndCode.shutdown;
    const cuts = streams.filter((stream) => isOwnEnd || !stream.isComplete)
      .map((stream) => () => stream.cut(error.message, isWished));
    if (isOwnEnd) this.addLast(cuts);
    else this.add(cuts);
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
