/**
 * How a carrier goes, in one word.
 *
 * @module
 */
import type { Duplex } from "./duplex.ts";

/** The words, of which `TLS` may stand for a seal, and `other` for what only a library's program knows. */
export const CARRIER_WAYS = ["TCP", "TLS", "WebSocket", "command", "unix", "other"] as const;

/** One of {@linkcode CARRIER_WAYS}. */
export type CarrierWay = typeof CARRIER_WAYS[number];

/**
 * How a connection goes: the outermost thing that somebody on the way can see.
 *
 * @example
 * ```ts
 * import { wayOf } from "./carrier_way.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(wayOf({ peer: "192.0.2.1:40300", leaf: new Uint8Array(32) }), "TLS");
 * ```
 */
export function wayOf({ peer, leaf, medium }: Pick<Duplex, "peer" | "leaf" | "medium">): CarrierWay {
  if (medium !== undefined) return medium;
  if (leaf !== undefined) return "TLS";
  if (peer.startsWith("unix:")) return "unix";
  return /:\d+$/.test(peer) ? "TCP" : "other";
}
