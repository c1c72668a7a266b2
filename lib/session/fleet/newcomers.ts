/**
 * Clients that are to have a new session in this process, and have none yet.
 *
 * @module
 */
import type { Clock } from "../../net/clock.ts";
import { HANDSHAKE_TIMEOUT_MS } from "../session_constants.ts";
import { MOST_HANDSHAKES } from "../strangers.ts";

/**
 * Counts them, so that many who come at once are dealt evenly before the first of them has its session. Who is behind a
 * carrier is not known before its handshake: who shows itself is taken for the one that was waited for longest, and
 * who does not show itself for {@linkcode HANDSHAKE_TIMEOUT_MS} is gone.
 *
 * @example
 * ```ts
 * import { Newcomers } from "./newcomers.ts";
 * import { systemClock } from "../../net/clock.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const newcomers = new Newcomers(systemClock);
 * newcomers.came();
 * newcomers.came();
 * newcomers.left();
 * assertEquals(newcomers.count, 1);
 * ```
 */
export class Newcomers {
  readonly #clock: Clock;
  /** Until when each is waited for, the longest waiting first: no more of them than handshakes. */
  readonly #until: number[] = [];

  /** Nobody is waited for. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many there are. */
  get count(): number {
    const now = this.#clock.now();
    while (this.#until.length > 0 && this.#until[0]! <= now) this.#until.shift();
    return this.#until.length;
  }

  /** One has come, and stays. */
  came(): void {
    if (this.count >= MOST_HANDSHAKES) this.#until.shift();
    this.#until.push(this.#clock.now() + HANDSHAKE_TIMEOUT_MS);
  }

  /** One has its session, or is told that there is no room. */
  left(): void {
    this.#until.shift();
  }
}
