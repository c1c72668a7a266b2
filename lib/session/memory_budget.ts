/**
 * What the sessions of a process may hold together.
 *
 * @module
 */
import { MemoryPool } from "./memory_pool.ts";
import { SEGMENT_BYTES } from "./segment_pool.ts";

/** A quarter is for what streams begin with, a quarter for what their windows grow by, half for logs. */
const STARTS_SHARE = 1 / 4, GROWTH_SHARE = 1 / 4, LOGS_SHARE = 1 / 2;

/** What was held and is no more is worth to be collected from so many bytes on, or from a quarter of the limit. */
const WORTH_COLLECTING_BYTES = 64 * 1024 * 1024;

/**
 * The limit of `--memory`, kept by credit: bytes that nobody was granted credit for, or room in a log, do not come.
 *
 * Source: `PROTOCOL.md`, "Memory".
 */
export class MemoryBudget {
  /** Start credit of all streams, by which peers may send. */
  readonly starts: MemoryPool;
  /** Growth of all windows. */
  readonly growth: MemoryPool;
  /** What was sent and is not acknowledged. */
  readonly logs: MemoryPool;
  readonly #limitBytes: number;
  readonly #onReleased: () => void;
  #mostUsed = 0;

  /**
   * Nothing is held yet.
   *
   * @param limitBytes For all sessions; `Infinity` for none.
   * @param onReleased Much of what was held is not needed any more: the garbage collector may not have noticed.
   */
  constructor(limitBytes: number, onReleased: () => void = () => {}) {
    this.#limitBytes = limitBytes;
    this.#onReleased = onReleased;
    this.starts = new MemoryPool(Math.floor(limitBytes * STARTS_SHARE));
    this.growth = new MemoryPool(Math.floor(limitBytes * GROWTH_SHARE));
    this.logs = new MemoryPool(Math.floor(limitBytes * LOGS_SHARE));
  }

  /** Bytes promised in all. */
  get used(): number {
    return this.starts.used + this.growth.used + this.logs.used;
  }

  /** Most bytes promised in all; `Infinity` without a limit. */
  get limitBytes(): number {
    return this.#limitBytes;
  }

  /** How many segments may be out before they are called scarce: `plenty`, or a sixteenth of the limit. */
  segments(plenty: number): number {
    return Math.max(4, Math.min(plenty, Math.floor(this.#limitBytes / 16 / SEGMENT_BYTES)));
  }

  /** A session is about to end: what it holds now is the measure of what that releases. */
  sessionEnding(): void {
    this.#mostUsed = Math.max(this.#mostUsed, this.used);
  }

  /** It has ended. */
  sessionEnded(): void {
    if (this.#mostUsed - this.used < Math.min(WORTH_COLLECTING_BYTES, this.#limitBytes / 4)) return;
    this.#mostUsed = this.used;
    this.#onReleased();
  }
}
