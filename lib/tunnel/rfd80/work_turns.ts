/**
 * A limit for work that is done at the same time.
 *
 * @module
 */
import type { Clock } from "../../net/clock.ts";

/** Options of {@linkcode WorkTurns}. */
export interface WorkTurnsOptions {
  /** Turns at the same time. */
  atOnce: number;
  /** Longest turn, in milliseconds: work that takes longer goes on beside the next. */
  turnMs: number;
}

/**
 * Does work in the order in which it comes, and no more at the same time than a limit, beside what is stuck.
 *
 * A turn ends with its work, or sooner: where some connections get no answer, as behind a balancer with a dead server,
 * those would hold all the turns, and the others would wait for nothing.
 *
 * @example
 * ```ts
 * import { WorkTurns } from "./work_turns.ts";
 * import { systemClock } from "../../net/clock.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const turns = new WorkTurns(systemClock, { atOnce: 1, turnMs: 1000 });
 * const { signal } = new AbortController();
 * const done: number[] = [];
 * const work = (number: number) => turns.take(() => Promise.resolve(void done.push(number)), signal);
 * await Promise.all([work(1), work(2), work(3)]);
 * assertEquals(done, [1, 2, 3]);
 * ```
 */
export class WorkTurns {
  readonly #clock: Clock;
  readonly #turnMs: number;
  #free: number;
  readonly #waiting: Set<() => void> = new Set();

  /** Nobody has a turn. */
  constructor(clock: Clock, { atOnce, turnMs }: WorkTurnsOptions) {
    this.#clock = clock;
    this.#free = atOnce;
    this.#turnMs = turnMs;
  }

  /**
   * Does `work` in its turn, which ends when `work` settles or has taken too long for one.
   *
   * @throws What `work` rejects with; the reason of `signal` if that aborts before its turn.
   */
  async take<Result>(work: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
    await this.#turn(signal);
    let isOver = false;
    const end = () => {
      if (isOver) return;
      isOver = true;
      this.#next();
    };
    const timer = this.#clock.setTimer(end, this.#turnMs);
    try {
      return await work();
    } finally {
      timer.cancel();
      end();
    }
  }

  #turn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#free > 0) {
      this.#free--;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const begin = () => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      const leave = () => {
        this.#waiting.delete(begin);
        reject(signal.reason);
      };
      this.#waiting.add(begin);
      signal.addEventListener("abort", leave, { once: true });
    });
  }

  #next(): void {
    const [first] = this.#waiting;
    if (first === undefined) return void this.#free++;
    this.#waiting.delete(first);
    first();
  }
}
