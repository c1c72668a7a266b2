/**
 * How long it takes until what was sent has arrived.
 *
 * @module
 */
import { BACKLOG_BYTES, SLOWEST_RATE } from "./quickness.ts";

/**
 * Of this much no rate is known: routers let a burst through before they slow down. In bytes.
 */
const UNTOLD_BYTES = 64 * 1024;

/** Until then it may be the slowest path, with TCP's first packets under way, in bytes. */
const FIRST_BYTES = 32 * 1024;

/** But not if the path has carried so much more than the slowest does: more than routers let pass at once there; in bytes. */
const BURST_BYTES = 8 * 1024;

/** If nothing of the backlog came back, a packet more is enough, in bytes: that may well be a black hole. */
const PACKET_BYTES = 2 * 1024;

/** A small message and its answer, with what TCP and IP add, in bytes: the path carries at least so much in a round trip. */
const SMALL_BYTES = 256;

/** So much, sent and acknowledged in one step, is the backlog's and not that of a key in front of it, in bytes. */
const TELLING_BYTES = 512;

/** What is older than about this says nothing about now, in milliseconds. */
const WINDOW_MS = 5_000;

/**
 * Measures how fast a backlog shrinks, and so how long the rest needs.
 *
 * A pure core. Not the rate of {@linkcode Flight}, which is the best of ten round trips: a path that lets a burst through at
 * first would look fast for minutes. And only by acknowledgements that came: into a black hole nothing drains, which must not look
 * like a path that is very slow.
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
 * for (let ms = 0, acknowledged = 0; ms < 2_000; ms += 250, acknowledged += 500) drain.passed(250, 64_000, acknowledged, 50);
 * assertEquals(drain.ms, 32_000); // 64 kB at 2 bytes per millisecond
 * ```
 */
export class DrainTime {
  #bytes = 0;
  #acknowledged = 0;
  /** What a backlog has lost, and in which time. */
  #drainedBytes = 0;
  #drainedMs = 0;
  /** All that a backlog ever lost. */
  #toldBytes = 0;
  /** Something of the present backlog was acknowledged. */
  #isMoving = false;
  #roundTripMs = 0;
  /** What the path has carried beyond what the slowest does; see {@linkcode Quickness}. */
  #excessBytes = 0;
  /** Since something was acknowledged last. */
  #waitedMs = -1;

  /** How long what is under way may still need, in milliseconds; 0 if it is no backlog. */
  get ms(): number {
    if (this.#bytes < BACKLOG_BYTES) return 0;
    const measuredMs = this.#drainedBytes > 0 ? this.#bytes * this.#drainedMs / this.#drainedBytes : 0;
    const isQuick = this.#excessBytes > (this.#isMoving ? BURST_BYTES : PACKET_BYTES);
    if (isQuick || this.#toldBytes >= UNTOLD_BYTES) return measuredMs;
    const first = Math.min(this.#bytes, FIRST_BYTES);
    const mayNeedMs = first / SLOWEST_RATE;
    // If nothing of it came back, that may be a black hole: then it is no slower than the round trip says.
    const mostMs = this.#isMoving ? mayNeedMs : Math.min(mayNeedMs, first / SMALL_BYTES * this.#roundTripMs);
    return Math.max(measuredMs, mostMs);
  }

  /**
   * Time passed.
   *
   * @param ms For how long the process ran.
   * @param bytes How many bytes are sent and not acknowledged.
   * @param acknowledged How many bytes were ever acknowledged.
   * @param roundTripMs The round trip in milliseconds; 0 if unknown.
   * @param excessBytes How much more the path has carried than the slowest does; see {@linkcode Quickness}.
   */
  passed(ms: number, bytes: number, acknowledged: number, roundTripMs: number, excessBytes = 0): void {
    this.#roundTripMs = roundTripMs;
    this.#excessBytes = excessBytes;
    const drained = acknowledged - this.#acknowledged;
    const ofThisStep = drained - this.#bytes;
    this.#acknowledged = acknowledged;
    this.#bytes = bytes;
    const wasBacklog = this.#waitedMs >= 0;
    this.#waitedMs = wasBacklog ? this.#waitedMs + ms : ms;
    // A few bytes, each acknowledged by itself, are not the rate of a backlog.
    if (drained > 0 && (wasBacklog || drained >= BACKLOG_BYTES)) this.#remember(drained);
    this.#isMoving = bytes >= BACKLOG_BYTES &&
      (wasBacklog ? this.#isMoving || drained > 0 : ofThisStep >= TELLING_BYTES);
    if (bytes < BACKLOG_BYTES) this.#waitedMs = -1;
    else if (!wasBacklog) this.#waitedMs = 0;
  }

  #remember(drained: number): void {
    if (this.#drainedMs > WINDOW_MS) {
      this.#drainedBytes /= 2;
      this.#drainedMs /= 2;
    }
    this.#toldBytes += drained;
    this.#drainedBytes += drained;
    this.#drainedMs += this.#waitedMs;
    this.#waitedMs = 0;
  }
}
