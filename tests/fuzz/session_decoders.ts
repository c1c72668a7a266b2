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
import { SessionFrameReader, type SessionFrameSink } from "../../lib/session/carrier/frame_reader.ts";
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
import { framed } from "../../lib/ping/codec.ts";
import {
  type Fields,
  readCarriers,
  readLive,
  readReceipts,
  readResumeTimeout,
} from "../../lib/session/handshake/fields.ts";
import { decodeOpen, decodeReset, decodeWindows } from "../../lib/session/frames.ts";
import type { Choices } from "./choices.ts";
import * as frames from "./frames.ts";
import { Journal } from "./journal.ts";
import { mangled, pieces } from "./mangle.ts";
import { check, hex, type Target, teleErrorOf, type Trace } from "./target.ts";

// Frames.

/** A frame that is large enough to be near a limit, of any type. */
function largeFrame(choices: Choices): Uint8Array {
  const limit = choices.pick([MAX_CONTROL_FRAME_BYTES, MAX_SESSION_FRAME_BYTES]);
  const payload = new Uint8Array(limit + choices.between(0, 2) - 1);
  payload[0] = choices.pick([FrameType.data, FrameType.end, FrameType.windows, FrameType.goodbye, 0x41, 0x7e]);
  return framed(payload);
}

/** Any probe, with flags up to this number. */
function probePayload(choices: Choices, mostFlags: number): Uint8Array {
  const flags = choices.between(0, mostFlags), mark = choices.between(0, 65_535);
  return frames.probePayload(flags, choices.next32(), mark, choices.next32());
}

/** Any frame that may come in a session, and some that may not. */
function sessionFrame(choices: Choices): Uint8Array {
  switch (choices.between(0, 7)) {
    case 0:
    case 1:
    case 2:
      return frames.anyCounted(choices);
    case 3:
      return framed(frames.acknowledgePayload(frames.count(choices)));
    case 4:
      return framed(probePayload(choices, 255));
    case 5:
      return choices.chance(0.5)
        ? framed(encodeEnding("goodbye", frames.ending(choices)))
        : frames.skippedFrame(choices);
    case 6:
      return frames.anyTypeFrame(choices);
    default:
      return choices.chance(0.02) ? largeFrame(choices) : new Uint8Array(4);
  }
}

function sessionWire(choices: Choices): Uint8Array {
  if (choices.chance(0.1)) return choices.bytes(choices.upTo(400));
  const wire = concat(Array.from({ length: choices.upTo(20) }, () => sessionFrame(choices)));
  return choices.chance(0.6) ? mangled(choices, wire) : wire;
}

/** Numbers from here on are an error, whichever they are, and not exact. */
const BEYOND = 2 ** 53;

/** Data of one stream, whatever pieces it comes in, and everything else, in order. */
class FrameJournal implements SessionFrameSink {
  readonly journal = new Journal();
  #next: { id: number; offset: number } | undefined;

  data(id: number, offset: number, bytes: Uint8Array): void {
    offset = Math.min(offset, BEYOND);
    if (this.#next?.id !== id || this.#next.offset !== offset || bytes.length === 0) {
      this.journal.mark("data", id, Math.floor(offset / 2 ** 32), offset);
    }
    this.journal.data(bytes);
    this.#next = { id, offset: Math.min(offset + bytes.length, BEYOND) };
  }

  end(id: number, offset: number): void {
    offset = Math.min(offset, BEYOND);
    this.#next = undefined;
    this.journal.mark("end", id, Math.floor(offset / 2 ** 32), offset);
  }

  counted(payload: Uint8Array): void {
    this.#next = undefined;
    this.journal.mark("counted", payload.length);
    this.journal.data(payload);
  }

  control(payload: Uint8Array): void {
    this.#next = undefined;
    check(payload.length <= MAX_CONTROL_FRAME_BYTES, () => `a control frame of ${payload.length} bytes was kept`);
    this.journal.mark("not counted", payload.length);
    this.journal.data(payload);
  }
}

/** A frame of the wire: where it begins and ends, and what its type is; of one that has no type yet that is -1. */
interface Extent {
  start: number;
  end: number;
  type: number;
}

/** `PROTOCOL.md`, "Frames": which types are counted, and which are skipped. */
const isCountedType = (type: number) => type >= 0x20 && type <= 0x3f || type >= 0x60 && type <= 0x7f;
const isSkippedType = (type: number) => type >= 0x40 && type <= 0x7f;
const isDataType = (type: number) => type === 0x21 || type === 0x23;

/** What is due of a session's frames, read from the whole stream at once. */
function referenceFrames(wire: Uint8Array): { journal: Journal; extents: Extent[]; isBad: boolean } {
  const sink = new FrameJournal();
  const extents: Extent[] = [];
  const result = (isBad: boolean) => ({ journal: sink.journal, extents, isBad });
  for (let at = 0; at + 4 <= wire.length;) {
    const length = readU32(wire, at);
    if (length > MAX_SESSION_FRAME_BYTES) return result(true);
    const [payload, end] = [wire.subarray(at + 4, at + 4 + length), at + 4 + length];
    if (length > 0) extents.push({ start: at, end, type: payload[0] ?? -1 });
    at = end;
    if (payload.length === 0) continue;
    const type = payload[0]!;
    if (isDataType(type)) {
      if (length < 13) return result(true);
      if (payload.length < 13) continue;
      const [id, offset] = [readU32(payload, 1), readU32(payload, 5) * 2 ** 32 + readU32(payload, 9)];
      if (payload.length > 13 || (length === 13 && type === 0x21)) sink.data(id, offset, payload.subarray(13));
      if (payload.length === length && type === 0x23) sink.end(id, offset + (length - 13));
      continue;
    }
    if (isSkippedType(type)) continue;
    if (length > MAX_CONTROL_FRAME_BYTES) return result(true);
    if (payload.length < length) continue;
    if (isCountedType(type)) sink.counted(payload);
    else sink.control(payload);
  }
  return result(false);
}

/** Counted bytes in the first `came` bytes of a wire; the prefix of a frame counts when its type has come. */
function countedBytes(extents: readonly Extent[], came: number): number {
  return extents.filter(({ start, type }) => isCountedType(type) && came > start + 4)
    .reduce((sum, { start, end }) => sum + Math.min(came, end) - start, 0);
}

/** How many of them mean nothing without the rest of their frame. */
function wastedBytes(extents: readonly Extent[], came: number): number {
  const cut = extents.find(({ start, end, type }) => isCountedType(type) && came > start + 4 && came < end);
  if (cut === undefined) return 0;
  const bytes = came - cut.start;
  return isDataType(cut.type) && bytes > 17 ? 0 : bytes;
}

const costOfType = (type: number) => type === FrameType.open ? 16 : 1;

/** What the counted frames cost that ended behind `from` bytes, up to `to` of them, without the last. */
function costUpToLast(extents: readonly Extent[], from: number, to: number): number {
  return extents.filter(({ end, type }) => isCountedType(type) && end > from && end <= to).slice(0, -1)
    .reduce((sum, { type }) => sum + costOfType(type), 0);
}

/** Pushes a wire in the given pieces, a few frames at a time. */
function pushAll(
  reader: SessionFrameReader,
  cut: readonly Uint8Array[],
  allowance: { left: number },
  turn: number,
  onCame: (came: number, before: number) => void,
): void {
  let came = 0;
  for (const piece of cut) {
    for (let at = 0; at < piece.length;) {
      allowance.left = turn;
      const taken = reader.push(piece.subarray(at));
      check(taken > 0, () => "nothing is taken, though there is an allowance");
      check(taken === piece.length - at || allowance.left < 1, () => "it stops before the allowance is used up");
      check(allowance.left > -16, () => `the allowance is ${allowance.left}`);
      at += taken;
      onCame(came + taken, came);
      came += taken;
    }
  }
}

/** {@linkcode SessionFrameReader}. */
export const sessionFrames: Target = {
  name: "session-frames",
  about: "SessionFrameReader: frames of all types and sizes, mangled frames and noise, in any pieces and turns",
  quickStreams: 3000,
  run(choices, trace) {
    const wire = sessionWire(choices);
    const cut = wire.length > 20_000 ? [wire.subarray(0, 9), wire.subarray(9)] : pieces(choices, wire);
    const turn = choices.pick([1, 3, 17, 2048]);
    trace(() => `${hex(wire)} in ${cut.length} pieces, ${turn} a turn`);
    const due = referenceFrames(wire);
    for (const variant of [cut, [wire]]) {
      const sink = new FrameJournal();
      const allowance = { left: turn };
      const reader = new SessionFrameReader(sink, allowance, costOfType);
      const error = teleErrorOf(["protocol"], () => {
        pushAll(reader, variant, allowance, turn, (came, before) => {
          const cost = costUpToLast(due.extents, before, came);
          check(cost < turn, () => `frames of ${cost} were taken, and then more, with an allowance of ${turn}`);
          const [counted, wasted] = [countedBytes(due.extents, came), wastedBytes(due.extents, came)];
          check(reader.countedBytes === counted, () => `${reader.countedBytes} of ${came} counted, due ${counted}`);
          check(reader.wastedBytes === wasted, () => `${reader.wastedBytes} of ${came} wasted, due ${wasted}`);
        });
      });
      due.journal.assertSame(sink.journal, `frames out of ${variant.length} pieces`);
      check((error !== undefined) === due.isBad, () => `it failed: ${error}, which was due: ${due.isBad}`);
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
      checkNumbers(readLive(commit.fields), commit.number - 1);
      checkNumbers(readReceipts(commit.fields).map(({ number }) => number), commit.number - 1);
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
      checkNumbers(readReceipts(accept.fields).map(({ number }) => number), 2 ** 32 - 1);
      const carriers = readCarriers(accept.fields);
      check(carriers >= 1 && carriers <= 10, () => `${carriers} carriers`);
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
    make: (choices) => probePayload(choices, 3),
    decode: decodeProbe,
    encode: ({ replyWanted, isReply, silenceMs, mark, cameMs }) =>
      frames.probePayload((replyWanted ? 1 : 0) | (isReply ? 2 : 0), silenceMs, mark, 8 * cameMs),
  }),
  message({
    isLoose: true,
    make: (choices) => {
      const credits = { send: choices.next32(), receive: choices.next32() };
      return frames.openFrame(choices.next32(), credits, ...frames.openService(choices)).subarray(4);
    },
    decode: decodeOpen,
    encode: ({ id, credits, service, name, user }) =>
      frames.openFrame(id, credits, service, frames.openList(name, user)).subarray(4),
  }),
  message({
    isLoose: true,
    make: (choices) => {
      const words = choices.bytes(choices.upTo(1024));
      return frames.resetFrame(choices.next32(), frames.count(choices), choices.between(0, 65_535), words).subarray(4);
    },
    decode: (payload) => {
      const { message, ...rest } = decodeReset(payload);
      return { ...rest, message: message.slice(0, MAX_EXTRA_BYTES / 4).toWellFormed() };
    },
    encode: ({ id, offset, code, message }) =>
      frames.resetFrame(id, offset, code, new TextEncoder().encode(message)).subarray(4),
  }),
  message({
    isLoose: true,
    make: (choices) => {
      const values = Array.from(
        { length: choices.between(1, 90) },
        () => [choices.next32(), frames.count(choices)] as const,
      );
      return frames.windowsFrame(values).subarray(4);
    },
    decode: (payload) => {
      const values: [number, number][] = [];
      decodeWindows(payload, (id, limit) => values.push([id, limit]));
      return values;
    },
    encode: (values) => frames.windowsFrame(values).subarray(4),
  }),
];

function checkResumeTimeout(fields: Fields): void {
  const timeoutMs = readResumeTimeout(fields);
  check(timeoutMs >= 1, () => `a resume timeout of ${timeoutMs}`);
}

/** At most 16, rising, none above `most`. */
function checkNumbers(numbers: readonly number[], most: number): void {
  const isRight = numbers.every((number, at) => number <= most && (at === 0 || number > numbers[at - 1]!));
  check(isRight && numbers.length <= 16, () => `carriers ${numbers}, of which the last may be ${most}`);
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

/** The handshake's messages and the control frames. */
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
