/**
 * Looks from time to time whether an end wishes for bulk carriers.
 *
 * @module
 */
import type { Clock, Timer } from "../../net/clock.ts";
import { BulkWish, type Sending } from "./bulk_wish.ts";

/** While something is sent it looks no more often than that, in milliseconds. */
const LOOK_MS = 50;
/** And so often while it wishes for any, though nothing is sent. */
const IDLE_LOOK_MS = 1_000;

/** Options of {@linkcode WishWatch}. */
export interface WishWatchOptions {
  /** Time. */
  clock: Clock;
  /** Most bulk carriers that it wishes for. */
  most: number;
  /** What is sent now. */
  sending(nowMs: number): Sending;
  /** It wishes for another number than before. */
  onChange(count: number): void;
}

/**
 * Keeps the {@linkcode BulkWish} of an end up to date, without a timer while it wishes for none.
 *
 * Source: `PROTOCOL.md`, "Lanes".
 */
export class WishWatch {
  readonly #options: WishWatchOptions;
  readonly #wish: BulkWish;
  #lastMs = -Infinity;
  #timer: Timer | undefined;

  /** Wishes for none. */
  constructor(options: WishWatchOptions) {
    this.#options = options;
    this.#wish = new BulkWish(options.most);
  }

  /** Something is sent, or could not be. */
  sending(nowMs: number): void {
    if (nowMs - this.#lastMs >= LOOK_MS) this.#look(nowMs);
  }

  #look(nowMs: number): void {
    this.#lastMs = nowMs;
    const before = this.#wish.count;
    const count = this.#wish.look(nowMs, this.#options.sending(nowMs));
    if (count > 0) this.#timer ??= this.#options.clock.setTimer(this.#onTimer, IDLE_LOOK_MS);
    if (count !== before) this.#options.onChange(count);
  }

  readonly #onTimer = (): void => {
    this.#timer = undefined;
    this.#look(this.#options.clock.now());
  };

  /** The session is over. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
