/**
 * The optional fields at the end of handshake messages. Source: `PROTOCOL.md`, "Handshake", "Fields".
 *
 * @module
 */
import { type ByteReader, type ByteWriter, readU32, readU64, writeU32, writeU64 } from "../../net/bytes.ts";
import { TeleError } from "../../net/error.ts";
import { MOST_RESUME_TIMEOUT_MS } from "../session_constants.ts";
import { checkField, type FieldedMessage, type Fields, FieldType, LIVE_BYTES, RECEIPT_BYTES } from "./known_fields.ts";

export { type FieldedMessage, type Fields, FieldType, IDENTITY_FIELD_BYTES } from "./known_fields.ts";

/** How many counted bytes of a carrier that is gone an end has taken; final. Source: `PROTOCOL.md`, "Receipts". */
export interface Receipt {
  /** Of the carrier. */
  number: number;
  /** Counted bytes, those of a frame that was cut included. */
  taken: number;
}

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

/** The list of a challenge: whether the server finds services by their names. */
export function servicesField(hasServices: boolean): Fields {
  return new Map(hasServices ? [[FieldType.services, new Uint8Array(0)]] : []);
}

/** The name of the service that an open asks for; `undefined` if it asks for the one without a name. */
export function readService(fields: Fields): string | undefined {
  const value = fields.get(FieldType.service);
  return value === undefined ? undefined : String.fromCharCode(...value);
}

/** The list with the leaf that the client sees; nothing without one. */
export function leafField(leaf: Uint8Array | undefined): Fields {
  return new Map(leaf === undefined ? [] : [[FieldType.leaf, leaf]]);
}

/** The list of a commit whose token has a name. */
export function nameField(name: string | undefined): Fields {
  return new Map(name === undefined ? [] : [[FieldType.name, new TextEncoder().encode(name)]]);
}

/** The name of the client's token; `undefined` if it has none. */
export function readName(fields: Fields): string | undefined {
  const value = fields.get(FieldType.name);
  return value === undefined ? undefined : String.fromCharCode(...value);
}

/**
 * The list of an accept that gives no session.
 *
 * @param hasOthers Whether other servers may have room.
 */
export function fullField(hasOthers: boolean): Fields {
  return new Map([[FieldType.full, new Uint8Array([Number(hasOthers)])]]);
}

/** What an accept says that gives no session; `undefined` if there is one. */
export function readFull(fields: Fields): { hasOthers: boolean } | undefined {
  const value = fields.get(FieldType.full);
  return value && { hasOthers: value[0] === 1 };
}

/** The list with the start credit that the peer may take for its streams, in bytes. */
export function startPoolField(bytes: number): Fields {
  const value = new Uint8Array(4);
  writeU32(value, 0, bytes);
  return new Map([[FieldType.startPool, value]]);
}

/** The start credit that may be taken for streams, in bytes; `undefined` if the peer does not say. */
export function readStartPool(fields: Fields): number | undefined {
  const value = fields.get(FieldType.startPool);
  return value === undefined ? undefined : readU32(value, 0);
}

/** The list with the numbers of the carriers that may be alive: at most {@linkcode MOST_UNSETTLED}, in any order. */
export function liveField(numbers: Iterable<number>): Fields {
  const rising = [...numbers].sort((one, other) => one - other);
  if (rising.length === 0) return new Map();
  const value = new Uint8Array(rising.length * LIVE_BYTES);
  rising.forEach((number, at) => writeU32(value, at * LIVE_BYTES, number));
  return new Map([[FieldType.live, value]]);
}

/** The numbers of the client's other carriers that may be alive, rising. */
export function readLive(fields: Fields): number[] {
  const value = fields.get(FieldType.live) ?? new Uint8Array(0);
  return Array.from({ length: value.length / LIVE_BYTES }, (_, at) => readU32(value, at * LIVE_BYTES));
}

/** The list with the sender's receipts: at most {@linkcode MOST_UNSETTLED}, in any order. */
export function receiptsField(receipts: Iterable<Receipt>): Fields {
  const rising = [...receipts].sort((one, other) => one.number - other.number);
  if (rising.length === 0) return new Map();
  const value = new Uint8Array(rising.length * RECEIPT_BYTES);
  rising.forEach(({ number, taken }, at) => {
    writeU32(value, at * RECEIPT_BYTES, number);
    writeU64(value, at * RECEIPT_BYTES + 4, taken);
  });
  return new Map([[FieldType.receipts, value]]);
}

/** The sender's receipts, their numbers rising. */
export function readReceipts(fields: Fields): Receipt[] {
  const value = fields.get(FieldType.receipts) ?? new Uint8Array(0);
  return Array.from({ length: value.length / RECEIPT_BYTES }, (_, at) => ({
    number: readU32(value, at * RECEIPT_BYTES),
    taken: readU64(value, at * RECEIPT_BYTES + 4),
  }));
}

/** The list with how many carriers a session may have attached at once: 1 to {@linkcode MOST_CARRIERS}. */
export function carriersField(most: number): Fields {
  return new Map([[FieldType.carriers, new Uint8Array([most])]]);
}

/** How many carriers the session may have attached at once; one if the server does not say. */
export function readCarriers(fields: Fields): number {
  return fields.get(FieldType.carriers)?.[0] ?? 1;
}

/** The list with a ticket; nothing without one. */
export function ticketField(ticket: Uint8Array | undefined): Fields {
  return new Map(ticket === undefined ? [] : [[FieldType.ticket, ticket]]);
}

/** The ticket of a session; `undefined` if there is none. */
export function readTicket(fields: Fields): Uint8Array | undefined {
  return fields.get(FieldType.ticket);
}

/** The list that says which of the client's paths a carrier takes, from 0; the first is not told. */
export function pathField(path: number): Fields {
  return new Map(path === 0 ? [] : [[FieldType.path, new Uint8Array([path])]]);
}

/** Which of the client's paths a carrier takes. */
export function readPath(fields: Fields): number {
  return fields.get(FieldType.path)?.[0] ?? 0;
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
    checkField(type, value, message);
    fields.set(type, value);
    before = type;
  }
  return fields;
}
