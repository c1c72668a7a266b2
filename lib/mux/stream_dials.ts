/**
 * Connects the streams that the peer opened to their users.
 *
 * @module
 */
import type { Clock } from "../net/clock.ts";
import type { Duplex } from "../net/duplex.ts";
import { reasonOf } from "../net/error.ts";
import { type Dialled, DialQueue } from "./dial_queue.ts";
import { resetCodeOf } from "./unreached_error.ts";

/** A stream that waits for its user. */
export interface DialledStream extends Dialled {
  /** The user is there. */
  attachUser(user: Duplex): void;
  /** It cannot be reached. */
  reset(code: number, message: string): void;
}

/** Whom a stream is for, and from whom. */
export interface Wanted {
  /** Name of the service, or a destination (`host:port`); `undefined` for the service without a name. */
  readonly service: string | undefined;
  /** Name of the client's token; `undefined` if it has none. */
  readonly tokenName: string | undefined;
  /** From where to where the user's connection goes, by the word of a client that is to tell it; see `address_block.ts`. */
  readonly user?: Uint8Array;
  /** From where to where the client's last carrier goes. */
  readonly client?: Uint8Array;
}

/** Connects to a user; `signal` aborts when the stream has ended meanwhile. */
export type DialUser = (signal: AbortSignal, wanted: Wanted) => Promise<Duplex>;

/** A stream, and whom it is for. */
class Waiting<Stream extends Dialled> implements Dialled {
  constructor(readonly stream: Stream, readonly wanted: Wanted) {}

  get isEnded(): boolean {
    return this.stream.isEnded;
  }
}

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
 *   const stream = { isEnded: false, attachUser: resolve, reset() {} };
 *   dials.add(stream, { service: "db", tokenName: undefined });
 *   dials.dialDue();
 * });
 * await attached;
 * ```
 */
export class StreamDials<Stream extends DialledStream> {
  readonly #dialUser: DialUser;
  readonly #queue: DialQueue<Waiting<Stream>>;
  readonly #underWay: Map<Stream, AbortController> = new Map();

  /** No stream waits. */
  constructor(clock: Clock, dialUser: DialUser) {
    this.#dialUser = dialUser;
    this.#queue = new DialQueue(clock, (waiting) => this.#dial(waiting));
  }

  /** `stream` was opened; what is wanted is dialled for it when its step is over. */
  add(stream: Stream, wanted: Wanted): void {
    this.#queue.add(new Waiting(stream, wanted));
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

  async #dial({ stream, wanted }: Waiting<Stream>): Promise<void> {
    const controller = new AbortController();
    this.#underWay.set(stream, controller);
    try {
      stream.attachUser(await this.#dialUser(controller.signal, wanted));
    } catch (error) {
      stream.reset(resetCodeOf(error), reasonOf(error));
    } finally {
      this.#underWay.delete(stream);
    }
  }
}
