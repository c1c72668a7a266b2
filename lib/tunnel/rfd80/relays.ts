/**
 * All connections of RFD 80 mode that one process carries.
 *
 * @module
 */
import type { Clock } from "../../net/clock.ts";
import { describePeer, type Duplex } from "../../net/duplex.ts";
import { reasonOf } from "../../net/error.ts";
import { readShare, relay, type RelayEnds } from "./relay.ts";
import type { StreamLog } from "../log/stream_log.ts";

/** Options of {@linkcode Relays}. */
export interface RelaysOptions {
  /** Time. */
  clock: Clock;
  /** Logs connections that are refused or break. */
  streamLog: StreamLog;
  /** Connections at once. */
  maxStreams: number;
}

/**
 * Carries connections until it is stopped, each by a {@linkcode relay} of its own, and no more than a limit at once.
 *
 * @example
 * ```ts
 * import { Relays } from "./relays.ts";
 * import { StreamLog } from "../log/stream_log.ts";
 * import { systemClock } from "../../net/clock.ts";
 * import { duplexPair } from "../../net/pipe.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const streamLog = new StreamLog(systemClock, () => {});
 * const relays = new Relays({ clock: systemClock, streamLog, maxStreams: 10 });
 * const [user, inner] = duplexPair();
 * const [outer, network] = duplexPair();
 * relays.carry(inner, () => Promise.resolve({ outer, inner, framing: undefined }));
 * const into = new Uint8Array(1);
 * await user.write(new Uint8Array([65]));
 * assertEquals([await network.read(into), ...into], [1, 65]);
 * relays.stop();
 * ```
 */
export class Relays {
  readonly #options: RelaysOptions;
  readonly #stopping = new AbortController();
  readonly #drained = Promise.withResolvers<void>();
  #isDraining = false;
  #count = 0;

  /** Nothing is carried yet. */
  constructor(options: RelaysOptions) {
    this.#options = options;
  }

  /** Connections that are carried now. */
  get count(): number {
    return this.#count;
  }

  /**
   * Carries `first`, a connection that came in, to where `connect` leads. Never rejects; settles at its end.
   *
   * @param connect Makes the other connection; gives up when its signal aborts.
   */
  async carry(first: Duplex, connect: (signal: AbortSignal) => Promise<RelayEnds>): Promise<void> {
    const { clock, streamLog, maxStreams } = this.#options;
    const { signal } = this.#stopping;
    if (signal.aborted || this.#isDraining) return first.abort();
    if (this.#count >= maxStreams) {
      streamLog.refuse(describePeer(first), `there are ${this.#count} connections already; --max allows more`);
      return first.abort();
    }
    this.#count++;
    let ends: RelayEnds | undefined;
    const abort = () => [first, ends?.inner, ends?.outer].forEach((duplex) => duplex?.abort(signal.reason));
    signal.addEventListener("abort", abort, { once: true });
    try {
      ends = await connect(signal);
      if (signal.aborted) return abort();
      await relay(ends, clock, signal, () => readShare(this.#count));
      streamLog.relayed(describePeer(first), undefined);
    } catch (error) {
      first.abort();
      if (signal.aborted) return;
      if (ends === undefined) streamLog.refuse(describePeer(first), reasonOf(error));
      else streamLog.relayed(describePeer(first), error);
    } finally {
      signal.removeEventListener("abort", abort);
      this.#count--;
      if (this.#isDraining && this.#count === 0) this.#drained.resolve();
    }
  }

  /** Takes none from now on; settles when the last of those that are there is over. */
  drain(): Promise<void> {
    this.#isDraining = true;
    if (this.#count === 0) this.#drained.resolve();
    return this.#drained.promise;
  }

  /** Aborts all of them; later ones are aborted at once. */
  stop(): void {
    this.#stopping.abort(new Error("this tele process ends"));
  }
}
