/**
 * Clients that are to have a new session in this process, and have none yet.
 *
 * @module
 */
import type { Clock } from "../../net/clock.ts";
import { HANDSHAKE_TIMEOUT_MS } from "../session_constants.ts";
import { MOST_HANDSHAKES } from "../strangers.ts";

/** One that is waited for. */
interface Newcomer {
  /** As {@linkcode Duplex.peer}: it is the same in each layer of a carrier. */
  readonly peer: string;
  /** Until when it is waited for. */
  readonly untilMs: number;
}

/**
 * Counts them, so that many who come at once are dealt evenly before the first of them has its session. Each is known by the
 * address that its carrier comes from. Who does not show itself for {@linkcode HANDSHAKE_TIMEOUT_MS} is gone.
 *
 * @example
 * ```ts
 * import { Newcomers } from "./newcomers.ts";
 * import { systemClock } from "../../net/clock.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const newcomers = new Newcomers(systemClock);
 * newcomers.came("192.0.2.1:50000");
 * newcomers.came("192.0.2.1:50001");
 * newcomers.left("192.0.2.1:50000");
 * assertEquals(newcomers.count, 1);
 * ```
 */
export class Newcomers {
  readonly #clock: Clock;
  /** The longest waiting first: no more of them than handshakes. */
  readonly #all: Newcomer[] = [];

  /** Nobody is waited for. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many there are. */
  get count(): number {
    const now = this.#clock.now();
    while (this.#all.length > 0 && this.#all[0]!.untilMs <= now) this.#all.shift();
    return this.#all.length;
  }

  /** One has come, and stays. */
  came(peer: string): void {
    if (this.count >= MOST_HANDSHAKES) this.#all.shift();
    this.#all.push({ peer, untilMs: this.#clock.now() + HANDSHAKE_TIMEOUT_MS });
  }

  /** Whoever came from there has its session, or will have none. Does nothing if nobody did. */
  left(peer: string): void {
    const at = this.#all.findIndex((newcomer) => newcomer.peer === peer);
    if (at >= 0) this.#all.splice(at, 1);
  }
}
