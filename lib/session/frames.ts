/**
 * Counted frames as bytes, but for what carries data: that goes through as it comes. Source: `PROTOCOL.md`, "Streams",
 * "Receipt", "Lane", "Want", "Drain".
 *
 * @module
 */
import { ByteReader, readU16, readU32, readU64, writeU16, writeU32, writeU64 } from "../net/bytes.ts";
import { TeleError } from "../net/error.ts";
import { FRAME_HEADER_BYTES, writeFrameHeader } from "../ping/codec.ts";
import { isDestinationText } from "./handshake/destination.ts";
import { FieldType, readFields, readService, type Receipt } from "./handshake/fields.ts";
import { type Lane, laneByte, readLane } from "./handshake/messages.ts";
import {
  COUNTED_HEADER_BYTES,
  DATA_HEADER_BYTES,
  DRAIN_FRAME_BYTES,
  FrameType,
  LANE_FRAME_BYTES,
  MAX_EXTRA_BYTES,
  OPEN_FRAME_BYTES,
  RECEIPT_FRAME_BYTES,
  RESET_FRAME_BYTES,
  WANT_FRAME_BYTES,
  WINDOW_BYTES,
} from "./session_constants.ts";

/** Credits that go with an open, in bytes. */
export interface StartCredits {
  /** What the opener takes itself to be granted. */
  send: number;
  /** What the opener grants. */
  receive: number;
}

/** In front of the value of a field: its type and its length. */
const FIELD_HEADER_BYTES = 4;

/** An open. */
export interface Open {
  /** Number of the stream. */
  id: number;
  /** What it begins with. */
  credits: StartCredits;
  /** What kind of thing it is for: 0 is the service without a name, for others it is {@linkcode serviceNumber}. */
  service: number;
  /** The service's name, or the destination. */
  name?: string;
  /** From where to where the user's connection goes, if the opener tells that; see `address_block.ts`. */
  user?: Uint8Array;
}

/** What an open tells beside its number and its credits. */
export type OpenDetails = Pick<Open, "name" | "user">;

/** In place of a service's number: the open has its name. Who does not know that refuses it, and dials nobody. */
export const NAMED_SERVICE = 1;
/** The same: the open has a destination. */
export const DESTINATION = 2;

/** The number of an open for the service of this name, or for this destination. */
export function serviceNumber(name: string): number {
  return isDestinationText(name) ? DESTINATION : NAMED_SERVICE;
}

/** A reset. */
export interface Reset {
  /** Number of the stream. */
  id: number;
  /** Behind the last byte of data that its sender sent. */
  offset: number;
  /** One of {@linkcode ResetCode} of the mux, or one that is not known here. */
  code: number;
  /** For a person. */
  message: string;
}

/** A want. */
export interface Want {
  /** Higher than in any before it. */
  rise: number;
  /** With so many bulk carriers its sender could send more. */
  count: number;
}

/** Whether a frame of this type is sent again until it was taken. */
export function isCounted(type: number): boolean {
  return (type >= 0x20 && type < 0x40) || (type >= 0x60 && type < 0x80);
}

/** Whether a frame of this type means nothing yet, and is skipped. */
export function isSkipped(type: number): boolean {
  return type >= 0x40 && type < 0x80;
}

function writeHeader(into: Uint8Array, at: number, bytes: number, type: number): void {
  writeFrameHeader(into, at, bytes - FRAME_HEADER_BYTES);
  into[at + FRAME_HEADER_BYTES] = type;
}

/** Bytes of an open for the service of this name, or for the one without a name, of this user. */
export function openFrameBytes({ name, user }: OpenDetails): number {
  const fieldBytes = (length: number | undefined) => length === undefined ? 0 : FIELD_HEADER_BYTES + length;
  return OPEN_FRAME_BYTES + fieldBytes(name?.length) + fieldBytes(user?.length);
}

/** Writes an open of {@linkcode openFrameBytes}; a `name` is that of a service. */
export function writeOpen(
  into: Uint8Array,
  at: number,
  id: number,
  credits: StartCredits,
  { name, user }: OpenDetails = {},
): void {
  writeHeader(into, at, openFrameBytes({ name, user }), FrameType.open);
  writeU32(into, at + 5, id);
  writeU32(into, at + 9, credits.send);
  writeU32(into, at + 13, credits.receive);
  writeU16(into, at + 17, name === undefined ? 0 : serviceNumber(name));
  into[at + 19] = (name === undefined ? 0 : 1) + (user === undefined ? 0 : 1);
  let to = at + OPEN_FRAME_BYTES;
  if (name !== undefined) to = writeName(into, to, name);
  if (user === undefined) return;
  writeFieldHeader(into, to, FieldType.user, user.length);
  into.set(user, to + FIELD_HEADER_BYTES);
}

/** The field with the name of a service, which is ASCII. Returns where the next one goes. */
function writeName(into: Uint8Array, at: number, name: string): number {
  writeFieldHeader(into, at, FieldType.service, name.length);
  const start = at + FIELD_HEADER_BYTES;
  for (let index = 0; index < name.length; index++) into[start + index] = name.charCodeAt(index);
  return start + name.length;
}

function writeFieldHeader(into: Uint8Array, at: number, type: number, length: number): void {
  writeU16(into, at, type);
  writeU16(into, at + 2, length);
}

/** Writes the {@linkcode DATA_HEADER_BYTES} in front of `length` bytes of data; `isEnd` if the fin is behind them. */
export function writeDataHeader(
  into: Uint8Array,
  at: number,
  header: { id: number; offset: number; length: number; isEnd: boolean },
): void {
  writeHeader(into, at, DATA_HEADER_BYTES + header.length, header.isEnd ? FrameType.end : FrameType.data);
  writeU32(into, at + 5, header.id);
  writeU64(into, at + 9, header.offset);
}

/** Writes a reset of {@linkcode RESET_FRAME_BYTES} and an UTF-8 message of at most {@linkcode MAX_EXTRA_BYTES}. */
export function writeReset(
  into: Uint8Array,
  at: number,
  reset: { id: number; offset: number; code: number; message: Uint8Array },
): void {
  writeHeader(into, at, RESET_FRAME_BYTES + reset.message.length, FrameType.reset);
  writeU32(into, at + 5, reset.id);
  writeU64(into, at + 9, reset.offset);
  writeU16(into, at + 17, reset.code);
  writeU16(into, at + 19, reset.message.length);
  into.set(reset.message, at + RESET_FRAME_BYTES);
}

/** Writes the {@linkcode COUNTED_HEADER_BYTES} in front of `count` window values. */
export function writeWindowsHeader(into: Uint8Array, at: number, count: number): void {
  writeHeader(into, at, COUNTED_HEADER_BYTES + count * WINDOW_BYTES, FrameType.windows);
}

/** Writes one window value: the peer may send up to `limit`. */
export function writeWindow(into: Uint8Array, at: number, id: number, limit: number): void {
  writeU32(into, at, id);
  writeU64(into, at + 4, limit);
}

/** Writes a receipt of {@linkcode RECEIPT_FRAME_BYTES}. */
export function writeReceipt(into: Uint8Array, at: number, { number, taken }: Receipt): void {
  writeHeader(into, at, RECEIPT_FRAME_BYTES, FrameType.receipt);
  writeU32(into, at + 5, number);
  writeU64(into, at + 9, taken);
}

/** Writes a lane of {@linkcode LANE_FRAME_BYTES}: what carrier `number`, on which it goes, is for from now on. */
export function writeLane(into: Uint8Array, at: number, { number, lane }: { number: number; lane: Lane }): void {
  writeHeader(into, at, LANE_FRAME_BYTES, FrameType.lane);
  writeU32(into, at + 5, number);
  into[at + 9] = laneByte[lane];
}

/** Writes a want of {@linkcode WANT_FRAME_BYTES}. */
export function writeWant(into: Uint8Array, at: number, { rise, count }: Want): void {
  writeHeader(into, at, WANT_FRAME_BYTES, FrameType.want);
  writeU32(into, at + 5, rise);
  into[at + 9] = count;
}

/** Writes a drain of {@linkcode DRAIN_FRAME_BYTES}: `last` is the highest number of a stream that was opened here. */
export function writeDrain(into: Uint8Array, at: number, last: number): void {
  writeHeader(into, at, DRAIN_FRAME_BYTES, FrameType.drain);
  writeU32(into, at + 5, last);
}

/** Reads the payload of an open. */
export function decodeOpen(payload: Uint8Array): Open {
  const at = OPEN_FRAME_BYTES - FRAME_HEADER_BYTES - 1;
  const fieldsBytes = payload.length - at;
  if (fieldsBytes > MAX_EXTRA_BYTES) {
    throw new TeleError("protocol", `an open of ${payload.length} bytes is none`);
  }
  const credits = { send: readU32(payload, 5), receive: readU32(payload, 9) };
  const open: Open = { id: readU32(payload, 1), credits, service: readU16(payload, 13) };
  // Nearly all opens have no fields.
  const hasFields = fieldsBytes > 1 || payload[at] !== 0;
  const { name, user } = hasFields ? readDetails(payload.subarray(at)) : {};
  const isRight = name === undefined
    ? open.service !== NAMED_SERVICE && open.service !== DESTINATION
    : open.service === serviceNumber(name);
  if (!isRight) {
    throw new TeleError(
      "protocol",
      `an open of service ${open.service} has ${name === undefined ? "no name" : "another's name"}`,
    );
  }
  return { ...open, ...name !== undefined && { name }, ...user !== undefined && { user } };
}

function readDetails(list: Uint8Array): OpenDetails {
  const reader = new ByteReader(list, "open");
  const fields = reader.end(readFields(reader, "open"));
  // A copy: the frame's memory is read into again.
  return { name: readService(fields), user: fields.get(FieldType.user)?.slice() };
}

/** Reads the payload of a reset. */
export function decodeReset(payload: Uint8Array): Reset {
  const at = RESET_FRAME_BYTES - FRAME_HEADER_BYTES;
  const length = payload.length < at ? 0 : readU16(payload, at - 2);
  if (payload.length !== at + length || length > MAX_EXTRA_BYTES) {
    throw new TeleError("protocol", `a reset of ${payload.length} bytes is none`);
  }
  return {
    id: readU32(payload, 1),
    offset: readU64(payload, 5),
    code: readU16(payload, 13),
    message: new TextDecoder().decode(payload.subarray(at)),
  };
}

/** Reads the payload of a receipt. */
export function decodeReceipt(payload: Uint8Array): Receipt {
  checkLength(payload, RECEIPT_FRAME_BYTES, "receipt");
  return { number: readU32(payload, 1), taken: readU64(payload, 5) };
}

/** Reads the payload of a lane: which carrier, and what it is for from now on. */
export function decodeLane(payload: Uint8Array): { number: number; lane: Lane } {
  checkLength(payload, LANE_FRAME_BYTES, "lane");
  return { number: readU32(payload, 1), lane: readLane(payload[5]) };
}

/** Reads the payload of a want. */
export function decodeWant(payload: Uint8Array): Want {
  checkLength(payload, WANT_FRAME_BYTES, "want");
  return { rise: readU32(payload, 1), count: payload[5] };
}

/** Reads the payload of a drain: the highest number of a stream that the peer has opened, 0 if there is none. */
export function decodeDrain(payload: Uint8Array): number {
  checkLength(payload, DRAIN_FRAME_BYTES, "drain");
  return readU32(payload, 1);
}

function checkLength(payload: Uint8Array, frameBytes: number, name: string): void {
  if (payload.length === frameBytes - FRAME_HEADER_BYTES) return;
  throw new TeleError("protocol", `a ${name} of ${payload.length} bytes is none`);
}

/** Tells `each` of the values in the payload of a windows frame. */
export function decodeWindows(payload: Uint8Array, each: (id: number, limit: number) => void): void {
  if (payload.length === 1 || (payload.length - 1) % WINDOW_BYTES !== 0) {
    throw new TeleError("protocol", "a windows frame is not made of window values");
  }
  for (let at = 1; at < payload.length; at += WINDOW_BYTES) each(readU32(payload, at), readU64(payload, at + 4));
}
