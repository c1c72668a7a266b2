/**
 * What was acknowledged within the last moment.
 *
 * @module
 */

/** No rate is measured over less time than this, in milliseconds. */
export const SPAN_MS = 50;

/** Acknowledgements closer together than this share an entry. */
const STEP_MS = SPAN_MS / 32;

/**
 * Measures a rate over {@linkcode SPAN_MS}, since a round trip may be too short to tell a rate from a burst: a path that
 * lets 64 KiB through at once, and then nothing for 5 ms, would look many times faster than it is; so would one whose far
 * end did not run for 10 ms and then reads what waited.
 *
 * @example
 * ```ts
 * import { AcknowledgedSpan } from "./acknowledged_span.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const span = new AcknowledgedSpan();
 * for (let ms = 0; ms <= 50; ms += 5) span.add(ms, 1_000 * ms, false);
 * assertEquals(span.rate(50), { bytesPerMs: 1_000, isLimited: false });
 * ```
 */
export class AcknowledgedSpan {
  readonly #entries: { ms: number; acked: number; isLimited: boolean }[] = [];
  #acked = 0;

  /** Up to `acked` bytes are acknowledged. */
  add(nowMs: number, acked: number, isLimited: boolean): void {
    const entries = this.#entries;
    this.#acked = acked;
    const newest = entries[entries.length - 1];
    if (newest === undefined || nowMs - newest.ms >= STEP_MS) entries.push({ ms: nowMs, acked, isLimited });
    else newest.isLimited ||= isLimited;
    while (entries.length > 1 && nowMs - entries[1].ms >= SPAN_MS) entries.shift();
  }

  /** Time in which nothing was under way belongs to no rate. */
  clear(): void {
    this.#entries.length = 0;
  }

  /** In bytes per millisecond, and whether the sender limited it; `undefined` while the span is too short. */
  rate(nowMs: number): { bytesPerMs: number; isLimited: boolean } | undefined {
    const [oldest] = this.#entries;
    if (oldest === undefined || nowMs - oldest.ms < SPAN_MS) return undefined;
    const bytesPerMs = (this.#acked - oldest.acked) / (nowMs - oldest.ms);
    return { bytesPerMs, isLimited: this.#entries.some((entry) => entry.isLimited) };
  }
}
