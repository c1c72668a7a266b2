/**
 * A stream that ends in another way than cleanly, while there is still something to save of it.
 *
 * @module
 */
import type { Clock, Timer } from "../net/clock.ts";
import { reasonOf } from "../net/error.ts";
import { LAST_READS_MS, LAST_WRITES_MS } from "./mux_constants.ts";
import type { ReceivingHalf } from "./receiving_half.ts";
import type { SendingHalf } from "./sending_half.ts";
import type { StreamEnd } from "./stream_host.ts";

/** What a {@linkcode BreakOff} needs of its stream. */
export interface BreakOffOptions {
  /** Time. */
  clock: Clock;
  /** From the user. */
  sending: Pick<SendingHalf, "isWaiting" | "isReadToEnd" | "discard" | "readSoon">;
  /** To the user. */
  receiving: Pick<ReceivingHalf, "waitingBytes" | "hasArrived" | "drop">;
  /** Nothing more is to be saved of what the peer sent. */
  onEnd(end: StreamEnd): void;
  /** Nothing more is to be saved of what the user sent. */
  onFailed(error: unknown): void;
}

/**
 * A program that resets has often said why. So behind the peer's reset the user still takes what came before it; and a
 * user that takes nothing more is still read to its end. Neither for longer than it brings something.
 *
 * Source: `PROTOCOL.md`, "Reset".
 */
export class BreakOff {
  readonly #options: BreakOffOptions;
  #peerReset: StreamEnd | undefined;
  #failure: string | undefined;
  /** Ends it when its user makes neither of these come to its end. */
  #limit: Timer | undefined;

  /** Neither has happened yet. */
  constructor(options: BreakOffOptions) {
    this.#options = options;
  }

  /** How the stream ends, if the peer has reset it. */
  get peerReset(): StreamEnd | undefined {
    return this.#peerReset;
  }

  /** Why nothing can be written to the user any more, if that is so; what it has sent before still goes to the peer. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** The peer has reset it. */
  resetByPeer(end: StreamEnd): void {
    this.#peerReset = end;
    this.takeLastWrites();
  }

  /** After the peer's reset: ends when the user has taken everything, or takes nothing for too long. */
  takeLastWrites(): void {
    const end = this.#peerReset!;
    const { sending, receiving } = this.#options;
    const isTaken = receiving.waitingBytes === 0;
    if ((receiving.hasArrived && isTaken) || this.#failure !== undefined) return this.#options.onEnd(end);
    // The rest is on its way, by another carrier, and the user waits for it.
    if (isTaken) this.cancel();
    else this.#limitTo(LAST_WRITES_MS, () => this.#options.onEnd(end));
    // It may read only when all that it sends was taken: that goes nowhere now.
    if (sending.isWaiting) sending.discard();
  }

  /**
   * The user takes nothing more: what it has sent before, such as why, goes to the peer, and then the reset.
   *
   * @param isReadable Whether the user's connection can still be read.
   */
  writeFailed(error: unknown, isReadable: boolean): void {
    this.#failure = reasonOf(error);
    if (this.#peerReset !== undefined) return this.#options.onEnd(this.#peerReset);
    const { sending, receiving } = this.#options;
    if (sending.isReadToEnd || !isReadable) return this.#options.onFailed(error);
    receiving.drop();
    if (!sending.isWaiting) this.#awaitLastRead();
  }

  /** A read of the user's connection is about to begin. */
  reading(): void {
    if (this.#failure !== undefined) this.#awaitLastRead();
  }

  /**
   * `count` bytes came from the user, or the end.
   *
   * @returns Whether they still go to the peer.
   */
  came(count: number | null): boolean {
    if (this.#peerReset !== undefined) {
      if (count !== null) this.#options.sending.readSoon();
      return false;
    }
    this.cancel();
    if (count === null) this.#options.onFailed(undefined);
    return count !== null;
  }

  /** The stream is over. */
  cancel(): void {
    this.#limit?.cancel();
  }

  #awaitLastRead(): void {
    this.#limitTo(LAST_READS_MS, () => this.#options.onFailed(undefined));
  }

  #limitTo(ms: number, end: () => void): void {
    this.cancel();
    this.#limit = this.#options.clock.setTimer(end, ms);
  }
}
