/**
 * Who may ask the owner of a session now: few of one address at once, and not many of all.
 *
 * @module
 */
import type { Clock } from "../../net/clock.ts";

/**
 * An owner that has not answered within this time is slow, in milliseconds: others of a fleet answer in a few, those
 * across an ocean later, and one that is lost never.
 */
const SLOW_MS = 100;

/** How many at once. */
export interface AskLimits {
  /** Of all. */
  readonly most: number;
  /** Of one address. */
  readonly mostOfAHost: number;
}

/** A carrier that asks. */
export interface Asker {
  /** Where it comes from: an address without its port. */
  readonly host: string;
  /** Whom it asks. */
  readonly node: string;
  /** Whether it was closed meanwhile: then it asks nobody. */
  readonly isGone: () => boolean;
}

/** One that waits for its turn. */
interface Waiting extends Asker {
  readonly start: (hasTurn: boolean) => void;
}

/**
 * Deals out turns (invariant 10): whoever finds no place waits, in the order in which they came, and one address that
 * has many does not keep others waiting. Nor does an owner that is silent, when all carriers come by one balancer: who
 * asks it gives the turn back after {@linkcode SLOW_MS}, and others who want that owner wait until it answers or fails.
 * Invariant 5: strangers who are sent away while they wait, the oldest first, wait no more.
 *
 * @example
 * ```ts
 * import { AskTurns } from "./ask_turns.ts";
 * import { systemClock } from "../../net/clock.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const turns = new AskTurns(systemClock, { most: 10, mostOfAHost: 1 });
 * const done: number[] = [];
 * const asker = { host: "192.0.2.1", node: "10.0.0.1:40301", isGone: () => false };
 * const asks = [1, 2].map((number) => turns.take(asker, () => Promise.resolve(void done.push(number))));
 * await Promise.all(asks);
 * assertEquals([done, turns.count], [[1, 2], 0]);
 * ```
 */
export class AskTurns {
  readonly #clock: Clock;
  readonly #limits: AskLimits;
  /** How many of an address have a turn now. */
  readonly #asking: Map<string, number> = new Map();
  /** How many wait for an answer of a slow owner. */
  readonly #slow: Map<string, number> = new Map();
  /** The longest waiting first. */
  readonly #waiting: Set<Waiting> = new Set();
  #count = 0;

  /** Nobody asks. */
  constructor(clock: Clock, limits: AskLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** How many have a turn now. */
  get count(): number {
    return this.#count;
  }

  /**
   * Runs `ask` for this carrier when it is its turn.
   *
   * @returns `undefined` if it was closed before that.
   */
  async take<Answer>(asker: Asker, ask: () => Promise<Answer>): Promise<Answer | undefined> {
    const { host, node } = asker;
    if (asker.isGone()) return undefined;
    if (this.#hasPlace(asker)) this.#enter(host);
    else if (!await this.#turnOf(asker)) return undefined;
    let isSlow = false;
    const timer = this.#clock.setTimer(() => {
      isSlow = true;
      change(this.#slow, node, 1);
      this.#leave(host);
    }, SLOW_MS);
    try {
      return await ask();
    } finally {
      timer.cancel();
      if (isSlow) {
        change(this.#slow, node, -1);
        this.#startNext();
      } else this.#leave(host);
    }
  }

  #turnOf(asker: Asker): Promise<boolean> {
    for (const oldest of this.#waiting) {
      if (!oldest.isGone()) break;
      this.#waiting.delete(oldest);
      oldest.start(false);
    }
    return new Promise((start) => void this.#waiting.add({ ...asker, start }));
  }

  #hasPlace({ host, node }: Asker): boolean {
    const { most, mostOfAHost } = this.#limits;
    return this.#count < most && (this.#asking.get(host) ?? 0) < mostOfAHost && !this.#slow.has(node);
  }

  #enter(host: string): void {
    this.#count++;
    change(this.#asking, host, 1);
  }

  #leave(host: string): void {
    this.#count--;
    change(this.#asking, host, -1);
    this.#startNext();
  }

  /** An owner that is not slow any more may leave places to many at once. */
  #startNext(): void {
    for (const next of this.#waiting) {
      if (this.#count >= this.#limits.most) return;
      const isGone = next.isGone();
      if (!isGone && !this.#hasPlace(next)) continue;
      this.#waiting.delete(next);
      if (!isGone) this.#enter(next.host);
      next.start(!isGone);
    }
  }
}

/** Counts, and keeps nothing that is 0. */
function change(counts: Map<string, number>, key: string, by: number): void {
  const count = (counts.get(key) ?? 0) + by;
  if (count > 0) counts.set(key, count);
  else counts.delete(key);
}
