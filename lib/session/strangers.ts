/**
 * Carriers that have not proven themselves yet: how many there may be, and what the log says of those that never do.
 *
 * @module
 */
import { hostOfPeer } from "../net/address.ts";
import type { Clock } from "../net/clock.ts";
import type { Duplex } from "../net/duplex.ts";
import { type LineKind, LineLimiter } from "../net/line_limiter.ts";
import type { Log } from "../net/log.ts";
import { WaitingRoom } from "../net/waiting_room.ts";
import { HANDSHAKE_TIMEOUT_MS } from "./session_constants.ts";

/** Handshakes in progress at once; beyond that the oldest goes. */
export const MOST_HANDSHAKES = 512;

/** Lines about them; the host and the reason together are news once. */
const LINES: LineKind = {
  lines: 10,
  linesOfAHost: 10,
  spanMs: 60_000,
  more: (count) => `${count} more carriers ended before they were attached in the last minute`,
  unit: "carriers",
};

/**
 * Keeps strangers cheap (invariant 10): bounded in number, in time, and in log lines.
 *
 * @example
 * ```ts
 * import { Strangers } from "./strangers.ts";
 * import { systemClock } from "../net/clock.ts";
 * import { duplexFromStreams } from "../net/web.ts";
 *
 * const strangers = new Strangers(systemClock, console.warn);
 * const carrier = duplexFromStreams(new TransformStream<Uint8Array, Uint8Array>());
 * strangers.enter(carrier);
 * strangers.leave(carrier); // its handshake is done
 * ```
 */
export class Strangers {
  readonly #room: WaitingRoom<Duplex>;
  readonly #recognized: WeakSet<Duplex> = new WeakSet();
  readonly #lines: LineLimiter;

  /** Nobody is here yet. */
  constructor(clock: Clock, log: Log) {
    this.#lines = new LineLimiter(clock, log);
    this.#room = new WaitingRoom(clock, { guests: MOST_HANDSHAKES, timeoutMs: HANDSHAKE_TIMEOUT_MS });
  }

  /** Handshakes in progress. */
  get count(): number {
    return this.#room.count;
  }

  /** A carrier came; it is closed when its handshake takes too long or too many are in progress. */
  enter(carrier: Duplex): void {
    this.#room.enter(carrier);
  }

  /** Its handshake is done, or it is gone. */
  leave(carrier: Duplex): void {
    this.#room.leave(carrier);
  }

  /** The carrier is refused and will be told so later: when there are too many, it goes before those still unproven. */
  doom(carrier: Duplex): void {
    this.#room.doom(carrier);
  }

  /** It sent the hello of a tele client: if it goes now, it was an attempt that lost a race. */
  recognize(carrier: Duplex): void {
    this.#recognized.add(carrier);
  }

  /** Whether it sent the hello of a tele client. */
  isRecognized(carrier: Duplex): boolean {
    return this.#recognized.has(carrier);
  }

  /** Why a carrier was closed here, if it was. */
  reasonFor(carrier: Duplex): string | undefined {
    return this.#room.reasonFor(carrier);
  }

  /** A carrier never proved itself: one line, unless there were many in this minute, or the same from this host. */
  tell(peer: string, reason: string): void {
    // A client whose token is wrong tries again and again, each time from another port.
    const host = hostOfPeer(peer);
    const message = `carrier from ${peer} ended before it was attached: ${reason}`;
    this.#lines.tell(LINES, { level: "warn", host, message, fields: { peer, reason }, news: reason });
  }

  /** Closes everyone. */
  stop(): void {
    this.#room.close("the tele server ends");
    this.#lines.stop();
  }
}
