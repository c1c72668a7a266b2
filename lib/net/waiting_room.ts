/**
 * Connections that have not proven themselves yet: bounded in number and in time.
 *
 * @module
 */
import type { Clock, Timer } from "./clock.ts";

/** Somebody who waits: whatever can be closed. */
export interface Guest {
  /** Ends it at once. Never throws. */
  close(): void;
}

/** How many may wait, and for how long. */
export interface WaitingRoomLimits {
  /** Most at once; beyond that the oldest goes. */
  readonly guests: number;
  /** Longest stay of each, in milliseconds. */
  readonly timeoutMs: number;
}

/**
 * Keeps strangers cheap (invariant 10).
 *
 * @example
 * ```ts
 * import { systemClock } from "./clock.ts";
 * import { duplexPair } from "./pipe.ts";
 * import { WaitingRoom } from "./waiting_room.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const room = new WaitingRoom(systemClock, { guests: 1, timeoutMs: 10_000 });
 * const [first] = duplexPair();
 * const [second] = duplexPair();
 * room.enter(first);
 * room.enter(second);
 * assertEquals(room.reasonFor(first), "too many handshakes were in progress, and it was the oldest");
 * room.leave(second); // its handshake is done
 * ```
 */
export class WaitingRoom<Each extends Guest> {
  readonly #clock: Clock;
  readonly #limits: WaitingRoomLimits;
  readonly #timers: Map<Each, Timer> = new Map();
  /** Those that go first. */
  readonly #doomed: Set<Each> = new Set();
  /** Why a guest was closed here. */
  readonly #reasons: WeakMap<Each, string> = new WeakMap();

  /** Nobody is here yet. */
  constructor(clock: Clock, limits: WaitingRoomLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** How many wait. */
  get count(): number {
    return this.#timers.size;
  }

  /** Someone came, and is closed when it takes too long or too many are here. */
  enter(guest: Each): void {
    const { guests, timeoutMs } = this.#limits;
    if (this.#timers.size >= guests) {
      const [oldest] = this.#doomed.size > 0 ? this.#doomed : this.#timers.keys();
      this.#expel(oldest!, "too many handshakes were in progress, and it was the oldest");
    }
    const timeout = () => this.#expel(guest, `no complete handshake within ${timeoutMs / 1000} s`);
    this.#timers.set(guest, this.#clock.setTimer(timeout, timeoutMs));
  }

  /** Its handshake is done, or it is gone. */
  leave(guest: Each): void {
    this.#timers.get(guest)?.cancel();
    this.#timers.delete(guest);
    this.#doomed.delete(guest);
  }

  /** It is as good as gone: if there are too many, it goes before all that may still prove themselves. */
  doom(guest: Each): void {
    if (this.#timers.has(guest)) this.#doomed.add(guest);
  }

  /** Why it was closed here, if it was. */
  reasonFor(guest: Each): string | undefined {
    return this.#reasons.get(guest);
  }

  /** Closes everyone, for `reason`. */
  close(reason: string): void {
    for (const guest of [...this.#timers.keys()]) this.#expel(guest, reason);
  }

  #expel(guest: Each, reason: string): void {
    this.leave(guest);
    this.#reasons.set(guest, reason);
    guest.close();
  }
}
