/**
 * Whether a path loses packets, told by how unevenly bytes arrive.
 *
 * @module
 */

/** Acknowledgements within this time of the first are one burst, in milliseconds. */
const BURST_MS = 5;
/** In a burst bytes have waited for each other this long on average where something was lost, in milliseconds. */
const LOSSY_MS = 8;
/**
 * A receiver waits for this much, or this long where acknowledgements ride along with its own data, before it tells of
 * anything: a burst of no more than that is its doing.
 */
const TOLD_BYTES = 64 * 1024, TOLD_MS = 64;
/** A packet or two may hold bytes of two writes: on a slow path that is no sign of anything. */
const PACKETS_BYTES = 3_000;
/** What the newest round trip counts. */
const NEWEST = 1 / 8;

/**
 * Measures for how long bytes wait at the receiver for bytes in front of them.
 *
 * Behind a lost packet TCP holds back all that comes, until it was sent again; then much arrives at once that was sent
 * over a long time. A queue has no such bursts: what it lets through in a moment was sent in about as much time. So does
 * a box that gathers what passes, and that needs the same answer: a byte takes longer than the lowest round trip, and
 * sending less does not change it.
 *
 * @example
 * ```ts
 * import { Scatter } from "./scatter.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const scatter = new Scatter();
 * for (let ms = 0; ms < 2_000; ms += 100) {
 *   scatter.add(ms, 60, 110, 100_000); // at once, what was sent within 100 ms
 *   scatter.nextRound(1_000);
 * }
 * assertEquals(scatter.isLossy, true);
 * ```
 */
export class Scatter {
  #burstStartMs = -Infinity;
  #burstBytes = 0;
  /** The sum of the times at which the bytes of the burst were sent, and that of the newest. */
  #sentByteMs = 0;
  #newestSentMs = 0;
  /** What the bursts of this round trip had, and how long their bytes waited, in byte milliseconds. */
  #bytes = 0;
  #waitedByteMs = 0;
  #averageMs = 0;
  #bytesPerMs = 0;
  #isLossy = false;

  /** Whether bytes wait for others that were lost. */
  get isLossy(): boolean {
    return this.#isLossy;
  }

  /** So many bytes are acknowledged; the newest was under way for `roundTripMs`, all of them for `meanMs` on average. */
  add(nowMs: number, roundTripMs: number, meanMs: number, bytes: number): void {
    if (nowMs - this.#burstStartMs > BURST_MS) {
      this.#endBurst();
      this.#burstStartMs = nowMs;
    }
    this.#burstBytes += bytes;
    this.#sentByteMs += (nowMs - meanMs) * bytes;
    this.#newestSentMs = nowMs - roundTripMs;
  }

  #endBurst(): void {
    const bytes = this.#burstBytes, waitedByteMs = bytes * this.#newestSentMs - this.#sentByteMs;
    const isTold = bytes <= TOLD_BYTES + this.#bytesPerMs * BURST_MS &&
      waitedByteMs <= bytes * (TOLD_MS / 2 + LOSSY_MS);
    if (!isTold) this.#waitedByteMs += waitedByteMs;
    this.#bytes += bytes;
    this.#burstBytes = this.#sentByteMs = 0;
  }

  /** A round trip is over; the path carries `bytesPerMs`. */
  nextRound(bytesPerMs: number): void {
    this.#bytesPerMs = bytesPerMs;
    if (this.#bytes === 0 || bytesPerMs === 0) return;
    this.#averageMs += (this.#waitedByteMs / this.#bytes - this.#averageMs) * NEWEST;
    this.#waitedByteMs = this.#bytes = 0;
    const lossyMs = this.#isLossy ? LOSSY_MS / 2 : LOSSY_MS;
    this.#isLossy = this.#averageMs > lossyMs + PACKETS_BYTES / bytesPerMs;
  }
}
