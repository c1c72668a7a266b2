/**
 * What one of several carriers of a path may have in flight.
 *
 * @module
 */
import { CARRIER_BYTES } from "../share.ts";

/** What a carrier may have in flight of which nothing is known, in bytes. */
export const NEW_CARRIER_BYTES: number = 64 * 1024;

/** Milliseconds and round trips in which a carrier delivers what it has in flight. */
const CARRIER_MS = 50, CARRIER_ROUND_TRIPS = 3;

/** What is known of a carrier and its path. */
export interface CarrierSeen {
  /** What the carrier delivers, in bytes per millisecond; 0 if unknown. */
  readonly bytesPerMs: number;
  /** How long a round trip takes on its path without a queue, in milliseconds. */
  readonly usualMs: number;
  /** Whether the path holds enough for bulk on several carriers. */
  readonly mayBeSpread: boolean;
  /** What it may have while its rate is being found, in bytes; 0 behind that. */
  readonly startBytes: number;
}

/**
 * The share in bytes. One of several carriers whose packets are lost would take more and more: what waits in its buffer
 * is late, and what others bring of the same stream waits for it.
 *
 * Source: `PROTOCOL.md`, "The path's bound".
 *
 * @example
 * ```ts
 * import { carrierShare } from "./carrier_share.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(carrierShare({ bytesPerMs: 1_000, usualMs: 40, mayBeSpread: true, startBytes: 0 }), 170_000);
 * assertEquals(carrierShare({ bytesPerMs: 0, usualMs: 40, mayBeSpread: true, startBytes: 0 }), 65_536);
 * ```
 */
export function carrierShare({ bytesPerMs, usualMs, mayBeSpread, startBytes }: CarrierSeen): number {
  const isSlow = mayBeSpread && bytesPerMs > 0;
  const shareBytes = Math.ceil(bytesPerMs * shareMs(usualMs));
  return Math.max(isSlow ? CARRIER_BYTES : NEW_CARRIER_BYTES, startBytes, shareBytes);
}

/** Within how many milliseconds a carrier delivers its share, where a round trip takes `usualMs` without a queue. */
export function shareMs(usualMs: number): number {
  return CARRIER_MS + CARRIER_ROUND_TRIPS * usualMs;
}
