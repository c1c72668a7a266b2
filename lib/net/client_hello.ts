/**
 * What a TLS client offers by ALPN, read from its hello without ending its TLS.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import { readU16 } from "./bytes.ts";
import type { Duplex } from "./duplex.ts";

/** The longest hello that is looked at, records and all, in bytes: one with post-quantum keys has about 2 KiB. */
export const MOST_CLIENT_HELLO_BYTES: number = 16 * 1024;

/** The header of a TLS record: type, version, and the length of the rest (RFC 8446, 5.1). */
const RECORD_HEADER_BYTES = 5;

/** A record that is part of a handshake. */
const HANDSHAKE_RECORD = 0x16;

/** The header of a message of a handshake: type, and the length of the rest in 24 bits (RFC 8446, 4). */
const MESSAGE_HEADER_BYTES = 4;

/** A hello (RFC 8446, 4). */
const CLIENT_HELLO = 1;

/** In front of the session identifier: version and random (RFC 8446, 4.1.2). */
const FIXED_BYTES = 34;

/** The extension of ALPN (RFC 7301, 3.1). */
const ALPN_EXTENSION = 16;

/** Memory for what is read first, in bytes. */
const FIRST_BYTES = 2048;

/** What a client's hello offers; `more` while it has not come whole, `none` for what is no hello. */
export type OfferedProtocols = readonly string[] | "more" | "none";

/**
 * The protocols that a hello of TLS offers by ALPN, each byte of a name a character. A hello without ALPN offers none:
 * `[]`.
 *
 * @param bytes All that has come so far, records and all. What stands behind the hello does not matter.
 *
 * @example
 * ```ts
 * import { offeredProtocols } from "./client_hello.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(offeredProtocols(new Uint8Array([0x16, 3, 1])), "more");
 * assertEquals(offeredProtocols(new TextEncoder().encode("GET / HTTP/1.1")), "none");
 * ```
 */
export function offeredProtocols(bytes: Uint8Array): OfferedProtocols {
  const message = handshakeBytes(bytes);
  if (message === undefined || (message.length > 0 && message[0] !== CLIENT_HELLO)) return "none";
  const isCut = message.length < MESSAGE_HEADER_BYTES;
  const end = isCut ? Infinity : MESSAGE_HEADER_BYTES + (message[1]! << 16 | readU16(message, 2));
  if (message.length < end) return bytes.length < MOST_CLIENT_HELLO_BYTES ? "more" : "none";
  try {
    return alpnOf(new Cursor(message.subarray(MESSAGE_HEADER_BYTES, end)));
  } catch {
    return "none";
  }
}

/** A connection whose hello was read, and is read again. */
export interface SeenHello {
  /** What was read. */
  readonly first: Uint8Array;
  /** What it offers by ALPN; nothing where it is no hello, or none that came whole. */
  readonly protocols: readonly string[];
}

/**
 * Reads the hello of TLS whole, or as much as shows that it is none. Holds {@linkcode MOST_CLIENT_HELLO_BYTES} at most.
 *
 * @throws What `duplex.read` throws.
 */
export async function readClientHello(duplex: Duplex): Promise<SeenHello> {
  let buffer = new Uint8Array(FIRST_BYTES);
  let filled = 0;
  for (;;) {
    const count = await duplex.read(buffer.subarray(filled));
    filled += count ?? 0;
    const first = buffer.subarray(0, filled);
    const offered = offeredProtocols(first);
    if (offered !== "more" || count === null) return { first, protocols: typeof offered === "string" ? [] : offered };
    if (filled < buffer.length) continue;
    const larger = new Uint8Array(Math.min(2 * buffer.length, MOST_CLIENT_HELLO_BYTES));
    larger.set(buffer);
    buffer = larger;
  }
}

/** What the records have of the handshake so far; `undefined` if another record stands in it. */
function handshakeBytes(bytes: Uint8Array): Uint8Array | undefined {
  const parts: Uint8Array[] = [];
  let gathered = 0;
  let wanted: number | undefined;
  for (let at = 0; at < bytes.length && gathered < (wanted ?? MESSAGE_HEADER_BYTES);) {
    if (bytes[at] !== HANDSHAKE_RECORD) return undefined;
    if (at + RECORD_HEADER_BYTES > bytes.length) break;
    const length = readU16(bytes, at + 3);
    // An empty one is not allowed (RFC 8446, 5.1), and who sends nothing else would be looked at for ever.
    if (length === 0) return undefined;
    const part = bytes.subarray(at + RECORD_HEADER_BYTES, at + RECORD_HEADER_BYTES + length);
    parts.push(part);
    gathered += part.length;
    at += RECORD_HEADER_BYTES + length;
    if (wanted !== undefined || gathered < MESSAGE_HEADER_BYTES) continue;
    const header = concat(parts);
    wanted = MESSAGE_HEADER_BYTES + (header[1]! << 16 | readU16(header, 2));
  }
  return concat(parts);
}

/** The names of ALPN in the body of a hello. Throws if that is cut short. */
function alpnOf(hello: Cursor): readonly string[] {
  hello.take(FIXED_BYTES);
  hello.take(hello.u8()); // Session identifier.
  hello.take(hello.u16()); // Cipher suites.
  hello.take(hello.u8()); // Compression methods.
  if (hello.isEmpty) return [];
  const extensions = hello.sub(hello.u16());
  while (!extensions.isEmpty) {
    const type = extensions.u16();
    const extension = extensions.sub(extensions.u16());
    if (type === ALPN_EXTENSION) return namesOf(extension.sub(extension.u16()));
  }
  return [];
}

function namesOf(list: Cursor): string[] {
  const names: string[] = [];
  while (!list.isEmpty) names.push(String.fromCharCode(...list.take(list.u8())));
  return names;
}

/** Reads vectors of TLS (RFC 8446, 3.4). */
class Cursor {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isEmpty(): boolean {
    return this.#at === this.#bytes.length;
  }

  take(count: number): Uint8Array {
    if (this.#at + count > this.#bytes.length) throw new RangeError("the hello is cut short");
    return this.#bytes.subarray(this.#at, this.#at += count);
  }

  u8(): number {
    return this.take(1)[0]!;
  }

  u16(): number {
    return readU16(this.take(2), 0);
  }

  sub(count: number): Cursor {
    return new Cursor(this.take(count));
  }
}
