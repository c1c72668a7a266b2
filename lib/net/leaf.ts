/**
 * Leafs: what two ends of TLS compare to know that nobody stands between them.
 *
 * @module
 */
import { createHash } from "node:crypto";

/** Bytes of a leaf: SHA-256. */
export const LEAF_BYTES = 32;

/**
 * Stands for a certificate that need not be compared: the client has verified it in another way, or there is no TLS.
 */
export const NO_LEAF: Uint8Array = new Uint8Array(LEAF_BYTES);

/**
 * SHA-256 of a server's own certificate, the leaf of its chain.
 *
 * @param der The certificate.
 *
 * @example
 * ```ts
 * import { LEAF_BYTES, leafOf } from "./leaf.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(leafOf(new Uint8Array([0x30, 0])).length, LEAF_BYTES);
 * ```
 */
export function leafOf(der: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha256").update(der).digest());
}
