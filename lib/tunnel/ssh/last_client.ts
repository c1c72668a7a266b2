/**
 * A server that is there for one client, and goes with it.
 *
 * @module
 */
import type { Clock, Timer } from "../../net/clock.ts";

/** How long the first session is waited for, in milliseconds: ssh starts at once, by a login of its own at the worst. */
const FIRST_SESSION_MS = 60_000;

/**
 * Tells when the last session has ended, or none has come.
 *
 * @example
 * ```ts
 * import { systemClock } from "../../net/clock.ts";
 * import { LastClient } from "./last_client.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const client = new LastClient(systemClock);
 * client.count(1);
 * client.count(0);
 * assertEquals(await client.gone, "its client has gone");
 * ```
 */
export class LastClient {
  /** Settles with the reason. */
  readonly gone: Promise<string>;
  readonly #settle: (why: string) => void;
  readonly #timer: Timer;

  /** Waits for the first session. */
  constructor(clock: Clock) {
    const { promise, resolve } = Promise.withResolvers<string>();
    [this.gone, this.#settle] = [promise, resolve];
    this.#timer = clock.setTimer(() => resolve("no client has come within a minute"), FIRST_SESSION_MS);
  }

  /** There are so many sessions now. */
  count(sessions: number): void {
    this.#timer.cancel();
    if (sessions === 0) this.#settle("its client has gone");
  }

  /** Waits no longer. */
  stop(): void {
    this.#timer.cancel();
  }
}
