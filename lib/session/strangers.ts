/**
 * Carriers that have not proven themselves yet: how many there may be, and what the log says of those that never do.
 *
 * @module
 */
import type { Clock, Timer } from "../net/clock.ts";
import type { Duplex } from "../net/duplex.ts";
import type { Log } from "../net/log.ts";
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
  readonly #timers: Map<Duplex, Timer> = new Map();
  /** Those that were closed here, and why. */
  readonly #reasons: WeakMap<Duplex, string> = new WeakMap();
  readonly #recognized: WeakSet<Duplex> = new WeakSet();
  /** Those that are refused, and are yet to be told. */
  readonly #doomed: Set<Duplex> = new Set();
  /** Host and reason of the lines of this minute. */
  readonly #told: Set<string> = new Set();
  #unsaid = 0;
  #minute: Timer | undefined;
  #stopped = false;

  /** Nobody is here yet. */
  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  /** Handshakes in progress. */
  get count(): number {
    return this.#timers.size;
  }

  /** A carrier came; it is closed when its handshake takes too long or too many are in progress. */
  enter(carrier: Duplex): void {
    if (this.#timers.size >= MOST_HANDSHAKES) {
      const [oldest] = this.#doomed.size > 0 ? this.#doomed : this.#timers.keys();
      this.#expel(oldest!, "too many handshakes were in progress, and it was the oldest");
    }
    const timeout = () => this.#expel(carrier, `no complete handshake within ${HANDSHAKE_TIMEOUT_MS / 1000} s`);
    this.#timers.set(carrier, this.#clock.setTimer(timeout, HANDSHAKE_TIMEOUT_MS));
  }

  /** Its handshake is done, or it is gone. */
  leave(carrier: Duplex): void {
    this.#timers.get(carrier)?.cancel();
    this.#timers.delete(carrier);
    this.#doomed.delete(carrier);
  }

  /** It is refused and will be told so later: if somebody must go, then it, rather than one that may prove itself. */
  doom(carrier: Duplex): void {
    if (this.#timers.has(carrier)) this.#doomed.add(carrier);
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
    return this.#reasons.get(carrier);
  }

  /** A carrier never proved itself: one line, unless there were many in this minute, or the same from this host. */
  tell(peer: string, reason: string): void {
    if (this.#stopped) return;
    this.#minute ??= this.#clock.setTimer(() => this.#endMinute(), MINUTE_MS);
    // A client whose token is wrong tries again and again, each time from another port.
    const news = `${peer.replace(/:\d+$/, "")} ${reason}`;
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
    for (const carrier of [...this.#timers.keys()]) this.#expel(carrier, "the tele server ends");
  }

  #expel(carrier: Duplex, reason: string): void {
    this.leave(carrier);
    this.#reasons.set(carrier, reason);
    carrier.close();
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
