/**
 * What is known of the optional fields: their types, where each may stand, and what it may hold. Source: `PROTOCOL.md`,
 * "Handshake", "Fields".
 *
 * @module
 */
import { readU32, readU64 } from "../../net/bytes.ts";
import { ADDRESS_BLOCK_BYTES, isAddressBlock } from "../../net/address_block.ts";
import { TeleError } from "../../net/error.ts";
import { LEAF_BYTES } from "../../net/leaf.ts";
import {
  MAX_DESTINATION_BYTES,
  MAX_SERVICE_NAME_BYTES,
  MAX_TICKET_BYTES,
  MAX_TOKEN_NAME_BYTES,
  MOST_CARRIERS,
  MOST_OFFERS,
  MOST_PATHS,
  MOST_RESUME_TIMEOUT_MS,
  MOST_UNSETTLED,
} from "../session_constants.ts";
import { parseDestination } from "./destination.ts";
import { isServiceName, SERVICE_NAME_RULE } from "./service_name.ts";
import { isTokenName } from "./token_name.ts";

/** Bytes of the value of an identity field: public key, slot, last slot, signature. */
export const IDENTITY_FIELD_BYTES = 100;

/** Types of the optional fields. Unknown ones are ignored, so that later versions can add some. */
export const FieldType = {
  /** Longest time the sender keeps a session without a carrier: `u64` milliseconds. */
  resumeTimeout: 1,
  /** The client's identity: public key (32), slot and last slot (`u16` each), Ed25519 signature (64). */
  identity: 2,
  /** Name of the client's token, where it has one: see `token_name.ts`. */
  name: 3,
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
  /** Empty: the server finds services by their names. */
  services: 12,
  /** What a stream is for: the name of a service, or a destination; see `service_name.ts`, `destination.ts`. */
  service: 13,
  /** The services that the client offers: their names, sorted, commas between; see `offers.ts`. */
  offers: 14,
  /** What becomes of each of these: 0 the client has the name, 1 it waits for it, 2 it is refused. */
  offered: 15,
  /** Empty: the server wants to be told the addresses of users; see `users.ts`. */
  users: 16,
  /** From where to where the user's connection goes: see `address_block.ts`. */
  user: 17,
  /** Where the session is, for the servers of a fleet: see `ticket.ts`. */
  ticket: 18,
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

/** Bytes of a number in `live`. */
export const LIVE_BYTES = 4;
/** Bytes of a receipt in `receipts`. */
export const RECEIPT_BYTES = 12;

/** What is known of a field. */
interface KnownField {
  readonly name: string;
  /** Where it may stand. */
  readonly in: readonly FieldedMessage[];
  /** Length of its value, or of one entry of it; the most that a text may have. */
  readonly bytes: number;
  /** Whether its value is a list of such entries, or a text, or what else has a length of its own. */
  readonly shape?: "list" | "text";
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
  [FieldType.name, {
    name: "name",
    in: [NEW_COMMIT, JOIN_COMMIT],
    bytes: MAX_TOKEN_NAME_BYTES,
    shape: "text",
    check: checkName,
  }],
  [FieldType.guarded, { name: "guarded", in: ["hello", "challenge"], bytes: 0 }],
  [FieldType.full, { name: "full", in: [NEW_ACCEPT], bytes: 1, check: checkFull }],
  [FieldType.startPool, { name: "startPool", in: [NEW_COMMIT, NEW_ACCEPT], bytes: 4 }],
  [FieldType.live, { name: "live", in: [JOIN_COMMIT], bytes: LIVE_BYTES, shape: "list", check: checkLive }],
  [FieldType.receipts, {
    name: "receipts",
    in: [JOIN_COMMIT, JOIN_ACCEPT],
    bytes: RECEIPT_BYTES,
    shape: "list",
    check: checkReceipts,
  }],
  [FieldType.carriers, { name: "carriers", in: [NEW_ACCEPT], bytes: 1, check: checkCarriers }],
  [FieldType.leaf, { name: "leaf", in: ["hello"], bytes: LEAF_BYTES }],
  [FieldType.path, { name: "path", in: [NEW_COMMIT, JOIN_COMMIT], bytes: 1, check: checkPath }],
  [FieldType.services, { name: "services", in: ["challenge"], bytes: 0 }],
  [FieldType.service, {
    name: "service",
    in: ["open"],
    bytes: MAX_DESTINATION_BYTES,
    shape: "text",
    check: checkService,
  }],
  [FieldType.offers, {
    name: "offers",
    in: [NEW_COMMIT],
    bytes: MOST_OFFERS * (MAX_SERVICE_NAME_BYTES + 1) - 1,
    shape: "text",
    check: checkOffers,
  }],
  [FieldType.users, { name: "users", in: [NEW_ACCEPT], bytes: 0 }],
  [FieldType.user, { name: "user", in: ["open"], bytes: ADDRESS_BLOCK_BYTES.v6, shape: "text", check: checkUser }],
  [FieldType.ticket, {
    name: "ticket",
    in: ["hello", NEW_ACCEPT, JOIN_ACCEPT],
    bytes: MAX_TICKET_BYTES,
    shape: "text",
  }],
  [FieldType.offered, { name: "offered", in: [NEW_ACCEPT], bytes: 1, shape: "list", check: checkOffered }],
]);

/**
 * Checks a field of a message; one that is not known is ignored.
 *
 * @throws {TeleError} `protocol` if it does not belong there, has another length, or a value beyond its range.
 */
export function checkField(type: number, value: Uint8Array, message: FieldedMessage): void {
  const known = KNOWN.get(type);
  if (known === undefined) return;
  const what = `the field ${known.name}`;
  if (!known.in.includes(message)) throw new TeleError("protocol", `${what} does not belong into the ${message}`);
  if (known.shape === "list") checkEntries(value, known, what);
  else if (known.shape === "text") checkText(value, known, what);
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

function checkText({ length }: Uint8Array, { bytes }: KnownField, what: string): void {
  if (length < 1 || length > bytes) throw new TeleError("protocol", `${what} has 1 to ${bytes} bytes, not ${length}`);
}

function checkResumeTimeout(value: Uint8Array): void {
  const timeoutMs = readU64(value, 0);
  if (timeoutMs < 1 || timeoutMs > MOST_RESUME_TIMEOUT_MS) {
    throw new TeleError("protocol", `a session cannot be kept for ${timeoutMs} ms`);
  }
}

function checkName(value: Uint8Array): void {
  if (!isTokenName(String.fromCharCode(...value))) {
    throw new TeleError("protocol", "the name of a token has other characters than letters, digits, . _ @ and -");
  }
}

function checkService(value: Uint8Array): void {
  const text = String.fromCharCode(...value);
  if (isServiceName(text) || parseDestination(text) !== undefined) return;
  throw new TeleError("protocol", `the field service has neither a name (${SERVICE_NAME_RULE}) nor a host and a port`);
}

/** A list has one encoding: its names rise. */
function checkOffers(value: Uint8Array): void {
  const names = String.fromCharCode(...value).split(",");
  if (names.length > MOST_OFFERS) throw new TeleError("protocol", `a client cannot offer ${names.length} services`);
  for (const [at, name] of names.entries()) {
    if (isServiceName(name) && (at === 0 || name > names[at - 1]!)) continue;
    throw new TeleError("protocol", `the field offers has names (${SERVICE_NAME_RULE}), each behind a smaller one`);
  }
}

function checkUser(value: Uint8Array): void {
  if (!isAddressBlock(value)) throw new TeleError("protocol", `the field user cannot have ${value.length} bytes`);
}

function checkOffered(value: Uint8Array): void {
  if (value.some((answer) => answer > 2)) throw new TeleError("protocol", "an offer has one of the answers 0, 1 and 2");
}

function checkFull([others]: Uint8Array): void {
  if (others > 1) throw new TeleError("protocol", `an accept cannot say ${others} of other servers' room`);
}

function checkCarriers([most]: Uint8Array): void {
  if (most < 1 || most > MOST_CARRIERS) throw new TeleError("protocol", `a session cannot have ${most} carriers`);
}

/** The first has one encoding: it is left out. */
function checkPath([path]: Uint8Array): void {
  if (path < 1 || path >= MOST_PATHS) throw new TeleError("protocol", `a client has no path ${path} to tell`);
}

function checkLive(value: Uint8Array): void {
  checkRising(value, LIVE_BYTES, "live");
}

function checkReceipts(value: Uint8Array): void {
  for (let at = 0; at < value.length; at += RECEIPT_BYTES) readU64(value, at + 4);
  checkRising(value, RECEIPT_BYTES, "receipts");
}

/** Each entry begins with the number of a carrier. */
function checkRising(value: Uint8Array, entryBytes: number, name: string): void {
  for (let at = entryBytes; at < value.length; at += entryBytes) {
    if (readU32(value, at) > readU32(value, at - entryBytes)) continue;
    throw new TeleError("protocol", `the carriers in the field ${name} are not in the order of their numbers`);
  }
}
