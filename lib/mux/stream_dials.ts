/**
 * Connects the streams that the peer opened to their users.
 *
 * @module
 */
import type { Clock } from "../net/clock.ts";
import type { Duplex } from "../net/duplex.ts";
import { reasonOf } from "../net/error.ts";
import { type Dialled, DialQueue } from "./dial_queue.ts";
import { ResetCode } from "./mux_constants.ts";

/** A stream that waits for its user. */
export interface DialledStream extends Dialled {
  /** The user is there. */
  attachUser(user: Duplex): void;
  /** It cannot be reached. */
  reset(code: number, message: string): void;
}

/** Connects to a user; `signal` aborts when the stream has ended meanwhile. */
export type DialUser = (signal: AbortSignal) => Promise<Duplex>;

/**
 * Dials for streams when their turn has come, and gives a dial up when its stream is over.
 *
 * @example
 * ```ts
 * import { StreamDials } from "./stream_dials.ts";
 * import { systemClock } from "../net/clock.ts";
 * import { duplexPair } from "../net/pipe.ts";
 *
 * const dials = new StreamDials(systemClock, () => Promise.resolve(duplexPair()[0]));
 * const attached = new Promise((resolve) => {
 *   dials.add({ isEnded: false, attachUser: resolve, reset() {} });
 *   dials.dialDue();
 * });
 * await attached;
 * ```
 */
export class StreamDials<Stream extends DialledStream> {
  readonly #dialUser: DialUser;
  readonly #queue: DialQueue<Stream>;
  readonly #underWay: Map<Stream, AbortController> = new Map();

  /** No stream waits. */
  constructor(clock: Clock, dialUser: DialUser) {
    this.#dialUser = dialUser;
    this.#queue = new DialQueue(clock, (stream) => this.#dial(stream));
  }

  /** `stream` was opened; it is dialled for when its step is over. */
  add(stream: Stream): void {
    this.#queue.add(stream);
  }

  /** The step is over in which streams were added. */
  dialDue(): void {
    this.#queue.dialDue();
  }

  /** `stream` is over; `isOfUse` if it was carried to its end. */
  ended(stream: Stream, isOfUse: boolean): void {
    this.#underWay.get(stream)?.abort();
    if (isOfUse) this.#queue.wasOfUse();
  }

  /** Begins no dial any more. */
  stop(): void {
    this.#queue.drop();
  }

  async #dial(stream: Stream): Promise<void> {
    const controller = new AbortController();
    this.#underWay.set(stream, controller);
    try {
      stream.attachUser(await this.#dialUser(controller.signal));
    } catch (error) {
      stream.reset(ResetCode.refused, reasonOf(error));
    } finally {
      this.#underWay.delete(stream);
    }
  }
}
