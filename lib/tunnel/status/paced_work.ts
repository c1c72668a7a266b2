/**
 * Work that anybody may ask for at any rate, done at one that leaves the process most of its time.
 *
 * @module
 */
import type { Clock, Timer } from "../../net/clock.ts";
import { TeleError } from "../../net/error.ts";

/** How many times as long as it took nothing is done behind a piece of work: at least nine tenths are for tunnels. */
const PAUSE_FACTOR = 9;

/** Longest pause, in milliseconds: whoever asks waits for a few pieces of work at the most, and has patience for seconds. */
const LONGEST_PAUSE_MS = 1_000;

/** A piece of work that waits. */
interface Waiting<Made> {
  readonly work: () => Made;
  readonly made: PromiseWithResolvers<Made>;
}

/**
 * Does one piece of work after the other, with pauses in between. Work that takes no time is done at once; who asks in
 * a pause waits for its end, and all who wait for the same share what is made then.
 *
 * @example
 * ```ts
 * import { PacedWork } from "./paced_work.ts";
 * import { systemClock } from "../../net/clock.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const paced = new PacedWork<string>(systemClock);
 * assertEquals(await paced.do("greeting", () => "hello"), "hello");
 * paced.stop("the example ends");
 * ```
 */
export class PacedWork<Made> {
  readonly #clock: Clock;
  readonly #waiting: Map<string, Waiting<Made>> = new Map();
  /** The end of the pause, if there is one. */
  #timer: Timer | undefined;

  /** Nothing was done yet. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * What `work` makes, or what that of another makes who waits for the same `name`.
   *
   * @throws What it throws; {@linkcode TeleError} `closed` if it is stopped before.
   */
  do(name: string, work: () => Made): Promise<Made> {
    const known = this.#waiting.get(name);
    if (known !== undefined) return known.made.promise;
    const made = Promise.withResolvers<Made>();
    this.#waiting.set(name, { work, made });
    if (this.#timer === undefined) this.#go();
    return made.promise;
  }

  /** The longest waiting first, up to the first that takes time. */
  #go(): void {
    this.#timer = undefined;
    for (const [name, { work, made }] of this.#waiting) {
      this.#waiting.delete(name);
      const sinceMs = this.#clock.now();
      try {
        made.resolve(work());
      } catch (error) {
        made.reject(error);
      }
      const pauseMs = Math.min(PAUSE_FACTOR * (this.#clock.now() - sinceMs), LONGEST_PAUSE_MS);
      if (pauseMs === 0) continue;
      this.#timer = this.#clock.setTimer(() => this.#go(), pauseMs);
      return;
    }
  }

  /** Nothing more is done, for `reason`. */
  stop(reason: string): void {
    this.#timer?.cancel();
    for (const { made } of this.#waiting.values()) made.reject(new TeleError("closed", reason));
    this.#waiting.clear();
  }
}
