/**
 * The frames and messages of a session.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import { readU32 } from "../../lib/net/bytes.ts";
import {
  FrameType,
  MAX_CONTROL_FRAME_BYTES,
  MAX_ENDING_TEXT_BYTES,
  MAX_EXTRA_BYTES,
  MAX_HANDSHAKE_FRAME_BYTES,
  MAX_SESSION_FRAME_BYTES,
} from "../../lib/session/session_constants.ts";
import { decodeAcknowledge, decodeProbe } from "../../lib/session/carrier/control.ts";
import { SessionFrameReader } from "../../lib/session/carrier/frame_reader.ts";
import {
  decodeAccept,
  decodeChallenge,
  decodeCommit,
  decodeHello,
  encodeAccept,
  encodeChallenge,
  encodeCommit,
  encodeHello,
} from "../../lib/session/handshake/messages.ts";
import { decodeEnding, encodeEnding } from "../../lib/session/ending.ts";
import { decodeOpen, decodeReset, decodeWindows } from "../../lib/session/frames.ts";
import { windowsFrame } from "../support/frames.ts";
import { framed } from "../../lib/ping/codec.ts";
import { type Fields, readResumeTimeout } from "../../lib/session/handshake/fields.ts";
import type { Choices } from "./choices.ts";
import * as frames from "./frames.ts";
import { Journal } from "./journal.ts";
import { mangled, pieces } from "./mangle.ts";
import { check, hex, type Target, teleErrorOf, type Trace } from "./target.ts";

// Frames.

/** A frame that is large enough to be near a limit, of any type. */
function largePayload(choices: Choices): Uint8Array {
  const limit = choices.pick([MAX_CONTROL_FRAME_BYTES, MAX_SESSION_FRAME_BYTES]);
  const payload = new Uint8Array(limit + choices.between(0, 2) - 1);
  payload[0] = choices.pick([FrameType.data, FrameType.windows, FrameType.goodbye, 0x61]);
  return payload;
}

/** A frame that may come in a session, or one that may not. */
function sessionFrame(choices: Choices): Uint8Array {
  switch (choices.between(0, 6)) {
    case 0:
    case 1:
      return frames.countedFrame(choices);
    case 2:
      return framed(frames.acknowledgePayload(frames.count(choices)));
    case 3:
      return framed(frames.probePayload(choices.between(0, 255), choices.next32(), choices.between(0, 65_535)));
    case 4:
      return framed(encodeEnding("goodbye", frames.ending(choices)));
    case 5:
      return framed(choices.bytes(choices.upTo(100)));
    default:
      return framed(choices.chance(0.02) ? largePayload(choices) : new Uint8Array(0));
  }
}

function sessionWire(choices: Choices): Uint8Array {
  if (choices.chance(0.1)) return choices.bytes(choices.upTo(400));
  const wire = concat(Array.from({ length: choices.upTo(20) }, () => sessionFrame(choices)));
  return choices.chance(0.6) ? mangled(choices, wire) : wire;
}

/** What a reader tells, in a form that does not show where data was cut. */
class FrameJournal extends Journal {
  #id = -1;
  #next = -1;

  streamData(id: number, offset: number, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    if (id !== this.#id || offset !== this.#next) this.mark("data", id, offset / 2 ** 32, offset);
    this.data(bytes);
    this.#id = id;
    this.#next = offset + bytes.length;
  }

  streamEnd(id: number, offset: number): void {
    this.#id = -1;
    this.mark("end", id, offset / 2 ** 32, offset);
  }

  frame(payload: Uint8Array, isCounted: boolean): void {
    this.#id = -1;
    this.mark(isCounted ? "counted" : "uncounted", payload.length);
    this.data(payload);
  }
}

/** What is due of a session's frames, read from the whole stream at once. */
interface Due {
  journal: FrameJournal;
  isBad: boolean;
  countedBytes: number;
}

function referenceFrames(wire: Uint8Array): Due {
  const due: Due = { journal: new FrameJournal(), isBad: false, countedBytes: 0 };
  for (let at = 0; at + 4 <= wire.length;) {
    const length = readU32(wire, at);
    at += 4;
    if (length === 0) continue;
    due.isBad = length > MAX_SESSION_FRAME_BYTES;
    if (due.isBad || at === wire.length) return due;
    const payload = wire.subarray(at, at + length);
    at += length;
    const type = payload[0];
    const isCounted = (type >= 0x20 && type < 0x40) || (type >= 0x60 && type < 0x80);
    const isSkipped = type >= 0x40 && type < 0x80;
    const isData = type === FrameType.data || type === FrameType.end;
    due.isBad = isData ? length < 13 : length > MAX_CONTROL_FRAME_BYTES && !isSkipped;
    if (due.isBad) return due;
    if (isCounted) due.countedBytes += 4 + payload.length;
    if (isSkipped) continue;
    if (!isData) {
      if (payload.length === length) due.journal.frame(payload, isCounted);
      continue;
    }
    if (payload.length < 13) return due;
    const offset = readU32(payload, 5) * 2 ** 32 + readU32(payload, 9);
    due.isBad = offset > Number.MAX_SAFE_INTEGER;
    if (due.isBad) return due;
    due.journal.streamData(readU32(payload, 1), offset, payload.subarray(13));
    if (type === FrameType.end && payload.length === length) {
      due.journal.streamEnd(readU32(payload, 1), offset + length - 13);
    }
  }
  return due;
}

/** {@linkcode SessionFrameReader}. */
export const sessionFrames: Target = {
  name: "session-frames",
  about: "SessionFrameReader: frames of all types and sizes, mangled frames and noise, in any pieces",
  quickStreams: 3000,
  run(choices, trace) {
    const wire = sessionWire(choices);
    const cut = wire.length > 20_000 ? [wire.subarray(0, 9), wire.subarray(9)] : pieces(choices, wire);
    trace(() => `${hex(wire)} in ${cut.length} pieces`);
    const due = referenceFrames(wire);
    for (const variant of [cut, [wire]]) {
      const journal = new FrameJournal();
      const reader = new SessionFrameReader({
        data: (id, offset, bytes) => {
          check(bytes.length > 0, () => "empty data was handed over");
          journal.streamData(id, offset, bytes);
        },
        end: (id, offset) => journal.streamEnd(id, offset),
        counted: (payload) => journal.frame(payload, true),
        control: (payload) => journal.frame(payload, false),
      });
      const error = teleErrorOf(["protocol"], () => variant.forEach((piece) => reader.push(piece)));
      due.journal.assertSame(journal, `frames out of ${variant.length} pieces`);
      check((error !== undefined) === due.isBad, () => `it failed: ${error}, which was due: ${due.isBad}`);
      const { countedBytes } = reader;
      const isRight = due.isBad || countedBytes === due.countedBytes;
      check(isRight, () => `it counted ${countedBytes} bytes, and ${due.countedBytes} were due`);
    }
  },
};

// Messages.

/** A message's decoder, the encoder that undoes it, and right payloads. */
interface Codec<Decoded> {
  /** Other bytes may mean the same. */
  isLoose?: boolean;
  make(choices: Choices): Uint8Array;
  decode(payload: Uint8Array): Decoded;
  encode(decoded: Decoded): Uint8Array;
}

/** A payload that was read. */
interface Reading {
  /** What it says, in words that differ where the meaning does. */
  said: string;
  /** The same, written again. */
  written: Uint8Array;
}

/** One kind of message, whatever it is decoded to. */
interface Message {
  readonly isLoose: boolean;
  make(choices: Choices): Uint8Array;
  read(payload: Uint8Array): () => Reading;
}

const INSPECT = { depth: 8, iterableLimit: 4096, strAbbreviateSize: 4096 };

function message<Decoded>({ isLoose = false, make, decode, encode }: Codec<Decoded>): Message {
  return {
    isLoose,
    make,
    read(payload) {
      const decoded = decode(payload);
      return () => ({ said: Deno.inspect(decoded, INSPECT), written: encode(decoded) });
    },
  };
}

const MESSAGES: readonly Message[] = [
  message({
    make: (choices) => encodeHello(frames.hello(choices)),
    decode: decodeHello,
    encode: encodeHello,
  }),
  message({
    make: (choices) => encodeChallenge(frames.challenge(choices)),
    decode: decodeChallenge,
    encode: encodeChallenge,
  }),
  message({
    make: (choices) => concat([encodeCommit(frames.commit(choices)), choices.bytes(32)]),
    decode: (payload) => {
      const { commit, body, proof } = decodeCommit(payload);
      check(hex(concat([body, proof])) === hex(payload), () => "body and proof are not the payload");
      checkResumeTimeout(commit.fields);
      return { commit, proof };
    },
    encode: ({ commit, proof }) => concat([encodeCommit(commit), proof]),
  }),
  message({
    make: (choices) => concat([encodeAccept(frames.accept(choices)), choices.bytes(32)]),
    decode: (payload) => {
      const { accept, body, proof } = decodeAccept(payload);
      check(hex(concat([body, proof])) === hex(payload), () => "body and proof are not the payload");
      checkResumeTimeout(accept.fields);
      return { accept, proof };
    },
    encode: ({ accept, proof }) => concat([encodeAccept(accept), proof]),
  }),
  message({
    isLoose: true,
    make: (choices) => encodeEnding(choices.pick(["refuse", "goodbye"]), frames.ending(choices)),
    decode: (payload) => {
      // What is no text is read as something longer: only so much that it still fits when it is written.
      const { code, message } = decodeEnding(payload);
      return { code, message: message.slice(0, MAX_ENDING_TEXT_BYTES / 4).toWellFormed() };
    },
    encode: (ending) => encodeEnding("refuse", ending),
  }),
  message({
    // Its type was looked at before.
    isLoose: true,
    make: (choices) => frames.acknowledgePayload(frames.count(choices)),
    decode: decodeAcknowledge,
    encode: frames.acknowledgePayload,
  }),
  message({
    // The same, and flags of later versions are ignored.
    isLoose: true,
    make: (choices) => frames.probePayload(choices.between(0, 3), choices.next32(), choices.between(0, 65_535)),
    decode: decodeProbe,
    encode: ({ replyWanted, isReply, silenceMs, mark }) =>
      frames.probePayload((replyWanted ? 1 : 0) | (isReply ? 2 : 0), silenceMs, mark),
  }),
  message({
    // No field of an open is known.
    isLoose: true,
    make: (choices) => {
      const credits = { send: choices.next32(), receive: choices.next32() };
      const open = { id: choices.next32(), credits, service: choices.between(0, 65_535) };
      return frames.openFrame(open, frames.fewFields(choices)).subarray(4);
    },
    decode: decodeOpen,
    encode: (open) => frames.openFrame(open).subarray(4),
  }),
  message({
    isLoose: true,
    make: (choices) => {
      const text = choices.bytes(choices.upTo(1024));
      return frames.resetFrame(choices.next32(), frames.count(choices), choices.between(0, 65_535), text).subarray(4);
    },
    decode: (payload) => {
      const { id, offset, code, message } = decodeReset(payload);
      return { id, offset, code, message: message.slice(0, MAX_EXTRA_BYTES / 4).toWellFormed() };
    },
    encode: ({ id, offset, code, message }) =>
      frames.resetFrame(id, offset, code, new TextEncoder().encode(message)).subarray(4),
  }),
  message({
    isLoose: true,
    make: (choices) => windowsFrame(...someWindows(choices)).subarray(4),
    decode: (payload) => {
      const values: [number, number][] = [];
      decodeWindows(payload, (id, limit) => void values.push([id, limit]));
      check(values.length > 0, () => "a windows frame without values was taken");
      return values;
    },
    encode: (values) => windowsFrame(...values).subarray(4),
  }),
];

function someWindows(choices: Choices): [number, number][] {
  return Array.from({ length: choices.between(1, 84) }, () => [choices.next32(), frames.count(choices)]);
}

function checkResumeTimeout(fields: Fields): void {
  const timeoutMs = readResumeTimeout(fields);
  check(timeoutMs >= 1, () => `a resume timeout of ${timeoutMs}`);
}

/**
 * A message is read, or refused with an error of the right class. What was read makes the same bytes when it is written
 * again, so that no byte of a message means nothing; only the text of an ending has more than one spelling.
 */
function roundTrip(message: Message, payload: Uint8Array, isRight: boolean): void {
  let read: (() => Reading) | undefined;
  const error = teleErrorOf(["protocol", "refused"], () => read = message.read(payload));
  check(!isRight || error === undefined, () => `a right message is refused: ${error}`);
  if (read === undefined) return;
  const { said, written } = read();
  check(message.isLoose || hex(written) === hex(payload), () => `it has bytes that mean nothing: ${hex(payload)}`);
  const again = message.read(written)().said;
  check(again === said, () => "written and read again it is another");
}

/** The handshake's messages, the control frames, and the counted ones but for data. */
export const messages: Target = {
  name: "messages",
  about: "hello, challenge, commit, accept, refuse, goodbye, acknowledge, probe, open, reset, windows and their fields",
  quickStreams: 2000,
  run(choices, trace: Trace) {
    const message = choices.pick(MESSAGES);
    const right = message.make(choices);
    const style = choices.between(0, 3);
    const other = style === 3 ? choices.pick(MESSAGES).make(choices) : right;
    const payload = style === 0
      ? right
      : style === 1
      ? choices.bytes(choices.upTo(300))
      : mangled(choices, right, other);
    trace(() => `message ${MESSAGES.indexOf(message)}: ${hex(payload)}`);
    const isLarge = payload.length > MAX_HANDSHAKE_FRAME_BYTES;
    roundTrip(message, isLarge ? payload.subarray(0, MAX_HANDSHAKE_FRAME_BYTES) : payload, style === 0 && !isLarge);
  },
};
