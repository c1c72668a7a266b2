/**
 * A limit for work that is done at the same time.
 *
 * @module
 */

/**
 * Does work in the order in which it comes, and no more at the same time than a limit.
 *
 * @example
 * ```ts
 * import { Turns } from "./turns.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const turns = new Turns(1);
 * const { signal } = new AbortController();
 * const done: number[] = [];
 * const work = (number: number) => turns.take(() => Promise.resolve(void done.push(number)), signal);
 * await Promise.all([work(1), work(2), work(3)]);
 * assertEquals(done, [1, 2, 3]);
 * ```
 */
export class Turns {
  #free: number;
  readonly #waiting: Set<() => void> = new Set();

  /** At most `atOnce` pieces of work are done at the same time. */
  constructor(atOnce: number) {
    this.#free = atOnce;
  }

  /**
   * Does `work` in its turn, which ends when `work` settles.
   *
   * @throws What `work` rejects with; the reason of `signal` if that aborts before its turn.
   */
  async take<Result>(work: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
    await this.#turn(signal);
    try {
      return await work();
    } finally {
      this.#next();
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
