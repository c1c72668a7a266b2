/**
 * How much may be sent: pure arithmetic of flow control. Source: `PROTOCOL.md`, "Flow control".
 *
 * @module
 */
import { MemoryPool } from "../session/memory_pool.ts";
import {
  LEAST_START_CREDIT,
  MOST_START_CREDIT,
  MOST_WINDOW_BYTES,
  MOST_WINDOW_STEP_BYTES,
  WINDOW_STEP_BYTES,
} from "./mux_constants.ts";

/** Round trips: a window of which a quarter is used up within them holds its stream up, and grows. */
const GROW_WITHIN_ROUND_TRIPS = 2;

/** The same where the round trip is not known or tiny, in milliseconds. */
const GROW_WITHIN_MS = 4;

/** The credit of one session's streams. */
export class CreditPool extends MemoryPool {
  /**
   * Promises the credit that a new stream starts with: an eighth of what is free, so that the first streams get
   * {@linkcode MOST_START_CREDIT}, many get less, and everyone gets {@linkcode LEAST_START_CREDIT}.
   */
  takeStart(): number {
    const share = Math.floor(this.free / 8);
    const start = Math.max(LEAST_START_CREDIT, Math.min(MOST_START_CREDIT, share));
    this.claim(start);
    return start;
  }

  /** Promises up to `bytes` to a holder of `held`, and no more than its share; returns how many. */
  takeShare(bytes: number, held: number): number {
    return this.take(Math.min(bytes, this.shareFor(held)));
  }

  /** Whether a holder of `held` has more than its share. */
  isBeyondShare(held: number): boolean {
    return 2 * held > this.free;
  }
}

/**
 * The receiving end of one stream's flow control.
 *
 * Invariant 5: `granted - consumed` bytes are the most that can wait here, and all windows together stay within their
 * pools. Values are absolute offsets: a value that is lost or told twice does no harm.
 *
 * @example
 * ```ts
 * import { CreditPool, ReceiveWindow } from "./credit.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const window = new ReceiveWindow(1000, new CreditPool(0));
 * const clock = { now: () => 500 };
 * assertEquals(window.consume(400, clock, 10), false); // less than half: not worth telling
 * assertEquals(window.consume(200, clock, 10), true);
 * assertEquals(window.granted, 1600);
 * ```
 */
export class ReceiveWindow {
  readonly #start: number;
  readonly #growth: CreditPool;
  #size: number;
  #consumed = 0;
  #granted: number;
  /** What it costs to keep what is early, beside its bytes. */
  #costBytes = 0;
  /** When a quarter of it was used up, and up to where. */
  #quarterAtMs = -Infinity;
  #quarter = 0;

  /** A window of `start` bytes that may grow out of `growth`. */
  constructor(start: number, growth: CreditPool) {
    this.#start = this.#size = this.#granted = start;
    this.#growth = growth;
  }

  /** Offset up to which the peer may send. */
  get granted(): number {
    return this.#granted;
  }

  /** Present size, in bytes. */
  get size(): number {
    return this.#size;
  }

  /** To keep what came early costs so many bytes beside its own: the next value is lower by that. */
  charge(costBytes: number): void {
    this.#costBytes = costBytes;
  }

  /**
   * The user's program took `bytes`.
   *
   * @returns Whether `granted` has moved so far that the peer is to be told.
   */
  consume(bytes: number, clock: { now(): number }, roundTripMs: number): boolean {
    this.#consumed += bytes;
    if (this.#consumed - this.#quarter >= this.#size / 4) this.#resize(clock.now(), roundTripMs);
    const granted = this.#consumed + this.#size - this.#costBytes;
    if (granted - this.#granted < this.#stepBytes) return false;
    this.#granted = granted;
    return true;
  }

  /** What is worth telling: more often than that, and the telling would cost more than the waiting. */
  get #stepBytes(): number {
    return Math.max(
      Math.min(this.#size / 8, MOST_WINDOW_STEP_BYTES),
      Math.min(WINDOW_STEP_BYTES, this.#size / 2),
    );
  }

  #resize(nowMs: number, roundTripMs: number): void {
    const quick = Math.max(GROW_WITHIN_MS, GROW_WITHIN_ROUND_TRIPS * roundTripMs);
    if (nowMs - this.#quarterAtMs < quick) this.#grow();
    else if (this.#growth.isBeyondShare(this.#size - this.#start)) this.#shrink();
    this.#quarterAtMs = nowMs;
    this.#quarter = this.#consumed;
  }

  /** Gives the memory back; the stream is over. */
  close(): void {
    this.#growth.give(this.#size - this.#start);
    this.#size = this.#start;
  }

  #grow(): void {
    const more = Math.min(this.#size, Math.max(0, MOST_WINDOW_BYTES - this.#size));
    this.#size += this.#growth.takeShare(more, this.#size - this.#start);
  }

  /** Others need the memory more: what was granted stays, what is granted next is less. */
  #shrink(): void {
    const size = Math.max(this.#start, Math.ceil(this.#size / 2));
    this.#growth.give(this.#size - size);
    this.#size = size;
  }
}
