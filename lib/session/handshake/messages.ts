/**
 * The messages of the handshake as bytes. Source: `PROTOCOL.md`, "Handshake".
 *
 * Invariant 4: each message has one encoding, and a decoder takes nothing behind its end.
 *
 * @module
 */
import { ByteReader, ByteWriter } from "../../net/bytes.ts";
import { TeleError } from "../../net/error.ts";
import { decodeEnding, RefusalError } from "../ending.ts";
import { FrameType, MAGIC, PROTOCOL_VERSION } from "../session_constants.ts";
import { type Fields, FieldType, readFields, readLive, readReceipts, writeFields } from "./fields.ts";

/** Bytes of a nonce. */
export const NONCE_BYTES = 32;
/** Bytes of an X25519 or Ed25519 public key. */
export const KEY_BYTES = 32;
/** Bytes of an HMAC-SHA-256 proof. */
export const PROOF_BYTES = 32;
/** Bytes of a session identifier. */
export const SESSION_ID_BYTES = 16;

/** What a client attaches a carrier to: a session that this makes, or one that is there. */
export type Kind = "new" | "join";

/** What a carrier is for, until a frame says otherwise. */
export type Lane = "quiet" | "bulk";

/** First message, from the client. */
export interface Hello {
  /** What the client asks for. */
  kind: Kind;
  /** {@linkcode NONCE_BYTES} random bytes. */
  nonce: Uint8Array;
  /** The client's half of the key exchange. */
  publicKey: Uint8Array;
  /** Only with `join`. */
  sessionId?: Uint8Array;
  /** Optional fields. */
  fields: Fields;
}

/** Second message, from the server. */
export interface Challenge {
  /**
   * `unknown`: the session asked for is not here; the client may commit a new one instead. `unreachable`: another server
   * of the fleet may have it, and cannot be reached.
   */
  status: "ready" | "unknown" | "unreachable";
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
  kind: Kind;
  /** Of the carrier: 0 of a new session; of a join higher than any before in its session, and below 2^32. */
  number: number;
  /** `quiet` of a new session. */
  lane: Lane;
  /** Optional fields. */
  fields: Fields;
}

/** Fourth message, from the server. Its proof stands in its last {@linkcode PROOF_BYTES}. */
export interface Accept {
  /** {@linkcode SESSION_ID_BYTES} bytes; zeros if there is no room for a session. */
  sessionId: Uint8Array;
  /** As in the commit. */
  number: number;
  /** Optional fields. */
  fields: Fields;
}

const kindByte = { new: 0, join: 1 } as const;

function readKind(value: number): Kind {
  if (value === kindByte.new) return "new";
  if (value === kindByte.join) return "join";
  throw new TeleError("protocol", `a handshake of kind ${value} is not known here`);
}

/** The byte that stands for a lane. */
export const laneByte = { quiet: 0, bulk: 1 } as const;

/** What the byte of a lane stands for. */
export function readLane(value: number): Lane {
  if (value === laneByte.quiet) return "quiet";
  if (value === laneByte.bulk) return "bulk";
  throw new TeleError("protocol", `a carrier of lane ${value} is not known here`);
}

/** The payload of a hello frame. */
export function encodeHello(hello: Hello): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter().u8(FrameType.hello).bytes(new TextEncoder().encode(MAGIC)).u8(PROTOCOL_VERSION)
    .u8(kindByte[hello.kind]).bytes(hello.nonce).bytes(hello.publicKey);
  if (hello.kind === "join") writer.bytes(hello.sessionId!);
  return writeFields(writer, hello.fields).done();
}

/**
 * Reads a hello payload.
 *
 * @throws {TeleError} `protocol` if it is none, `refused` if it is one of another version.
 */
export function decodeHello(payload: Uint8Array): Hello {
  const reader = new ByteReader(payload, "hello");
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
  if (kind === "new") return reader.end({ kind, nonce, publicKey, fields: readHelloFields(reader) });
  const sessionId = reader.bytes(SESSION_ID_BYTES);
  return reader.end({ kind, nonce, publicKey, sessionId, fields: readHelloFields(reader) });
}

/** Without a token nobody proves what was seen of TLS. */
function readHelloFields(reader: ByteReader): Fields {
  const fields = readFields(reader, "hello");
  if (fields.has(FieldType.leaf) && !fields.has(FieldType.guarded)) {
    throw new TeleError("protocol", "the hello has a leaf, and its sender has no token");
  }
  return fields;
}

const statusByte = { ready: 0, unknown: 1, unreachable: 2 } as const;

function readStatus(value: number): Challenge["status"] {
  if (value === statusByte.ready) return "ready";
  if (value === statusByte.unknown) return "unknown";
  if (value === statusByte.unreachable) return "unreachable";
  throw new TeleError("protocol", `a challenge of status ${value} is not known here`);
}

/** The payload of a challenge frame. */
export function encodeChallenge(challenge: Challenge): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter().u8(FrameType.challenge).u8(PROTOCOL_VERSION).u8(statusByte[challenge.status])
    .bytes(challenge.nonce).bytes(challenge.publicKey);
  return writeFields(writer, challenge.fields).done();
}

/** Reads a challenge payload; a refusal in its place is thrown as `refused`. */
export function decodeChallenge(payload: Uint8Array): Challenge {
  throwIfRefusal(payload);
  const reader = new ByteReader(payload, "challenge");
  if (reader.u8() !== FrameType.challenge || reader.u8() !== PROTOCOL_VERSION) {
    throw new TeleError("protocol", "this is not the answer of a tele server");
  }
  const status = readStatus(reader.u8());
  const nonce = reader.bytes(NONCE_BYTES);
  return reader.end({
    status,
    nonce,
    publicKey: reader.bytes(KEY_BYTES),
    fields: readFields(reader, "challenge"),
  });
}

/** The payload of a commit frame without the proof behind it. */
export function encodeCommit(commit: Commit): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter().u8(FrameType.commit).u8(kindByte[commit.kind]).u32(commit.number)
    .u8(laneByte[commit.lane]);
  return writeFields(writer, commit.fields).done();
}

/** Reads a commit payload. */
export function decodeCommit(payload: Uint8Array): { commit: Commit; body: Uint8Array; proof: Uint8Array } {
  const { body, proof } = splitProof(payload, "commit");
  const reader = new ByteReader(body, "commit");
  if (reader.u8() !== FrameType.commit) throw new TeleError("protocol", "a commit was due, something else came");
  const kind = readKind(reader.u8());
  const number = reader.u32();
  const lane = readLane(reader.u8());
  const fields = readFields(reader, kind === "new" ? "commit of a new session" : "commit of a join");
  const commit = reader.end({ kind, number, lane, fields });
  checkCommit(commit);
  return { commit, body, proof };
}

/** A new session has no carriers before this one, and a join names none but those. */
function checkCommit({ kind, number, lane, fields }: Commit): void {
  if (kind === "new") {
    if (number !== 0 || lane !== "quiet") {
      throw new TeleError("protocol", "the first carrier of a session has the number 0 and is quiet");
    }
    return;
  }
  if (number === 0) throw new TeleError("protocol", "carriers that join a session count from 1");
  const named = [...readLive(fields), ...readReceipts(fields).map((receipt) => receipt.number)];
  if (named.some((other) => other >= number)) {
    throw new TeleError("protocol", `the commit of carrier ${number} names itself or one behind it`);
  }
  if (new Set(named).size < named.length) {
    throw new TeleError("protocol", "a carrier cannot be alive and gone in one commit");
  }
}

/** The payload of an accept frame without the proof behind it. */
export function encodeAccept(accept: Accept): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter().u8(FrameType.accept).bytes(accept.sessionId).u32(accept.number);
  return writeFields(writer, accept.fields).done();
}

/** Reads an accept payload; a refusal in its place is thrown as `refused`. */
export function decodeAccept(payload: Uint8Array): { accept: Accept; body: Uint8Array; proof: Uint8Array } {
  throwIfRefusal(payload);
  const { body, proof } = splitProof(payload, "accept");
  const reader = new ByteReader(body, "accept");
  if (reader.u8() !== FrameType.accept) throw new TeleError("protocol", "an accept was due, something else came");
  const sessionId = reader.bytes(SESSION_ID_BYTES);
  const number = reader.u32();
  const fields = readFields(reader, number === 0 ? "accept of a new session" : "accept of a join");
  const accept = reader.end({ sessionId, number, fields });
  checkAccept(accept);
  return { accept, body, proof };
}

/** Unlike a commit, an accept may name carriers behind its own: their commits may have been taken before. */
function checkAccept({ sessionId, number, fields }: Accept): void {
  if (fields.has(FieldType.full) && sessionId.some((byte) => byte !== 0)) {
    throw new TeleError("protocol", "the accept says that there is no session, and names one");
  }
  if (readReceipts(fields).some((receipt) => receipt.number === number)) {
    throw new TeleError("protocol", `the accept of carrier ${number} says that it is gone`);
  }
}

function splitProof(payload: Uint8Array, what: string): { body: Uint8Array; proof: Uint8Array } {
  if (payload.length < PROOF_BYTES) throw new TeleError("protocol", `the ${what} is too short`);
  const at = payload.length - PROOF_BYTES;
  return { body: payload.slice(0, at), proof: payload.slice(at) };
}

function throwIfRefusal(payload: Uint8Array): void {
  if (payload[0] === FrameType.refuse) throw new RefusalError(decodeEnding(payload));
}
