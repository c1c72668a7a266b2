/**
 * The first record of a TLS client.
 *
 * @module
 */
import { readU16 } from "./bytes.ts";
import type { Duplex } from "./duplex.ts";
import { TruncatedError } from "./tls_failure.ts";

/** The header of a TLS record: type, version, and the length of the rest (RFC 8446, 5.1). */
const RECORD_HEADER_BYTES = 5;

/** The type of a record that is part of the handshake. */
const HANDSHAKE = 0x16;

/** The usual hello is shorter, but for those with post-quantum keys. */
const FIRST_HELLO_BYTES = 512;

/** Enough of what came for an explanation, in bytes. */
const FIRST_BYTES = 16;

/**
 * Reads the first record of TLS whole, or as much as shows that it is none.
 *
 * @param onFirst Told after each read which bytes came first, for an explanation.
 * @throws {TruncatedError} If `transport` ends before; what its `read` throws.
 */
export async function readHello(transport: Duplex, onFirst: (first: Uint8Array) => void): Promise<Uint8Array> {
  let buffer = new Uint8Array(FIRST_HELLO_BYTES);
  let filled = 0;
  let wanted = RECORD_HEADER_BYTES;
  while (filled < wanted) {
    const count = await transport.read(buffer.subarray(filled));
    if (count === null) throw new TruncatedError();
    filled += count;
    onFirst(buffer.slice(0, Math.min(filled, FIRST_BYTES)));
    const isHandshake = buffer[0] === HANDSHAKE;
    if (isHandshake && filled >= RECORD_HEADER_BYTES) wanted = RECORD_HEADER_BYTES + readU16(buffer, 3);
    if (!isHandshake) wanted = filled;
    if (wanted <= buffer.length) continue;
    const larger = new Uint8Array(wanted);
    larger.set(buffer.subarray(0, filled));
    buffer = larger;
  }
  return buffer.subarray(0, filled);
}
