/**
 * How long it takes until what was sent has arrived.
 *
 * @module
 */

/** The slowest path that is waited for, in bytes per millisecond (16 kbit/s). */
export const SLOWEST_RATE = 2;

/**
 * With less than this under way there is no queue to speak of, and until this much of one was acknowledged no rate, in
 * bytes.
 */
const BACKLOG_BYTES = 4 * 1024;

/**
 * Bytes of a backlog that must be acknowledged before a rate is known: routers let a burst through before they slow
 * down. Nor does more than this stand in the way of the peer's signs of life meanwhile.
 */
const UNTOLD_BYTES = 64 * 1024;

/** Measurements older than about this say nothing about now, in milliseconds. */
const WINDOW_MS = 5_000;

/**
 * Measures how fast a backlog shrinks, and so how long the rest needs.
 *
 * A pure core. Not the rate of {@linkcode RateFilter}, which is the best of ten round trips: a path that lets a burst
 * through at first would look fast for minutes. And only by acknowledgements that came: into a black hole nothing
 * drains, which must not look like a path that is very slow. Nor must a path on which others come through again: what
 * is acknowledged drained in the time since it was sent, at the most.
 *
 * Invariant 7: behind a queue of ours even the peer's signs of life are late. TCP lets it have some ten packets
 * under way, however small, and our acknowledgements of them wait in that queue.
 *
 * @example
 * ```ts
 * import { DrainTime } from "./drain_time.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const drain = new DrainTime();
 * for (let ms = 0, acknowledged = 0; ms < 3_000; ms += 250, acknowledged += 500) drain.passed(250, 64_000, acknowledged);
 * assertEquals(drain.ms, 32_000); // 64 kB at 2 bytes per millisecond
 * ```
 */
export class DrainTime {
  #bytes = 0;
  #acknowledged: number;
  /** What a backlog has lost, and in what time. */
  #drainedBytes = 0;
  #drainedMs = 0;
  /** All that a backlog ever lost. */
  #toldBytes = 0;
  /** Since something was acknowledged last. */
  #waitedMs = -1;

  /** Nothing was measured yet; `acknowledged` bytes were, on the carriers before. */
  constructor(acknowledged = 0) {
    this.#acknowledged = acknowledged;
  }

  /**
   * How long what is under way still needs by what was measured, in milliseconds; 0 if nothing was, or it is no
   * backlog.
   */
  get ms(): number {
    if (this.#bytes < BACKLOG_BYTES || this.#toldBytes < BACKLOG_BYTES) return 0;
    return this.#bytes * this.#drainedMs / this.#drainedBytes;
  }

  /** Whether there is a backlog, and so much of one was acknowledged that its rate is known. */
  get isTold(): boolean {
    return this.#bytes >= BACKLOG_BYTES && this.#toldBytes >= UNTOLD_BYTES;
  }

  /** How long it may need: as long as little was measured, this may be the slowest path there is. In milliseconds. */
  get guessedMs(): number {
    if (this.#bytes < BACKLOG_BYTES || this.#toldBytes >= UNTOLD_BYTES) return this.ms;
    return Math.max(this.ms, Math.min(this.#bytes, UNTOLD_BYTES) / SLOWEST_RATE);
  }

  /**
   * Time passed.
   *
   * @param ms For how long the process ran.
   * @param bytes How many bytes are sent and not acknowledged, and make a queue.
   * @param acknowledged How many bytes were ever acknowledged.
   * @param ownBytes How many are asked for, if they are more: what is lost makes no queue, but must come all the same.
   * @param tookMs How long ago the last of what has arrived was sent, in milliseconds.
   */
  passed(ms: number, bytes: number, acknowledged: number, ownBytes = 0, tookMs = Infinity): void {
    const drained = acknowledged - this.#acknowledged;
    this.#acknowledged = acknowledged;
    this.#bytes = Math.max(bytes, ownBytes);
    const wasBacklog = this.#waitedMs >= 0;
    this.#waitedMs = wasBacklog ? this.#waitedMs + ms : ms;
    // A few bytes, each acknowledged by itself, are not the rate of a backlog.
    if (drained > 0 && (wasBacklog || drained >= BACKLOG_BYTES)) this.#remember(drained, tookMs);
    if (bytes < BACKLOG_BYTES) this.#waitedMs = -1;
    else if (!wasBacklog) this.#waitedMs = 0;
  }

  #remember(drained: number, tookMs: number): void {
    if (this.#drainedMs > WINDOW_MS) {
      this.#drainedBytes /= 2;
      this.#drainedMs /= 2;
    }
    this.#toldBytes += drained;
    this.#drainedBytes += drained;
    this.#drainedMs += Math.min(this.#waitedMs, tookMs);
    this.#waitedMs = 0;
  }
}
