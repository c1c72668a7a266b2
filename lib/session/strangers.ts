/**
 * Carriers that have not proven themselves yet: how many there may be, and what the log says of those that never do.
 *
 * @module
 */
import { hostOfPeer } from "../net/address.ts";
import type { Clock, Timer } from "../net/clock.ts";
import type { Duplex } from "../net/duplex.ts";
import type { Log } from "../net/log.ts";
import { WaitingRoom } from "../net/waiting_room.ts";
import { HANDSHAKE_TIMEOUT_MS } from "./constants.ts";

/** Handshakes in progress at once; beyond that the oldest goes. */
export const MOST_HANDSHAKES = 512;

/** Lines about strangers in one minute; the rest is counted. */
const LINES_A_MINUTE = 10;
const MINUTE_MS = 60_000;

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
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #room: WaitingRoom<Duplex>;
  readonly #recognized: WeakSet<Duplex> = new WeakSet();
  /** Host and reason of the lines of this minute. */
  readonly #told: Set<string> = new Set();
  #unsaid = 0;
  #minute: Timer | undefined;
  #stopped = false;

  /** Nobody is here yet. */
  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
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

  /** It is refused and will be told so later: if somebody must go, then it, rather than one that may prove itself. */
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
    if (this.#stopped) return;
    this.#minute ??= this.#clock.setTimer(() => this.#endMinute(), MINUTE_MS);
    // A client whose token is wrong tries again and again, each time from another port.
    const news = `${hostOfPeer(peer)} ${reason}`;
    if (this.#told.has(news) || this.#told.size >= LINES_A_MINUTE) {
      this.#unsaid++;
      return;
    }
    this.#told.add(news);
    this.#log("warn", `carrier from ${peer} ended before it was attached: ${reason}`, { peer, reason });
  }

  /** Closes everyone. */
  stop(): void {
    this.#stopped = true;
    this.#minute?.cancel();
    this.#room.close("the tele server ends");
  }

  #endMinute(): void {
    if (this.#unsaid > 0) {
      this.#log("warn", `${this.#unsaid} more carriers ended before they were attached in the last minute`, {
        carriers: this.#unsaid,
      });
    }
    this.#unsaid = 0;
    this.#told.clear();
    this.#minute = undefined;
  }
}
