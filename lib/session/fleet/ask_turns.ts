/**
 * Who may ask the owner of a session now: few of one address at once, and not many of all.
 *
 * @module
 */

/** How many at once. */
export interface AskLimits {
  /** Of all. */
  readonly most: number;
  /** Of one address. */
  readonly mostOfAHost: number;
}

/**
 * Deals out turns (invariant 10): whoever finds no place waits, in the order in which they came, and one address that
 * has many does not keep others waiting.
 *
 * @example
 * ```ts
 * import { AskTurns } from "./ask_turns.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const turns = new AskTurns({ most: 10, mostOfAHost: 1 });
 * const done: number[] = [];
 * const asks = [1, 2].map((number) => turns.take("192.0.2.1", () => Promise.resolve(void done.push(number))));
 * await Promise.all(asks);
 * assertEquals([done, turns.count], [[1, 2], 0]);
 * ```
 */
export class AskTurns {
  readonly #limits: AskLimits;
  /** How many of an address ask now. */
  readonly #asking: Map<string, number> = new Map();
  /** The longest waiting first. */
  readonly #waiting: Set<{ readonly host: string; readonly start: () => void }> = new Set();
  #count = 0;

  /** Nobody asks. */
  constructor(limits: AskLimits) {
    this.#limits = limits;
  }

  /** How many ask now. */
  get count(): number {
    return this.#count;
  }

  /** Runs `ask` for this address when it is its turn. */
  async take<Answer>(host: string, ask: () => Promise<Answer>): Promise<Answer> {
    if (!this.#hasPlace(host)) await new Promise<void>((start) => void this.#waiting.add({ host, start }));
    else this.#enter(host);
    try {
      return await ask();
    } finally {
      this.#leave(host);
    }
  }

  #hasPlace(host: string): boolean {
    const { most, mostOfAHost } = this.#limits;
    return this.#count < most && (this.#asking.get(host) ?? 0) < mostOfAHost;
  }

  #enter(host: string): void {
    this.#count++;
    this.#asking.set(host, (this.#asking.get(host) ?? 0) + 1);
  }

  #leave(host: string): void {
    this.#count--;
    const left = this.#asking.get(host)! - 1;
    if (left > 0) this.#asking.set(host, left);
    else this.#asking.delete(host);
    for (const next of this.#waiting) {
      if (!this.#hasPlace(next.host)) continue;
      this.#waiting.delete(next);
      this.#enter(next.host);
      return next.start();
    }
  }
}
