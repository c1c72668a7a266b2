/**
 * The optional fields at the end of handshake messages. Source: `PROTOCOL.md`, "Handshake", "Fields".
 *
 * @module
 */
import { type ByteReader, type ByteWriter, readU32, readU64, writeU32, writeU64 } from "../../net/bytes.ts";
import { TeleError } from "../../net/error.ts";
import { MOST_RESUME_TIMEOUT_MS } from "../session_constants.ts";

/** Bytes of the value of an identity field: public key, slot, last slot, signature. */
export const IDENTITY_FIELD_BYTES = 100;

/** Types of the optional fields. Unknown ones are ignored, so that later versions can add some. */
export const FieldType = {
  /** Longest time the sender keeps a session without a carrier: `u64` milliseconds. */
  resumeTimeout: 1,
  /** The client's identity: public key (32), slot and last slot (`u16` each), Ed25519 signature (64). */
  identity: 2,
  /** Empty: the sender has a token, and wants one of its peer. */
  guarded: 4,
  /** Empty: the accept gives no session, for want of room. */
  full: 5,
  /** Start credit that the client may take for its streams: `u32` bytes. */
  startPool: 6,
} as const;

/** Optional fields by type. */
export type Fields = Map<number, Uint8Array>;

/** The messages that have fields. */
export type FieldedMessage = "hello" | "challenge" | "commit" | "accept";

/** What is known of each field: where it may stand, and how long its value is, in bytes. */
const KNOWN: ReadonlyMap<number, { name: string; in: readonly FieldedMessage[]; bytes: number }> = new Map([
  [FieldType.resumeTimeout, { name: "resumeTimeout", in: ["commit", "accept"], bytes: 8 }],
  [FieldType.identity, { name: "identity", in: ["commit"], bytes: IDENTITY_FIELD_BYTES }],
  [FieldType.guarded, { name: "guarded", in: ["hello", "challenge"], bytes: 0 }],
  [FieldType.startPool, { name: "startPool", in: ["accept"], bytes: 4 }],
  [FieldType.full, { name: "full", in: ["accept"], bytes: 0 }],
]);

/** The list with the field that says how long the sender keeps a session without a carrier, in milliseconds. */
export function resumeTimeoutField(timeoutMs: number): Fields {
  const value = new Uint8Array(8);
  writeU64(value, 0, Math.min(Math.max(1, Math.ceil(timeoutMs)), MOST_RESUME_TIMEOUT_MS));
  return new Map([[FieldType.resumeTimeout, value]]);
}

/** The list of a hello or challenge: whether its sender has a token. */
export function guardedField(isGuarded: boolean): Fields {
  return new Map(isGuarded ? [[FieldType.guarded, new Uint8Array(0)]] : []);
}

/** The list of an accept that gives no session. */
export function fullField(): Fields {
  return new Map([[FieldType.full, new Uint8Array(0)]]);
}

/** The list with the start credit that the client may take, in bytes. */
export function startPoolField(bytes: number): Fields {
  const value = new Uint8Array(4);
  writeU32(value, 0, bytes);
  return new Map([[FieldType.startPool, value]]);
}

/** The start credit that the client may take, in bytes; `undefined` if the server does not say. */
export function readStartPool(fields: Fields): number | undefined {
  const value = fields.get(FieldType.startPool);
  return value === undefined ? undefined : readU32(value, 0);
}

/** How long the sender keeps a session without a carrier, in milliseconds; without a limit if it does not say. */
export function readResumeTimeout(fields: Fields): number {
  const value = fields.get(FieldType.resumeTimeout);
  return value === undefined ? Infinity : readU64(value, 0);
}

/** Writes a list, in the order of the types. */
export function writeFields(writer: ByteWriter, fields: Fields): ByteWriter {
  writer.u8(fields.size);
  const rising = [...fields].sort(([one], [other]) => one - other);
  for (const [type, value] of rising) writer.u16(type).u16(value.length).bytes(value);
  return writer;
}

/**
 * Reads the list of a message.
 *
 * Types rise, so none comes twice, and a list has one encoding only.
 *
 * @throws {TeleError} `protocol` if they do not, or a known field is not what it should be.
 */
export function readFields(reader: ByteReader, message: FieldedMessage): Fields {
  const fields: Fields = new Map();
  let before = -1;
  for (let left = reader.u8(); left > 0; left--) {
    const type = reader.u16();
    if (type <= before) {
      throw new TeleError("protocol", `the fields of the ${message} are not in the order of their types`);
    }
    const value = reader.bytes(reader.u16());
    check(type, value, message);
    fields.set(type, value);
    before = type;
  }
  return fields;
}

function check(type: number, value: Uint8Array, message: FieldedMessage): void {
  const known = KNOWN.get(type);
  if (known === undefined) return;
  const what = `the field ${known.name}`;
  if (!known.in.includes(message)) throw new TeleError("protocol", `${what} does not belong into the ${message}`);
  if (value.length !== known.bytes) {
    throw new TeleError("protocol", `${what} has ${known.bytes} bytes, not ${value.length}`);
  }
  if (type !== FieldType.resumeTimeout) return;
  const timeoutMs = readU64(value, 0);
  if (timeoutMs < 1 || timeoutMs > MOST_RESUME_TIMEOUT_MS) {
    throw new TeleError("protocol", `a session cannot be kept for ${timeoutMs} ms`);
  }
}
