/**
 * The optional fields at the end of handshake messages. Source: `PROTOCOL.md`, "Handshake", "Fields".
 *
 * @module
 */
import { type ByteReader, type ByteWriter, readU32, readU64, writeU32, writeU64 } from "../../net/bytes.ts";
import { TeleError } from "../../net/error.ts";
import { LEAF_BYTES } from "../../net/leaf.ts";
import { MOST_CARRIERS, MOST_PATHS, MOST_RESUME_TIMEOUT_MS, MOST_UNSETTLED } from "../session_constants.ts";

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
  /** The client's other carriers that may be alive: `u32` numbers, rising. */
  live: 7,
  /** What the sender took of carriers that are gone: `u32` number and `u64` counted bytes each, numbers rising. */
  receipts: 8,
  /** Carriers that a session may have attached at once: `u8`. */
  carriers: 9,
  /** The leaf that the client sees of the TLS around the carrier: see `seal.ts`. */
  leaf: 10,
  /** Which of the client's paths the carrier takes, where that is not the first: `u8`. */
  path: 11,
} as const;

/** Optional fields by type. */
export type Fields = Map<number, Uint8Array>;

/** The messages and frames that have fields. */
export type FieldedMessage =
  | "hello"
  | "challenge"
  | "commit of a new session"
  | "commit of a join"
  | "accept of a new session"
  | "accept of a join"
  | "open";

/** How many counted bytes of a carrier that is gone an end has taken; final. Source: `PROTOCOL.md`, "Receipts". */
export interface Receipt {
  /** Of the carrier. */
  number: number;
  /** Counted bytes, those of a frame that was cut included. */
  taken: number;
}

/** Bytes of a number in `live`. */
const LIVE_BYTES = 4;
/** Bytes of a receipt in `receipts`. */
const RECEIPT_BYTES = 12;

/** What is known of a field. */
interface KnownField {
  readonly name: string;
  /** Where it may stand. */
  readonly in: readonly FieldedMessage[];
  /** Length of its value, or of one entry of it. */
  readonly bytes: number;
  /** Whether its value is a list of such entries. */
  readonly isList?: boolean;
  /** Throws if the value, of the right length, is beyond its range. */
  readonly check?: (value: Uint8Array) => void;
}

const [NEW_COMMIT, JOIN_COMMIT] = ["commit of a new session", "commit of a join"] as const;
const [NEW_ACCEPT, JOIN_ACCEPT] = ["accept of a new session", "accept of a join"] as const;

const KNOWN: ReadonlyMap<number, KnownField> = new Map<number, KnownField>([
  [FieldType.resumeTimeout, {
    name: "resumeTimeout",
    in: [NEW_COMMIT, JOIN_COMMIT, NEW_ACCEPT, JOIN_ACCEPT],
    bytes: 8,
    check: checkResumeTimeout,
  }],
  [FieldType.identity, { name: "identity", in: [NEW_COMMIT], bytes: IDENTITY_FIELD_BYTES }],
  [FieldType.guarded, { name: "guarded", in: ["hello", "challenge"], bytes: 0 }],
  [FieldType.full, { name: "full", in: [NEW_ACCEPT], bytes: 0 }],
  [FieldType.startPool, { name: "startPool", in: [NEW_ACCEPT], bytes: 4 }],
  [FieldType.live, { name: "live", in: [JOIN_COMMIT], bytes: LIVE_BYTES, isList: true, check: checkLive }],
  [FieldType.receipts, {
    name: "receipts",
    in: [JOIN_COMMIT, JOIN_ACCEPT],
    bytes: RECEIPT_BYTES,
    isList: true,
    check: checkReceipts,
  }],
  [FieldType.carriers, { name: "carriers", in: [NEW_ACCEPT], bytes: 1, check: checkCarriers }],
  [FieldType.leaf, { name: "leaf", in: ["hello"], bytes: LEAF_BYTES }],
  [FieldType.path, { name: "path", in: [NEW_COMMIT, JOIN_COMMIT], bytes: 1, check: checkPath }],
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

/** The list with the leaf that the client sees; nothing without one. */
export function leafField(leaf: Uint8Array | undefined): Fields {
  return new Map(leaf === undefined ? [] : [[FieldType.leaf, leaf]]);
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
  if (known.isList) checkEntries(value, known, what);
  else if (value.length !== known.bytes) {
    throw new TeleError("protocol", `${what} has ${known.bytes} bytes, not ${value.length}`);
  }
  known.check?.(value);
}

/** A list without entries has one encoding: it is left out. */
function checkEntries({ length }: Uint8Array, { bytes }: KnownField, what: string): void {
  if (length === 0 || length % bytes !== 0) {
    throw new TeleError("protocol", `${what} is a list of ${bytes} bytes each, and has ${length}`);
  }
  if (length > MOST_UNSETTLED * bytes) {
    throw new TeleError("protocol", `${what} has more than ${MOST_UNSETTLED} entries`);
  }
}

function checkResumeTimeout(value: Uint8Array): void {
  const timeoutMs = readU64(value, 0);
  if (timeoutMs < 1 || timeoutMs > MOST_RESUME_TIMEOUT_MS) {
    throw new TeleError("protocol", `a session cannot be kept for ${timeoutMs} ms`);
  }
}

function checkCarriers([most]: Uint8Array): void {
  if (most < 1 || most > MOST_CARRIERS) throw new TeleError("protocol", `a session cannot have ${most} carriers`);
}

/** The first has one encoding: it is left out. */
function checkPath([path]: Uint8Array): void {
  if (path < 1 || path >= MOST_PATHS) throw new TeleError("protocol", `a client has no path ${path} to tell`);
}

function checkLive(value: Uint8Array): void {
  checkRising(readLive(new Map([[FieldType.live, value]])), "live");
}

function checkReceipts(value: Uint8Array): void {
  checkRising(readReceipts(new Map([[FieldType.receipts, value]])).map(({ number }) => number), "receipts");
}

function checkRising(numbers: readonly number[], name: string): void {
  if (numbers.some((number, at) => at > 0 && number <= numbers[at - 1])) {
    throw new TeleError("protocol", `the carriers in the field ${name} are not in the order of their numbers`);
  }
}
