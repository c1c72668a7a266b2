/**
 * What is always let under way on a path.
 *
 * @module
 */

/** The least bound, in bytes. */
export const LEAST_BOUND = 4 * 1024;

/** Up to this rate it is what the path carries in this time. */
const SLOW_BYTES_PER_MS = 125, SLOW_MS = 100;

/**
 * The least bound of a path that delivers this, in bytes: 4 KiB, or what 100 ms carry up to 1 Mbit/s.
 *
 * Source: `PROTOCOL.md`, "The path's bound".
 *
 * @example
 * ```ts
 * import { leastBound } from "./least_bound.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([16, 80, 25_000].map(leastBound), [4_096, 8_000, 12_500]);
 * ```
 */
export function leastBound(bytesPerMs: number): number {
  return Math.max(LEAST_BOUND, Math.ceil(SLOW_MS * Math.min(bytesPerMs, SLOW_BYTES_PER_MS)));
}
