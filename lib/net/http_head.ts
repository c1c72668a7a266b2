/**
 * The head of an HTTP/1.1 message (RFC 9112): its first line and its fields, read strictly and within a bound.
 *
 * @module
 */
import type { Duplex } from "./duplex.ts";
import { TeleError } from "./error.ts";

/** Longest head, in bytes: those of browsers with many cookies are shorter. */
export const MOST_HEAD_BYTES: number = 16 * 1024;

/** Memory for the usual one, in bytes. */
const FIRST_BYTES = 1024;

const [LF, CR] = [10, 13];

/** A head. */
export interface HttpHead {
  /** The request line or the status line. */
  readonly startLine: string;
  /** The fields, by name in lower case; those of one name are joined by a comma (RFC 9110, 5.3). */
  readonly fields: ReadonlyMap<string, string>;
}

/** A head, and what came with it. */
export interface ReadHead {
  /** The head. */
  readonly head: HttpHead;
  /** Bytes behind it, which belong to whatever comes next. */
  readonly rest: Uint8Array;
}

/**
 * Reads a head, and no more than came with its end.
 *
 * @throws {TeleError} `protocol` if it is none, or longer than {@linkcode MOST_HEAD_BYTES}; `carrier-lost` if the
 * connection ends before; what its `read` throws.
 *
 * @example
 * ```ts
 * import { duplexPair } from "./pipe.ts";
 * import { readHead } from "./http_head.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const [near, far] = duplexPair();
 * const writing = far.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n..."));
 * const { head, rest } = await readHead(near);
 * await writing;
 * assertEquals([head.startLine, head.fields.get("host"), rest.length], ["GET / HTTP/1.1", "example.com", 3]);
 * ```
 */
export async function readHead(duplex: Duplex): Promise<ReadHead> {
  let buffer = new Uint8Array(FIRST_BYTES);
  let filled = 0;
  let end: number | undefined;
  while (end === undefined) {
    if (filled === MOST_HEAD_BYTES) throw noHead(`is longer than ${MOST_HEAD_BYTES / 1024} KiB`);
    if (filled === buffer.length) buffer = grown(buffer);
    const count = await duplex.read(buffer.subarray(filled));
    if (count === null) throw new TeleError("carrier-lost", "the connection ended within the head of an HTTP message");
    end = endOfHead(buffer.subarray(0, filled + count), filled);
    filled += count;
  }
  return { head: parseHead(buffer.subarray(0, end)), rest: buffer.slice(end, filled) };
}

function grown(buffer: Uint8Array): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(Math.min(buffer.length * 2, MOST_HEAD_BYTES));
  larger.set(buffer);
  return larger;
}

/** Where the empty line ends, if it has come; bytes before `from` were looked at. */
function endOfHead(bytes: Uint8Array, from: number): number | undefined {
  for (let at = bytes.indexOf(LF, from); at !== -1; at = bytes.indexOf(LF, at + 1)) {
    // A recipient may take a lone LF for a line's end (RFC 9112, 2.2), and then two readers may see two heads.
    if (bytes[at - 1] !== CR) throw noHead("has a line that does not end in CR and LF");
    if (bytes[at - 2] === LF && bytes[at - 3] === CR) return at + 1;
  }
  return undefined;
}

function parseHead(bytes: Uint8Array): HttpHead {
  const text = String.fromCharCode(...bytes);
  const [startLine = "", ...lines] = text.slice(0, -4).split("\r\n");
  const fields = new Map<string, string>();
  for (const line of lines) {
    const [name, value] = parseField(line);
    const known = fields.get(name);
    fields.set(name, known === undefined ? value : `${known}, ${value}`);
  }
  return { startLine, fields };
}

/** A name is a token, at once followed by its colon; no value goes on in the next line (RFC 9112, 5.1 and 5.2). */
function parseField(line: string): [name: string, value: string] {
  const colon = line.indexOf(":");
  const [name, value] = [line.slice(0, colon), line.slice(colon + 1)];
  if (colon < 1 || !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) || !/^[\t -~\x80-\xff]*$/.test(value)) {
    throw noHead("has a line that is no field");
  }
  return [name.toLowerCase(), value.trim()];
}

function noHead(how: string): TeleError {
  return new TeleError("protocol", `the head of an HTTP message ${how}`);
}

/**
 * Whether a field that is a list has this member, in whatever case.
 *
 * @example
 * ```ts
 * import { hasMember } from "./http_head.ts";
 * import { assert } from "@std/assert";
 *
 * assert(hasMember("keep-alive, Upgrade", "upgrade"));
 * ```
 */
export function hasMember(list: string | undefined, member: string): boolean {
  return list !== undefined && list.toLowerCase().split(",").some((each) => each.trim() === member);
}
