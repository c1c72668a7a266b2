/**
 * The handshake messages and the control frames of a session as bytes. Source: `PROTOCOL.md`, "Handshake" and
 * "Session frames". All numbers are big-endian.
 *
 * @module
 */
import { TeleError } from "../net/error.ts";
import { FRAME_HEADER_BYTES, writeFrameHeader } from "../ping/codec.ts";
import { EndCode, FrameType, MAGIC, PROTOCOL_VERSION } from "./constants.ts";

/** Bytes of a nonce. */
export const NONCE_BYTES = 32;
/** Bytes of an X25519 or Ed25519 public key. */
export const KEY_BYTES = 32;
/** Bytes of an HMAC-SHA-256 proof. */
export const PROOF_BYTES = 32;
/** Bytes of a session identifier. */
export const SESSION_ID_BYTES = 16;
/** Bytes of an Ed25519 signature. */
export const SIGNATURE_BYTES = 64;

/** Types of the optional fields. Unknown ones are ignored, so that later versions can add some. */
export const FieldType = {
  /** Longest time the sender keeps a session without a carrier: `u64` milliseconds. */
  resumeTimeout: 1,
  /** The client's identity: public key (32), slot (`u16`), Ed25519 signature (64). */
  identity: 2,
  /** What the layer above tells its peer when a session begins; opaque here. */
  parameters: 3,
  /** Empty: the sender has a token, and wants one of its peer. */
  guarded: 4,
} as const;

/** Optional fields by type. */
export type Fields = Map<number, Uint8Array>;

/** The list with the field that says how long the sender keeps a session without a carrier, in milliseconds. */
export function resumeTimeoutField(timeoutMs: number): Fields {
  const value = new Uint8Array(8);
  writeU64(value, 0, timeoutMs);
  return new Map([[FieldType.resumeTimeout, value]]);
}

/** The list of a hello or challenge: whether its sender has a token. */
export function guardedField(isGuarded: boolean): Fields {
  return new Map(isGuarded ? [[FieldType.guarded, new Uint8Array(0)]] : []);
}

/** How long the sender keeps a session without a carrier, in milliseconds; without a limit if it does not say. */
export function readResumeTimeout(fields: Fields): number {
  const value = fields.get(FieldType.resumeTimeout);
  return value?.length === 8 ? readU64(value, 0) : Infinity;
}

/** First message, from the client. */
export interface Hello {
  /** What the client asks for. */
  kind: "new" | "resume";
  /** {@linkcode NONCE_BYTES} random bytes. */
  nonce: Uint8Array;
  /** The client's half of the key exchange. */
  publicKey: Uint8Array;
  /** Only with `resume`. */
  sessionId?: Uint8Array;
  /** Optional fields. */
  fields: Fields;
}

/** Second message, from the server. */
export interface Challenge {
  /** `unknown`: the session asked for is not here; the client may commit a new one instead. */
  status: "ready" | "unknown";
  /** {@linkcode NONCE_BYTES} random bytes. */
  nonce: Uint8Array;
  /** The server's half of the key exchange. */
  publicKey: Uint8Array;
  /** Optional fields. */
  fields: Fields;
}

/** Third message, from the client: the one that attaches. Its proof stands in its last {@linkcode PROOF_BYTES}. */
export interface Commit {
  /** What the client attaches to. */
  kind: "new" | "resume";
  /** Higher than any before of this session. */
  attempt: number;
  /** Counted bytes the client has received. */
  received: number;
  /** Optional fields. */
  fields: Fields;
}

/** Fourth message, from the server. Its proof stands in its last {@linkcode PROOF_BYTES}. */
export interface Accept {
  /** {@linkcode SESSION_ID_BYTES} bytes. */
  sessionId: Uint8Array;
  /** Counted bytes the server has received. */
  received: number;
  /** Optional fields. */
  fields: Fields;
}

/** A refusal or goodbye. */
export interface Ending {
  /** One of `EndCode`, or a number of a later version. */
  code: number;
  /** A sentence for the other side's log; at most 512 bytes of it are sent. */
  message: string;
}

/** Writes big-endian numbers and bytes behind one another. */
class Writer {
  #bytes = new Uint8Array(512);
  #at = 0;

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#at + bytes));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }

  u8(value: number): this {
    this.#room(1);
    this.#bytes[this.#at++] = value;
    return this;
  }

  u16(value: number): this {
    return this.u8(value >>> 8).u8(value);
  }

  u64(value: number): this {
    this.#room(8);
    writeU64(this.#bytes, this.#at, value);
    this.#at += 8;
    return this;
  }

  bytes(value: Uint8Array): this {
    this.#room(value.length);
    this.#bytes.set(value, this.#at);
    this.#at += value.length;
    return this;
  }

  fields(fields: Fields): this {
    this.u8(fields.size);
    for (const [type, value] of fields) this.u16(type).u16(value.length).bytes(value);
    return this;
  }

  done(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#at);
  }
}

/** Reads what {@linkcode Writer} wrote; every lack of bytes is a `protocol` error. */
class Reader {
  readonly #bytes: Uint8Array;
  readonly #what: string;
  #at = 0;

  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = bytes;
    this.#what = what;
  }

  bytes(count: number): Uint8Array {
    if (this.#at + count > this.#bytes.length) throw new TeleError("protocol", `the ${this.#what} is too short`);
    return this.#bytes.slice(this.#at, this.#at += count);
  }

  u8(): number {
    return this.bytes(1)[0]!;
  }

  u16(): number {
    return this.u8() << 8 | this.u8();
  }

  u64(): number {
    return readU64(this.bytes(8), 0);
  }

  fields(): Fields {
    const fields: Fields = new Map();
    for (let left = this.u8(); left > 0; left--) fields.set(this.u16(), this.bytes(this.u16()));
    return fields;
  }

  rest(): Uint8Array {
    return this.bytes(this.#bytes.length - this.#at);
  }
}

/** A payload with the length in front: a whole frame. */
export function framed(payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(FRAME_HEADER_BYTES + payload.length);
  writeFrameHeader(frame, 0, payload.length);
  frame.set(payload, FRAME_HEADER_BYTES);
  return frame;
}

/** Writes a whole number below 2^53 as `u64`. */
export function writeU64(into: Uint8Array, at: number, value: number): void {
  const high = Math.floor(value / 0x1_0000_0000);
  const low = value >>> 0;
  into[at] = high >>> 24;
  into[at + 1] = high >>> 16;
  into[at + 2] = high >>> 8;
  into[at + 3] = high;
  into[at + 4] = low >>> 24;
  into[at + 5] = low >>> 16;
  into[at + 6] = low >>> 8;
  into[at + 7] = low;
}

/**
 * Reads a `u64`.
 *
 * @throws {TeleError} `protocol` if it is 2^53 or more, which no honest count reaches.
 */
export function readU64(from: Uint8Array, at: number): number {
  const high = from[at]! * 0x100_0000 + (from[at + 1]! << 16 | from[at + 2]! << 8 | from[at + 3]!);
  const low = from[at + 4]! * 0x100_0000 + (from[at + 5]! << 16 | from[at + 6]! << 8 | from[at + 7]!);
  const value = high * 0x1_0000_0000 + low;
  if (!Number.isSafeInteger(value)) throw new TeleError("protocol", "a count is larger than 2^53");
  return value;
}

const kindByte = { new: 0, resume: 1 } as const;

function readKind(value: number): "new" | "resume" {
  if (value === kindByte.new) return "new";
  if (value === kindByte.resume) return "resume";
  throw new TeleError("protocol", `a handshake of kind ${value} is not known here`);
}

/** The payload of a hello frame. */
export function encodeHello(hello: Hello): Uint8Array<ArrayBuffer> {
  const writer = new Writer().u8(FrameType.hello).bytes(new TextEncoder().encode(MAGIC)).u8(PROTOCOL_VERSION)
    .u8(kindByte[hello.kind]).bytes(hello.nonce).bytes(hello.publicKey);
  if (hello.kind === "resume") writer.bytes(hello.sessionId!);
  return writer.fields(hello.fields).done();
}

/**
 * Reads a hello payload.
 *
 * @throws {TeleError} `protocol` if it is none, `refused` if it is one of another version.
 */
export function decodeHello(payload: Uint8Array): Hello {
  const reader = new Reader(payload, "hello");
  const isHello = reader.u8() === FrameType.hello && new TextDecoder().decode(reader.bytes(4)) === MAGIC;
  if (!isHello) throw new TeleError("protocol", "these are not the first bytes of a tele client");
  const version = reader.u8();
  if (version !== PROTOCOL_VERSION) {
    throw new TeleError(
      "refused",
      `the tele client speaks version ${version} of the protocol, this tele server version ${PROTOCOL_VERSION}: ` +
        "use the same release on both sides",
    );
  }
  const kind = readKind(reader.u8());
  const nonce = reader.bytes(NONCE_BYTES);
  const publicKey = reader.bytes(KEY_BYTES);
  if (kind === "new") return { kind, nonce, publicKey, fields: reader.fields() };
  return { kind, nonce, publicKey, sessionId: reader.bytes(SESSION_ID_BYTES), fields: reader.fields() };
}

/** The payload of a challenge frame. */
export function encodeChallenge(challenge: Challenge): Uint8Array<ArrayBuffer> {
  return new Writer().u8(FrameType.challenge).u8(PROTOCOL_VERSION).u8(challenge.status === "ready" ? 0 : 1)
    .bytes(challenge.nonce).bytes(challenge.publicKey).fields(challenge.fields).done();
}

/** Reads a challenge payload; a refusal in its place is thrown as `refused`. */
export function decodeChallenge(payload: Uint8Array): Challenge {
  throwIfRefusal(payload);
  const reader = new Reader(payload, "challenge");
  if (reader.u8() !== FrameType.challenge || reader.u8() !== PROTOCOL_VERSION) {
    throw new TeleError("protocol", "this is not the answer of a tele server");
  }
  const status = reader.u8() === 0 ? "ready" : "unknown";
  return { status, nonce: reader.bytes(NONCE_BYTES), publicKey: reader.bytes(KEY_BYTES), fields: reader.fields() };
}

/** The payload of a commit frame without the proof behind it. */
export function encodeCommit(commit: Commit): Uint8Array<ArrayBuffer> {
  return new Writer().u8(FrameType.commit).u8(kindByte[commit.kind]).u64(commit.attempt).u64(commit.received)
    .fields(commit.fields).done();
}

/** Reads a commit payload. */
export function decodeCommit(payload: Uint8Array): { commit: Commit; body: Uint8Array; proof: Uint8Array } {
  const { body, proof } = splitProof(payload, "commit");
  const reader = new Reader(body, "commit");
  if (reader.u8() !== FrameType.commit) throw new TeleError("protocol", "a commit was due, something else came");
  const kind = readKind(reader.u8());
  return { commit: { kind, attempt: reader.u64(), received: reader.u64(), fields: reader.fields() }, body, proof };
}

/** The payload of an accept frame without the proof behind it. */
export function encodeAccept(accept: Accept): Uint8Array<ArrayBuffer> {
  return new Writer().u8(FrameType.accept).bytes(accept.sessionId).u64(accept.received).fields(accept.fields).done();
}

/** Reads an accept payload; a refusal in its place is thrown as `refused`. */
export function decodeAccept(payload: Uint8Array): { accept: Accept; body: Uint8Array; proof: Uint8Array } {
  throwIfRefusal(payload);
  const { body, proof } = splitProof(payload, "accept");
  const reader = new Reader(body, "accept");
  if (reader.u8() !== FrameType.accept) throw new TeleError("protocol", "an accept was due, something else came");
  const accept = { sessionId: reader.bytes(SESSION_ID_BYTES), received: reader.u64(), fields: reader.fields() };
  return { accept, body, proof };
}

function splitProof(payload: Uint8Array, what: string): { body: Uint8Array; proof: Uint8Array } {
  if (payload.length < PROOF_BYTES) throw new TeleError("protocol", `the ${what} is too short`);
  const at = payload.length - PROOF_BYTES;
  return { body: payload.slice(0, at), proof: payload.slice(at) };
}

/** The payload of a refuse or goodbye frame. */
export function encodeEnding(type: "refuse" | "goodbye", ending: Ending): Uint8Array<ArrayBuffer> {
  const message = new TextEncoder().encode(ending.message).subarray(0, 512);
  return new Writer().u8(FrameType[type]).u16(ending.code).bytes(message).done();
}

/** Reads a refuse or goodbye payload. */
export function decodeEnding(payload: Uint8Array): Ending {
  const reader = new Reader(payload, "ending");
  reader.u8();
  return { code: reader.u16(), message: new TextDecoder().decode(reader.rest()) };
}

/** A refusal that a peer sent, or is to be sent, as an error that keeps its code. */
export class RefusalError extends TeleError {
  /** What the peer said, or is told: one of `EndCode` or a number of a later version, and a sentence. */
  readonly ending: Ending;

  /**
   * An error of the refusal or goodbye `ending`.
   *
   * @param ownMessage The sentence for this side, where that is another than the peer's.
   */
  constructor(ending: Ending, ownMessage?: string) {
    super("refused", ownMessage ?? (ending.message || `refused with code ${ending.code}`));
    this.name = "RefusalError";
    this.ending = ending;
  }

  /** One of `EndCode`, or a number of a later version. */
  get endCode(): number {
    return this.ending.code;
  }
}

function throwIfRefusal(payload: Uint8Array): void {
  if (payload[0] === FrameType.refuse) throw new RefusalError(decodeEnding(payload));
}

/** The code that a refusal of `error` carries. */
export function endCodeOf(error: unknown): number {
  if (error instanceof RefusalError) return error.endCode;
  return error instanceof TeleError && error.code === "refused" ? EndCode.version : EndCode.protocol;
}

/** What a peer is told that is refused because of `error`. */
export function endingOf(error: TeleError): Ending {
  return error instanceof RefusalError ? error.ending : { code: endCodeOf(error), message: error.message };
}
