/**
 * Right messages with random contents: what mangling begins with.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import { ByteWriter, writeU32, writeU64 } from "../../lib/net/bytes.ts";
import { LEAF_BYTES } from "../../lib/net/leaf.ts";
import {
  FrameType,
  MAX_TICKET_BYTES,
  MOST_CARRIERS,
  MOST_PATHS,
  MOST_RESUME_TIMEOUT_MS,
  MOST_UNSETTLED,
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
  pathField,
  type Receipt,
  receiptsField,
  resumeTimeoutField,
  startPoolField,
  ticketField,
  writeFields,
} from "../../lib/session/handshake/fields.ts";
import { offerAnswersField, offersField } from "../../lib/session/handshake/offers.ts";
import { usersField } from "../../lib/session/handshake/users.ts";
import { framed } from "../../lib/ping/codec.ts";
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

/** Numbers of carriers below `before`, each once, in any order. */
function numbersBelow(choices: Choices, before: number, most: number): number[] {
  const numbers = new Set<number>();
  for (let left = choices.between(0, Math.min(most, before)); left > 0; left--) {
    numbers.add(choices.chance(0.5) ? choices.next32() % before : Math.max(0, before - 1 - choices.between(0, 20)));
  }
  return [...numbers];
}

/** Receipts for these carriers. */
function receiptsOf(choices: Choices, numbers: readonly number[]): Receipt[] {
  return numbers.map((number) => ({ number, taken: count(choices) }));
}

/**
 * Optional fields: those that belong into `message`, and unknown ones.
 *
 * @param number Of the carrier that the message is about.
 */
export function fields(choices: Choices, message: FieldedMessage, number = 0): Fields {
  const some: Fields = new Map();
  for (let left = choices.upTo(40); left > 0; left--) {
    some.set(choices.between(HIGHEST_FIELD + 1, 65_535), choices.bytes(choices.upTo(40)));
  }
  if (message === "hello" || message === "challenge") {
    if (choices.chance(0.5)) some.set(FieldType.guarded, new Uint8Array(0));
    if (message === "challenge" && choices.chance(0.5)) some.set(FieldType.services, new Uint8Array(0));
    if (message === "hello" && some.has(FieldType.guarded) && choices.chance(0.5)) {
      some.set(FieldType.leaf, choices.bytes(LEAF_BYTES));
    }
    if (message === "hello" && choices.chance(0.3)) some.set(FieldType.ticket, anyTicket(choices));
    return some;
  }
  if (message === "open") return some;
  const known: Fields[] = [];
  if (choices.chance(0.5)) {
    known.push(resumeTimeoutField(Math.min(Math.max(1, count(choices)), MOST_RESUME_TIMEOUT_MS)));
  }
  if (message.startsWith("commit") && choices.chance(0.5)) known.push(pathField(choices.between(0, MOST_PATHS - 1)));
  if (message === "commit of a new session" && choices.chance(0.3)) {
    known.push(offersField(offeredNames(choices)), startPoolField(choices.next32()));
  }
  if (message.startsWith("accept") && choices.chance(0.3)) known.push(ticketField(anyTicket(choices)));
  if (message === "accept of a new session") {
    const answers = Array.from({ length: choices.upTo(16) }, () => choices.pick(["has", "waits", "refused"] as const));
    if (choices.chance(0.3)) known.push(offerAnswersField(answers));
    if (choices.chance(0.3)) known.push(usersField(true));
    if (choices.chance(0.5)) known.push(startPoolField(choices.next32()));
    if (choices.chance(0.5)) known.push(carriersField(choices.between(1, MOST_CARRIERS)));
  } else if (message === "commit of a join") {
    const named = numbersBelow(choices, number, MOST_UNSETTLED);
    const gone = choices.between(0, named.length);
    known.push(receiptsField(receiptsOf(choices, named.slice(0, gone))), liveField(named.slice(gone)));
  } else if (message === "accept of a join") {
    const named = numbersBelow(choices, 2 ** 32 - 1, MOST_UNSETTLED).filter((named) => named !== number);
    known.push(receiptsField(receiptsOf(choices, named)));
  }
  return new Map([...some, ...known.flatMap((list) => [...list])]);
}

/** Bytes of which nobody has sealed anything. */
function anyTicket(choices: Choices): Uint8Array {
  return choices.bytes(choices.between(1, MAX_TICKET_BYTES));
}

/** Names of services, each once. */
function offeredNames(choices: Choices): string[] {
  return [...new Set(Array.from({ length: choices.upTo(16) }, () => serviceName(choices)))];
}

/** The same, and now and then one that is not what it should be. */
export function strangeFields(choices: Choices, message: FieldedMessage, number = 0): Fields {
  const some = fields(choices, message, number);
  if (choices.chance(0.3)) {
    const bytes = choices.pick([8, 0, 1, 4, 12, 24, 100, 97, 17 * 12, choices.upTo(300)]);
    some.set(choices.between(0, HIGHEST_FIELD + 1), choices.bytes(bytes));
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
  const status = choices.pick(["ready", "unknown", "unreachable"] as const);
  return { status, nonce: choices.bytes(32), publicKey: choices.bytes(32), fields: fields(choices, "challenge") };
}

/** The number of a carrier that joins: the lowest and the highest more often. */
export function joinNumber(choices: Choices): number {
  return choices.pick([1, 2, 3, 2 ** 31, 2 ** 32 - 1, choices.next32() || 1]);
}

/** A commit. */
export function commit(choices: Choices, kind = choices.pick(["new", "join"] as const)): Commit {
  if (kind === "join") {
    const number = joinNumber(choices);
    const lane = choices.pick(["quiet", "bulk"] as const);
    return { kind, number, lane, fields: fields(choices, "commit of a join", number) };
  }
  const some = fields(choices, "commit of a new session");
  if (choices.chance(0.3)) some.set(FieldType.identity, choices.bytes(100));
  return { kind, number: 0, lane: "quiet", fields: some };
}

/** An accept. */
export function accept(choices: Choices, number = choices.chance(0.5) ? 0 : joinNumber(choices)): Accept {
  const some = fields(choices, number === 0 ? "accept of a new session" : "accept of a join", number);
  if (number !== 0 || choices.chance(0.9)) return { sessionId: choices.bytes(16), number, fields: some };
  some.set(FieldType.full, new Uint8Array([choices.upTo(1)]));
  return { sessionId: new Uint8Array(16), number, fields: some };
}

/** A refuse or goodbye. */
export function ending(choices: Choices): Ending {
  const code = choices.chance(0.5) ? choices.between(0, 11) : choices.between(0, 65_535);
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

/** A probe payload; `cameTicks` are eighths of a millisecond. */
export function probePayload(flags: number, silenceMs: number, mark = 0, cameTicks = 0): Uint8Array {
  const payload = new Uint8Array(12);
  payload[0] = FrameType.probe;
  payload[1] = flags;
  writeU32(payload, 2, silenceMs);
  payload[6] = mark >>> 8;
  payload[7] = mark;
  writeU32(payload, 8, cameTicks);
  return payload;
}

// Counted frames, whole. They are written here once more, from the text: numbers may be beyond their range.

/** Writes a `u64`, as far as a number has its digits, and any others as they are. */
function putU64(into: Uint8Array, at: number, value: number): void {
  writeU32(into, at, Math.floor(value / 2 ** 32));
  writeU32(into, at + 4, value % 2 ** 32);
}

/** The number that says that the open has its service's name. */
export const NAMED = 1;
/** The same of a destination. */
export const DESTINATION = 2;

/** The highest type of a field that is known. */
const HIGHEST_FIELD = Math.max(...Object.values(FieldType));

/** An open frame; `fieldsBytes` is what stands where the list of fields does. */
export function openFrame(
  id: number,
  credits: { send: number; receive: number },
  service = 0,
  fieldsBytes: Uint8Array = new Uint8Array(1),
): Uint8Array {
  const payload = new Uint8Array(15 + fieldsBytes.length);
  payload[0] = FrameType.open;
  writeU32(payload, 1, id);
  writeU32(payload, 5, credits.send);
  writeU32(payload, 9, credits.receive);
  payload[13] = service >>> 8;
  payload[14] = service;
  payload.set(fieldsBytes, 15);
  return framed(payload);
}

/** A frame of data, or of data and the end. */
export function dataFrame(id: number, offset: number, data: Uint8Array, isEnd = false): Uint8Array {
  const payload = new Uint8Array(13 + data.length);
  payload[0] = isEnd ? FrameType.end : FrameType.data;
  writeU32(payload, 1, id);
  putU64(payload, 5, offset);
  payload.set(data, 13);
  return framed(payload);
}

/** A reset frame. */
export function resetFrame(id: number, offset: number, code: number, message: Uint8Array): Uint8Array {
  const payload = new Uint8Array(17 + message.length);
  payload[0] = FrameType.reset;
  writeU32(payload, 1, id);
  putU64(payload, 5, offset);
  payload[13] = code >>> 8;
  payload[14] = code;
  payload[15] = message.length >>> 8;
  payload[16] = message.length;
  payload.set(message, 17);
  return framed(payload);
}

/** A frame of window values. */
export function windowsFrame(values: readonly (readonly [id: number, offset: number])[]): Uint8Array {
  const payload = new Uint8Array(1 + 12 * values.length);
  payload[0] = FrameType.windows;
  values.forEach(([id, offset], index) => {
    writeU32(payload, 1 + 12 * index, id);
    putU64(payload, 5 + 12 * index, offset);
  });
  return framed(payload);
}

/** A frame of any type, of those that mean something or nothing. */
export function anyTypeFrame(choices: Choices, type = choices.between(0, 255)): Uint8Array {
  const payload = choices.bytes(choices.between(1, 1 + choices.upTo(100)));
  payload[0] = type;
  return framed(payload);
}

/** A frame of a type that is not used yet, which is skipped. */
export function skippedFrame(choices: Choices): Uint8Array {
  return anyTypeFrame(choices, choices.pick([0x40, 0x5f, 0x60, 0x7f, choices.between(0x40, 0x7f)]));
}

/** Letters of a service's name. */
const NAME_LETTERS = "abcxyz0189._-";

/** A name that a service can have. */
export function serviceName(choices: Choices): string {
  const length = choices.pick([1, 2, 64, choices.between(1, 64)]);
  return Array.from({ length }, () => choices.pick([...NAME_LETTERS])).join("");
}

/** A host and a port that there could be. */
export function destination(choices: Choices): string {
  const host = choices.pick(["a", "a.example", "192.0.2.1", "[2001:db8::1]", "b".repeat(253)]);
  return `${host}:${choices.pick([1, 443, 65_535])}`;
}

/** The number of a service, and the list of fields of its open, within the limit of that: its name is one of them. */
export function openService(choices: Choices): [number: number, list: Uint8Array] {
  const unknown = [...fields(choices, "open")].slice(0, 20);
  const some: Fields = new Map(choices.chance(0.5) ? unknown : []);
  const number = choices.pick([0, 0, NAMED, DESTINATION, 65_535, choices.between(3, 65_535)]);
  const name = number === NAMED ? serviceName(choices) : number === DESTINATION ? destination(choices) : undefined;
  if (name !== undefined) some.set(FieldType.service, new TextEncoder().encode(name));
  if (choices.chance(0.3)) some.set(FieldType.user, addresses(choices));
  return [number, writeFields(new ByteWriter(), some).done()];
}

/** From where to where a user's connection goes. */
export function addresses(choices: Choices): Uint8Array {
  return choices.bytes(choices.pick([12, 36]));
}

/** The list of fields with the name of a service and the addresses of a user, or without. */
export function openList(name: string | undefined, user?: Uint8Array): Uint8Array {
  const some: Fields = new Map();
  if (user !== undefined) some.set(FieldType.user, user);
  if (name !== undefined) some.set(FieldType.service, new TextEncoder().encode(name));
  return writeFields(new ByteWriter(), some).done();
}

/** A number that a stream may have, or could not have. */
export function anyId(choices: Choices): number {
  return choices.chance(0.2) ? boundary(choices) : choices.between(1, 8);
}

/** Any right counted frame, by itself: whether it may come now is another question. */
export function anyCounted(choices: Choices): Uint8Array {
  const id = anyId(choices);
  switch (choices.between(0, 6)) {
    case 0: {
      const credits = { send: boundary(choices), receive: boundary(choices) };
      return openFrame(id, credits, ...openService(choices));
    }
    case 1:
      return dataFrame(id, count(choices), choices.bytes(choices.upTo(500)));
    case 2:
      return dataFrame(id, count(choices), choices.bytes(choices.upTo(20)), true);
    case 3:
      return resetFrame(id, count(choices), choices.between(0, 65_535), choices.bytes(choices.upTo(1024)));
    case 4:
      return windowsFrame(Array.from({ length: choices.between(1, 84) }, () => [anyId(choices), count(choices)]));
    case 5:
      return skippedFrame(choices);
    default:
      return choices.pick([
        anyTypeFrame(choices, choices.between(0x20, 0x3f)),
        framed(new Uint8Array([FrameType.receipt, 0, 0, 0, choices.between(0, 3), ...new Uint8Array(8)])),
        framed(new Uint8Array([FrameType.lane, 0, 0, 0, choices.between(0, 3), choices.between(0, 2)])),
        framed(new Uint8Array([FrameType.ticket, ...choices.bytes(choices.upTo(150))])),
        framed(new Uint8Array([FrameType.want, 0, 0, 0, choices.between(0, 3), choices.between(0, 8)])),
      ]);
  }
}
