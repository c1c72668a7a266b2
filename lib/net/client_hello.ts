/**
 * What a TLS client offers by ALPN, read from its hello without ending its TLS.
 *
 * @module
 */
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
  return offeredSoFar(new HelloRecords(), bytes);
}

/** The same, where `records` has looked at some of these bytes before, and does not look at them again. */
function offeredSoFar(records: HelloRecords, bytes: Uint8Array): OfferedProtocols {
  records.look(bytes);
  if (records.isNone) return "none";
  if (!records.isWhole) return bytes.length < MOST_CLIENT_HELLO_BYTES ? "more" : "none";
  try {
    return alpnOf(new Cursor(records.body));
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
  const records = new HelloRecords();
  let buffer = new Uint8Array(FIRST_BYTES);
  let filled = 0;
  for (;;) {
    const count = await duplex.read(buffer.subarray(filled));
    filled += count ?? 0;
    const first = buffer.subarray(0, filled);
    const offered = offeredSoFar(records, first);
    if (offered !== "more" || count === null) return { first, protocols: typeof offered === "string" ? [] : offered };
    if (filled < buffer.length) continue;
    const larger = new Uint8Array(Math.min(2 * buffer.length, MOST_CLIENT_HELLO_BYTES));
    larger.set(buffer);
    buffer = larger;
  }
}

/**
 * The message of a hello, gathered from its records. Each byte is looked at once (invariant 10): who sends one at a time,
 * in records of one byte, must not have all of them looked at again for each.
 */
class HelloRecords {
  /** Bytes that were looked at. */
  #at = 0;
  /** Bytes of the record under way that are still to come. */
  #left = 0;
  #message = new Uint8Array(FIRST_BYTES);
  #gathered = 0;
  /** Whether something else than a hello has come. */
  isNone = false;

  /** Bytes of the message, as far as they are known. */
  get #wanted(): number {
    if (this.#gathered < MESSAGE_HEADER_BYTES) return MESSAGE_HEADER_BYTES;
    return MESSAGE_HEADER_BYTES + (this.#message[1]! << 16 | readU16(this.#message, 2));
  }

  get isWhole(): boolean {
    return this.#gathered >= this.#wanted;
  }

  /** What stands behind the message's header. */
  get body(): Uint8Array {
    return this.#message.subarray(MESSAGE_HEADER_BYTES, this.#wanted);
  }

  /** These came: all that came before as well, in front. */
  look(bytes: Uint8Array): void {
    while (this.#at < bytes.length && !this.isWhole && !this.isNone) {
      if (this.#left > 0) this.#gather(bytes.subarray(this.#at, this.#at + this.#left));
      else if (!this.#beginRecord(bytes)) return;
    }
  }

  /** Returns whether the header of a record has come whole. */
  #beginRecord(bytes: Uint8Array): boolean {
    this.isNone = bytes[this.#at] !== HANDSHAKE_RECORD;
    if (this.isNone || this.#at + RECORD_HEADER_BYTES > bytes.length) return this.isNone;
    this.#left = readU16(bytes, this.#at + 3);
    this.#at += RECORD_HEADER_BYTES;
    // An empty one is not allowed (RFC 8446, 5.1), and who sends nothing else would be looked at for ever.
    this.isNone = this.#left === 0;
    return true;
  }

  #gather(part: Uint8Array): void {
    const end = this.#gathered + part.length;
    if (end > this.#message.length) {
      const larger = new Uint8Array(Math.max(end, 2 * this.#message.length));
      larger.set(this.#message);
      this.#message = larger;
    }
    this.#message.set(part, this.#gathered);
    this.#gathered = end;
    this.#at += part.length;
    this.#left -= part.length;
    this.isNone = this.#message[0] !== CLIENT_HELLO;
  }
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
