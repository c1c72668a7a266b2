/**
 * What TLS looks like to somebody who did not expect it.
 *
 * @module
 */

/**
 * Whether `bytes`, the first of a connection, begin a TLS record, and of which kind: a `handshake` is a client that
 * begins, an `alert` a server that did not understand what it read.
 *
 * Source: RFC 8446, section 5.1: content type, then the version 3.0 to 3.4.
 *
 * @example
 * ```ts
 * import { tlsRecordKind } from "./tls_record.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(tlsRecordKind(new Uint8Array([0x16, 3, 1, 2, 0])), "handshake");
 * assertEquals(tlsRecordKind(new TextEncoder().encode("GET /")), undefined);
 * ```
 */
export function tlsRecordKind(bytes: Uint8Array): "handshake" | "alert" | undefined {
  if (bytes.length < 3 || bytes[1] !== 3 || bytes[2] > 4) return undefined;
  if (bytes[0] === 0x16) return "handshake";
  return bytes[0] === 0x15 ? "alert" : undefined;
}
