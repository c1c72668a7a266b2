/**
 * Headers of WebSocket frames (RFC 6455, 5.2).
 *
 * @module
 */
import { readU16, readU64, writeU16, writeU64 } from "../bytes.ts";
import { TeleError } from "../error.ts";
import { MASK_BYTES } from "./mask.ts";

/** What a frame is (RFC 6455, 11.8). */
export const Opcode = {
  continuation: 0,
  text: 1,
  binary: 2,
  close: 8,
  ping: 9,
  pong: 10,
} as const;

/** A value of {@linkcode Opcode}. */
export type Opcode = typeof Opcode[keyof typeof Opcode];

const OPCODES: ReadonlySet<number> = new Set(Object.values(Opcode));

/** Whose frames they are: a client masks its own, a server does not (RFC 6455, 5.1). */
export type WebSocketSide = "client" | "server";

/** Longest header: two bytes, the length in 64 bits, the masking key. */
export const MOST_HEADER_BYTES: number = 2 + 8 + MASK_BYTES;

/** Longest payload of a close, a ping or a pong. */
export const MOST_CONTROL_BYTES = 125;

/** Lengths of one byte that announce one of 16 or 64 bits. */
const LENGTH_IN_16_BITS = 126;
const LENGTH_IN_64_BITS = 127;

const FINAL = 0x80;
const RESERVED = 0x70;
const MASKED = 0x80;

/** A header, read. */
export interface FrameHeader {
  /** What the frame is. */
  readonly opcode: Opcode;
  /** Whether it is the last of its message. */
  readonly isFinal: boolean;
  /** Bytes of payload behind the header. */
  readonly payloadBytes: number;
  /** Whether the last bytes of the header are a masking key: in a client's frames. */
  readonly isMasked: boolean;
}

/**
 * How long the header is that begins with the first `known` bytes of `start`; as far as these tell.
 */
export function headerBytes(start: Uint8Array, known: number): number {
  if (known < 2) return 2;
  const length = start[1]! & ~MASKED;
  const extended = length === LENGTH_IN_16_BITS ? 2 : length === LENGTH_IN_64_BITS ? 8 : 0;
  return 2 + extended + (start[1]! & MASKED ? MASK_BYTES : 0);
}

/**
 * Reads a header that has come whole.
 *
 * @param header Begins with it.
 *
 * @param from Who sent it.
 * @throws {TeleError} `protocol` if it breaks a rule of RFC 6455.
 *
 * @example
 * ```ts
 * import { readHeader } from "./frame_header.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const header = readHeader(new Uint8Array([0x82, 0x05]), "server");
 * assertEquals(header, { opcode: 2, isFinal: true, payloadBytes: 5, isMasked: false });
 * ```
 */
export function readHeader(header: Uint8Array, from: WebSocketSide): FrameHeader {
  const [first, second] = [header[0]!, header[1]!];
  if (first & RESERVED) throw broken("sets a bit that is reserved for extensions, and none was agreed on");
  const opcode = readOpcode(first & 0x0f);
  const isFinal = (first & FINAL) !== 0;
  const isMasked = (second & MASKED) !== 0;
  if (isMasked !== (from === "client")) {
    throw broken(isMasked ? "is masked, which a server's never is" : "is not masked, which a client's always is");
  }
  const payloadBytes = readLength(header, second & ~MASKED);
  if (opcode >= Opcode.close && (payloadBytes > MOST_CONTROL_BYTES || !isFinal)) {
    throw broken("of control is longer than 125 bytes, or in pieces");
  }
  return { opcode, isFinal, payloadBytes, isMasked };
}

function readOpcode(value: number): Opcode {
  if (!OPCODES.has(value)) throw broken(`has the unknown type ${value}`);
  return value as Opcode;
}

function readLength(header: Uint8Array, length: number): number {
  if (length < LENGTH_IN_16_BITS) return length;
  const is16 = length === LENGTH_IN_16_BITS;
  const long = is16 ? readU16(header, 2) : readU64(header, 2);
  if (long < (is16 ? LENGTH_IN_16_BITS : 0x1_0000)) throw broken("tells its length in more bytes than it takes");
  return long;
}

/** A frame of a WebSocket that is none. */
function broken(how: string): TeleError {
  return new TeleError("protocol", `a WebSocket frame ${how}`);
}

/**
 * Writes the header of a whole message of one frame to the front of `into`; returns its length.
 *
 * @param key The masking key; `undefined` in a server's frame.
 *
 * @example
 * ```ts
 * import { writeHeader } from "./frame_header.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const into = new Uint8Array(14);
 * const length = writeHeader(into, 2, 256, undefined);
 * assertEquals(into.subarray(0, length), new Uint8Array([0x82, 126, 1, 0]));
 * ```
 */
export function writeHeader(
  into: Uint8Array,
  opcode: Opcode,
  payloadBytes: number,
  key: Uint8Array | undefined,
): number {
  const masked = key === undefined ? 0 : MASKED;
  into[0] = FINAL | opcode;
  let length = 2;
  if (payloadBytes < LENGTH_IN_16_BITS) into[1] = masked | payloadBytes;
  else if (payloadBytes < 0x1_0000) {
    into[1] = masked | LENGTH_IN_16_BITS;
    writeU16(into, 2, payloadBytes);
    length += 2;
  } else {
    into[1] = masked | LENGTH_IN_64_BITS;
    writeU64(into, 2, payloadBytes);
    length += 8;
  }
  if (key === undefined) return length;
  into.set(key, length);
  return length + MASK_BYTES;
}
