/**
 * Right messages with random contents: what mangling begins with.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import { ByteWriter, writeU16, writeU32, writeU64 } from "../../lib/net/bytes.ts";
import { FRAME_HEADER_BYTES, framed, writeFrameHeader } from "../../lib/ping/codec.ts";
import { type Open, writeOpen, writeReset } from "../../lib/session/frames.ts";
import {
  FrameType,
  MOST_RESUME_TIMEOUT_MS,
  OPEN_FRAME_BYTES,
  RESET_FRAME_BYTES,
} from "../../lib/session/session_constants.ts";
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
import {
  carriersField,
  type FieldedMessage,
  type Fields,
  FieldType,
  liveField,
  receiptsField,
  resumeTimeoutField,
  startPoolField,
  writeFields,
} from "../../lib/session/handshake/fields.ts";
import { dataFrame, endFrame, windowsFrame } from "../support/frames.ts";
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

/** An offset in a stream, such that what is behind it is a whole number as well. */
function place(choices: Choices): number {
  return Math.min(count(choices), 2 ** 52);
}

/** Optional fields: those that belong into `message`, and unknown ones. */
export function fields(choices: Choices, message: FieldedMessage, number = 0): Fields {
  const some: Fields = new Map();
  for (let left = choices.upTo(40); left > 0; left--) {
    some.set(choices.between(10, 65_535), choices.bytes(choices.upTo(40)));
  }
  const isOpening = message === "hello" || message === "challenge";
  if (isOpening && choices.chance(0.5)) some.set(FieldType.guarded, new Uint8Array(0));
  if (isOpening || message === "open" || choices.chance(0.3)) return some;
  const timeoutMs = Math.min(Math.max(1, count(choices)), MOST_RESUME_TIMEOUT_MS);
  for (const [type, value] of resumeTimeoutField(timeoutMs)) some.set(type, value);
  if (message === "accept of a new session") {
    return new Map([...some, ...startPoolField(choices.next32()), ...carriersField(choices.between(1, 10))]);
  }
  if (message === "commit of a new session") return some;
  const [live, gone] = othersThan(choices, number);
  const receipts = gone.map((number) => ({ number, taken: count(choices) }));
  return new Map([...some, ...receiptsField(receipts), ...message === "commit of a join" ? liveField(live) : []]);
}

/** Numbers of carriers in front of `number`, each in one of two lists. */
function othersThan(choices: Choices, number: number): [number[], number[]] {
  const numbers = new Set<number>();
  for (let left = choices.upTo(15); left > 0 && number > 0; left--) numbers.add(choices.between(0, number - 1));
  const all = [...numbers];
  const cut = choices.between(0, all.length);
  return [all.slice(0, cut), all.slice(cut)];
}

/** The same, and now and then one that is not what it should be. */
export function strangeFields(choices: Choices, message: FieldedMessage, number = 0): Fields {
  const some = fields(choices, message, number);
  if (choices.chance(0.3)) {
    some.set(choices.between(0, 9), choices.bytes(choices.pick([8, 0, 100, 97, 4, 12, 24, choices.upTo(300)])));
  }
  return some;
}

/** A hello. */
export function hello(choices: Choices, sessionId?: Uint8Array): Hello {
  const shared = { nonce: choices.bytes(32), publicKey: choices.bytes(32), fields: fields(choices, "hello") };
  if (sessionId === undefined && choices.chance(0.5)) return { kind: "new", ...shared };
  return { kind: "join", ...shared, sessionId: sessionId ?? choices.bytes(16) };
}

/** A challenge. */
export function challenge(choices: Choices): Challenge {
  const status = choices.pick(["ready", "unknown"] as const);
  return { status, nonce: choices.bytes(32), publicKey: choices.bytes(32), fields: fields(choices, "challenge") };
}

/** A commit. */
export function commit(choices: Choices, kind = choices.pick(["new", "join"] as const)): Commit {
  if (kind === "join") {
    const number = choices.chance(0.5) ? choices.between(1, 20) : choices.next32() || 1;
    const lane = choices.pick(["quiet", "bulk"] as const);
    return { kind, number, lane, fields: fields(choices, "commit of a join", number) };
  }
  const some = fields(choices, "commit of a new session");
  if (choices.chance(0.3)) some.set(FieldType.identity, choices.bytes(100));
  return { kind, number: 0, lane: "quiet", fields: some };
}

/** An accept of a carrier with this number. */
export function accept(choices: Choices, number = choices.chance(0.5) ? 0 : choices.next32()): Accept {
  const message = number === 0 ? "accept of a new session" : "accept of a join";
  return { sessionId: choices.bytes(16), number, fields: fields(choices, message, number) };
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
export function probePayload(flags: number, silenceMs: number, mark = 0): Uint8Array {
  const payload = new Uint8Array(8);
  payload[0] = FrameType.probe;
  payload[1] = flags;
  writeU32(payload, 2, silenceMs);
  writeU16(payload, 6, mark);
  return payload;
}

/** An open with any service and fields. */
export function openFrame(open: Open, fields: Fields = new Map()): Uint8Array {
  const list = writeFields(new ByteWriter(), fields).done();
  const frame = new Uint8Array(OPEN_FRAME_BYTES - 1 + list.length);
  writeOpen(frame, 0, open.id, open.credits);
  writeFrameHeader(frame, 0, frame.length - FRAME_HEADER_BYTES);
  writeU16(frame, OPEN_FRAME_BYTES - 3, open.service);
  frame.set(list, OPEN_FRAME_BYTES - 1);
  return frame;
}

/** A reset whose message is any bytes. */
export function resetFrame(id: number, offset: number, code: number, message: Uint8Array): Uint8Array {
  const frame = new Uint8Array(RESET_FRAME_BYTES + message.length);
  writeReset(frame, 0, { id, offset, code, message });
  return frame;
}

/** Any right counted frame, by itself: whether it may come now is another question. */
export function countedFrame(choices: Choices): Uint8Array {
  const id = choices.chance(0.2) ? boundary(choices) : choices.between(1, 8);
  switch (choices.between(0, 5)) {
    case 0: {
      const credits = { send: boundary(choices), receive: boundary(choices) };
      return openFrame({ id, credits, service: choices.between(0, 1) }, fewFields(choices));
    }
    case 1:
      return dataFrame(id, place(choices), choices.bytes(choices.upTo(500)));
    case 2:
      return endFrame(id, place(choices), choices.bytes(choices.upTo(100)));
    case 3:
      return resetFrame(id, count(choices), choices.between(0, 65_535), choices.bytes(choices.upTo(1024)));
    case 4:
      return windowsFrame([id, count(choices)], [choices.between(0, 8), count(choices)]);
    default: // One of a type that means nothing yet.
      return framed(concat([new Uint8Array([choices.between(0x60, 0x7f)]), choices.bytes(choices.upTo(100))]));
  }
}

/** Fields of an open, within its limit. */
export function fewFields(choices: Choices): Fields {
  const some = fields(choices, "open");
  return new Map([...some].slice(0, 20));
}
