/**
 * The keys by which the two ends of an upgrade know that the other one speaks WebSocket (RFC 6455, 1.3).
 *
 * @module
 */

/** Random bytes in a key. */
const KEY_BYTES = 16;

/** What every server of the protocol puts behind the key. */
const SERVER_MARK = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** A key of a client: it protects nothing, and shows that the answer is to this request. */
export function makeKey(): string {
  return base64(crypto.getRandomValues(new Uint8Array(KEY_BYTES)));
}

/** Whether a client may send this as its key. */
export function isKey(text: string): boolean {
  // 16 bytes in base64.
  return /^[A-Za-z0-9+/]{22}==$/.test(text);
}

/**
 * What a server answers to a key.
 *
 * @example
 * ```ts
 * import { acceptOf } from "./handshake_key.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(await acceptOf("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
 * ```
 */
export async function acceptOf(key: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-1", new TextEncoder().encode(key + SERVER_MARK));
  return base64(new Uint8Array(digest));
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
