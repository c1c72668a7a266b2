/**
 * What one of several carriers of a path may have in flight.
 *
 * @module
 */
import { CARRIER_BYTES } from "../share.ts";

/** It is at most what the carrier delivers in this time and some round trips. */
const CARRIER_MS = 50, CARRIER_ROUND_TRIPS = 3, NEW_CARRIER_BYTES = 64 * 1024;

/** What is known of a carrier and its path. */
export interface CarrierSeen {
  /** What the carrier delivers, in bytes per millisecond; 0 if unknown. */
  readonly bytesPerMs: number;
  /** How long a round trip takes on its path without a queue, in milliseconds. */
  readonly usualMs: number;
  /** Whether the path holds enough for bulk on several carriers. */
  readonly mayBeSpread: boolean;
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
 * assertEquals(carrierShare({ bytesPerMs: 1_000, usualMs: 40, mayBeSpread: true }), 170_000);
 * assertEquals(carrierShare({ bytesPerMs: 0, usualMs: 40, mayBeSpread: true }), 65_536);
 * ```
 */
export function carrierShare({ bytesPerMs, usualMs, mayBeSpread }: CarrierSeen): number {
  const ms = CARRIER_MS + CARRIER_ROUND_TRIPS * usualMs, isSlow = mayBeSpread && bytesPerMs > 0;
  return Math.max(isSlow ? CARRIER_BYTES : NEW_CARRIER_BYTES, Math.ceil(bytesPerMs * ms));
}
