/**
 * Who connects, told by the first bytes that come.
 *
 * @module
 */
import type { Duplex } from "./duplex.ts";
import { PrefixedDuplex } from "./prefixed_duplex.ts";

/** Enough to tell, and for most all that they say first, in bytes. */
const FIRST_BYTES = 512;

/** How a request of HTTP begins (RFC 9110, 9.3); `PRI` is HTTP/2's (RFC 9113, 3.4). */
const METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "PRI"];

/** The first byte of TLS (RFC 8446, 5.1). As a frame's length it would be far beyond the limit. */
const TLS_HANDSHAKE = 0x16;

/** A connection, and whether a web client is at its other end; what was read of it is read again. */
export interface Recognized {
  /** The connection. */
  readonly duplex: Duplex;
  /** Whether it begins as a request of HTTP does. */
  readonly isWeb: boolean;
  /** Whether it begins as TLS does. */
  readonly isTls: boolean;
}

/**
 * Reads until it is clear whether `duplex` begins with a request of HTTP. Neither a frame of a tele client nor a record
 * of TLS begins like one, and a single byte tells.
 *
 * @returns `undefined` if the other side ended before its first byte.
 * @throws What `duplex.read` throws.
 *
 * @example
 * ```ts
 * import { duplexPair } from "./pipe.ts";
 * import { recognize } from "./first_bytes.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const [near, far] = duplexPair();
 * const recognizing = recognize(near);
 * await far.write(new TextEncoder().encode("GET / HTTP/1.1\r\n"));
 * assertEquals((await recognizing)?.isWeb, true);
 * near.close();
 * ```
 */
export async function recognize(duplex: Duplex): Promise<Recognized | undefined> {
  const buffer = new Uint8Array(FIRST_BYTES);
  let filled = 0;
  for (;;) {
    const count = await duplex.read(buffer.subarray(filled));
    if (count === null && filled === 0) return undefined;
    filled += count ?? 0;
    const isWeb = beginsAsRequest(buffer.subarray(0, filled));
    if (isWeb !== undefined || count === null) {
      const first = buffer.subarray(0, filled);
      return { duplex: new PrefixedDuplex(duplex, first), isWeb: isWeb === true, isTls: first[0] === TLS_HANDSHAKE };
    }
  }
}

/** `undefined` while it may become one. */
function beginsAsRequest(bytes: Uint8Array): boolean | undefined {
  const text = String.fromCharCode(...bytes.subarray(0, 8));
  if (METHODS.some((method) => text.startsWith(`${method} `))) return true;
  return METHODS.some((method) => `${method} `.startsWith(text)) ? undefined : false;
}
