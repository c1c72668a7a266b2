/**
 * Right messages with random contents: what mangling begins with.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import { writeU32, writeU64 } from "../../lib/net/bytes.ts";
import { writeDataHeader, writeFin, writeOpen, writeReset } from "../../lib/mux/records.ts";
import { FrameType, MOST_RESUME_TIMEOUT_MS } from "../../lib/session/session_constants.ts";
import {
  type Accept,
  type Challenge,
  type Commit,
  encodeAccept,
  encodeChallenge,
  encodeCommit,
  encodeHello,
  type Hello,
} from "../../lib/session/handshake/messages.ts";
import { encodeEnding, type Ending } from "../../lib/session/ending.ts";
import { type FieldedMessage, type Fields, FieldType, resumeTimeoutField } from "../../lib/session/handshake/fields.ts";
import type { Choices } from "./choices.ts";
import { boundary } from "./mangle.ts";

/** A whole number below 2^53, small ones and the largest more often. */
export function count(choices: Choices): number {
  switch (choices.between(0, 3)) {
    case 0:
      return choices.between(0, 100);
    case 1:
      return boundary(choices);
    case 2:
      return choices.next32() * 2 ** 21 + (choices.next32() >>> 11);
    default:
      return Number.MAX_SAFE_INTEGER - choices.between(0, 2);
  }
}

/** Optional fields: those that belong into `message`, and unknown ones. */
export function fields(choices: Choices, message: FieldedMessage): Fields {
  const some: Fields = new Map();
  for (let left = choices.upTo(40); left > 0; left--) {
    some.set(choices.between(5, 65_535), choices.bytes(choices.upTo(40)));
  }
  const isOpening = message === "hello" || message === "challenge";
  if (isOpening && choices.chance(0.5)) some.set(FieldType.guarded, new Uint8Array(0));
  if (isOpening || choices.chance(0.5)) return some;
  const timeoutMs = Math.min(Math.max(1, count(choices)), MOST_RESUME_TIMEOUT_MS);
  return new Map([...some, ...resumeTimeoutField(timeoutMs)]);
}

/** The same, and now and then one that is not what it should be. */
export function strangeFields(choices: Choices, message: FieldedMessage): Fields {
  const some = fields(choices, message);
  if (choices.chance(0.3)) {
    some.set(choices.between(0, 4), choices.bytes(choices.pick([8, 0, 100, 97, choices.upTo(300)])));
  }
  return some;
}

/** A hello. */
export function hello(choices: Choices, sessionId?: Uint8Array): Hello {
  const shared = { nonce: choices.bytes(32), publicKey: choices.bytes(32), fields: fields(choices, "hello") };
  if (sessionId === undefined && choices.chance(0.5)) return { kind: "new", ...shared };
  return { kind: "resume", ...shared, sessionId: sessionId ?? choices.bytes(16) };
}

/** A challenge. */
export function challenge(choices: Choices): Challenge {
  const status = choices.pick(["ready", "unknown"] as const);
  return { status, nonce: choices.bytes(32), publicKey: choices.bytes(32), fields: fields(choices, "challenge") };
}

/** A commit. */
export function commit(choices: Choices, kind = choices.pick(["new", "resume"] as const)): Commit {
  const some = fields(choices, "commit");
  if (kind === "resume") return { kind, attempt: choices.next32() || 1, received: count(choices), fields: some };
  if (choices.chance(0.3)) some.set(FieldType.identity, choices.bytes(100));
  return { kind, attempt: 0, received: 0, fields: some };
}

/** An accept. */
export function accept(choices: Choices): Accept {
  return { sessionId: choices.bytes(16), received: count(choices), fields: fields(choices, "accept") };
}

/** A refuse or goodbye. */
export function ending(choices: Choices): Ending {
  const code = choices.chance(0.5) ? choices.between(0, 9) : choices.between(0, 65_535);
  // Noise as text: any bytes are allowed there, and must do no harm in a log.
  return { code, message: String.fromCharCode(...choices.bytes(choices.upTo(600))) };
}

/** The payload of any handshake message, its proof being noise. */
export function handshakePayload(choices: Choices, sessionId?: Uint8Array): Uint8Array {
  switch (choices.between(0, 4)) {
    case 0:
      return encodeHello(hello(choices, sessionId));
    case 1:
      return encodeChallenge(challenge(choices));
    case 2:
      return concat([encodeCommit(commit(choices)), choices.bytes(32)]);
    case 3:
      return concat([encodeAccept(accept(choices)), choices.bytes(32)]);
    default:
      return encodeEnding("refuse", ending(choices));
  }
}

/** An acknowledge payload. */
export function acknowledgePayload(offset: number): Uint8Array {
  const payload = new Uint8Array(9);
  payload[0] = FrameType.acknowledge;
  writeU64(payload, 1, offset);
  return payload;
}

/** A probe payload. */
export function probePayload(flags: number, silenceMs: number): Uint8Array {
  const payload = new Uint8Array(6);
  payload[0] = FrameType.probe;
  payload[1] = flags;
  writeU32(payload, 2, silenceMs);
  return payload;
}

/** A hint payload of window values. */
export function hintPayload(windows: [id: number, offset: number][]): Uint8Array {
  const payload = new Uint8Array(1 + 12 * windows.length);
  payload[0] = FrameType.hint;
  windows.forEach(([id, offset], index) => {
    writeU32(payload, 1 + 12 * index, id);
    writeU64(payload, 5 + 12 * index, offset);
  });
  return payload;
}

/** A data payload. */
export function dataPayload(...records: Uint8Array[]): Uint8Array {
  return concat([new Uint8Array([FrameType.data]), ...records]);
}

/** An open record, with an extra part of `extraBytes` bytes. */
export function openRecord(id: number, send: number, receive: number, extraBytes = 0): Uint8Array {
  const record = new Uint8Array(15 + extraBytes);
  writeOpen(record, 0, id, { send, receive });
  record[13] = extraBytes >>> 8;
  record[14] = extraBytes;
  return record;
}

/** A data record. */
export function dataRecord(id: number, data: Uint8Array): Uint8Array {
  const record = new Uint8Array(9 + data.length);
  writeDataHeader(record, 0, id, data.length);
  record.set(data, 9);
  return record;
}

/** A fin record. */
export function finRecord(id: number): Uint8Array {
  const record = new Uint8Array(5);
  writeFin(record, 0, id);
  return record;
}

/** A reset record. */
export function resetRecord(id: number, code: number, message: Uint8Array): Uint8Array {
  const record = new Uint8Array(9 + message.length);
  writeReset(record, 0, id, code, message);
  return record;
}

/** Any right record, by itself: whether it may come now is another question. */
export function anyRecord(choices: Choices): Uint8Array {
  const id = choices.chance(0.2) ? boundary(choices) : choices.between(1, 8);
  switch (choices.between(0, 3)) {
    case 0:
      return openRecord(id, boundary(choices), boundary(choices), choices.upTo(1024));
    case 1:
      return dataRecord(id, choices.bytes(choices.upTo(500)));
    case 2:
      return finRecord(id);
    default:
      return resetRecord(id, choices.between(0, 65_535), choices.bytes(choices.upTo(1024)));
  }
}
