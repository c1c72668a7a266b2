/**
 * What two servers of a fleet say to each other in front of a carrier that one passes to the other. Source:
 * `PROTOCOL.md`, "Fleet".
 *
 *     who passes                                  owner
 *                                            ◀──  greeting (nonce)
 *       preface (layer, nonce, who, ticket)  ──▶
 *                                            ◀──  answer (here | gone | away)
 *       the carrier's bytes                 ◀──▶
 *
 * With a preface that tells of a newer session no carrier follows.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import { decodeHex, encodeHex } from "@std/encoding/hex";
import { ByteReader, ByteWriter } from "../../net/bytes.ts";
import { TeleError } from "../../net/error.ts";
import type { FleetKey } from "../fleet/fleet_keys.ts";
import { MAX_PREFACE_BYTES, PROTOCOL_VERSION } from "../session_constants.ts";
import { labelled, type ProvenIdentity } from "./keys.ts";
import { KEY_BYTES, NONCE_BYTES } from "./messages.ts";
import { isTicketLength } from "./ticket.ts";
import { isTokenName } from "./token_name.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Bytes of a code that proves who speaks: HMAC-SHA-256. */
const PROOF_BYTES = 32;

/** Bytes of a greeting: version and nonce. */
export const GREETING_BYTES: number = 1 + NONCE_BYTES;

/** Bytes in front of a preface: its length. */
export const PREFACE_LENGTH_BYTES = 2;

/** Bytes of an answer: what it says, and the proof. */
export const ANSWER_BYTES: number = 1 + PROOF_BYTES;

/** Most bytes of an address or a name in a preface. */
const MOST_TEXT_BYTES = 255;

/**
 * What was taken off the carrier by who passes it on: nothing (`outer`), or TLS with the certificate of `--tls-cert`,
 * a WebSocket, or both (`inner`).
 */
export type PassedLayer = "outer" | "inner";

/**
 * What is said of a session: its owner has it (and keeps it, if a newer one was told of), it is gone for certain, or the
 * worker that has it does not answer.
 */
export type OwnerAnswer = "here" | "gone" | "away";

/** Who is at the client's end of a carrier, as who passes it on sees that. */
export interface PassedClient {
  /** As {@linkcode Duplex.peer}. */
  readonly peer: string;
  /** As {@linkcode Duplex.peerName}. */
  readonly peerName?: string;
  /** As {@linkcode Duplex.localAddress}. */
  readonly localAddress?: string;
  /** As {@linkcode Duplex.localPort}. */
  readonly localPort?: number;
}

/** The session that a client has begun at another server, in place of one that it left. */
export interface NewerSession {
  /** Who the client has proven to be. */
  readonly identity: ProvenIdentity;
  /** Name of the token that it began with, if that has one. */
  readonly tokenName: string | undefined;
}

/** What stands in front of a carrier that is passed on, or alone. */
export interface Preface {
  /** What was taken off it; `none` if no carrier follows. */
  readonly layer: PassedLayer | "none";
  /** {@linkcode NONCE_BYTES} fresh random bytes. */
  readonly nonce: Uint8Array;
  /** Who it comes from. */
  readonly client: PassedClient;
  /** What it came with. */
  readonly ticket: Uint8Array;
  /** Without a carrier: what its client has in place of the session of the ticket. */
  readonly newer?: NewerSession;
}

const layerByte = { outer: 0, inner: 1, none: 2 } as const;
const answerByte = { here: 0, gone: 1, away: 2 } as const;
const answers: readonly OwnerAnswer[] = ["here", "gone", "away"];

/** The greeting with this nonce. */
export function encodeGreeting(nonce: Uint8Array): Uint8Array<ArrayBuffer> {
  return new ByteWriter().u8(PROTOCOL_VERSION).bytes(nonce).done();
}

/**
 * The nonce of a greeting.
 *
 * @throws {TeleError} `protocol` if it is of another version.
 */
export function decodeGreeting(bytes: Uint8Array): Uint8Array {
  const reader = new ByteReader(bytes, "greeting");
  if (reader.u8() !== PROTOCOL_VERSION) {
    throw new TeleError("protocol", "what answers at the node is no tele server, or one of another release");
  }
  return reader.end(reader.bytes(NONCE_BYTES));
}

/**
 * The bytes of a preface behind their length, with the proof.
 *
 * @param greeting The nonce of the owner.
 */
export async function encodePreface(
  key: FleetKey,
  preface: Preface,
  greeting: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const { layer, nonce, client, ticket, newer } = preface;
  const writer = new ByteWriter().u8(layerByte[layer]).bytes(nonce);
  for (const text of [client.peer, client.peerName, client.localAddress]) {
    const bytes = new TextEncoder().encode(text ?? "").subarray(0, MOST_TEXT_BYTES);
    writer.u8(bytes.length).bytes(bytes);
  }
  writer.u16(client.localPort ?? 0).u8(ticket.length).bytes(ticket);
  if (newer !== undefined) writeNewer(writer, newer);
  const body = writer.done();
  return concat([body, await sign(key, "fleet preface", [greeting, body])]);
}

function writeNewer(writer: ByteWriter, { identity: { client, slot, lastSlot }, tokenName = "" }: NewerSession): void {
  writer.bytes(decodeHex(client)).u16(slot).u16(lastSlot).u8(tokenName.length).bytes(
    new TextEncoder().encode(tokenName),
  );
}

/**
 * Reads a preface; that its proof holds is another matter.
 *
 * @throws {TeleError} `protocol` if it is none.
 */
export function decodePreface(bytes: Uint8Array): Preface {
  if (bytes.length > MAX_PREFACE_BYTES) throw new TeleError("protocol", "the preface is too long");
  const reader = new ByteReader(bytes, "preface");
  const layer = readLayer(reader.u8());
  const nonce = reader.bytes(NONCE_BYTES);
  const text = () => new TextDecoder().decode(reader.bytes(reader.u8()));
  const [peer, peerName, localAddress] = [text(), text(), text()];
  const localPort = reader.u16();
  const ticket = reader.bytes(reader.u8());
  const newer = layer === "none" ? { newer: readNewer(reader) } : {};
  reader.bytes(PROOF_BYTES);
  if (!isTicketLength(ticket.length)) throw new TeleError("protocol", "the preface has no ticket");
  const known = { peerName: peerName || undefined, localAddress: localAddress || undefined };
  return reader.end({ layer, nonce, client: { peer, ...known, localPort: localPort || undefined }, ticket, ...newer });
}

function readLayer(value: number): Preface["layer"] {
  if (value === layerByte.outer) return "outer";
  if (value === layerByte.inner) return "inner";
  if (value === layerByte.none) return "none";
  throw new TeleError("protocol", `a preface of layer ${value} is not known here`);
}

function readNewer(reader: ByteReader): NewerSession {
  const client = encodeHex(reader.bytes(KEY_BYTES));
  const identity = { client, slot: reader.u16(), lastSlot: reader.u16() };
  const tokenName = new TextDecoder().decode(reader.bytes(reader.u8())) || undefined;
  if (tokenName !== undefined && !isTokenName(tokenName)) throw new TeleError("protocol", "no token has such a name");
  return { identity, tokenName };
}

/** The key of these with which the preface `bytes` is signed behind this greeting; `undefined` if it is none. */
export async function signerOf(
  keys: readonly FleetKey[],
  bytes: Uint8Array,
  greeting: Uint8Array,
): Promise<FleetKey | undefined> {
  const [body, proof] = [bytes.slice(0, -PROOF_BYTES), bytes.slice(-PROOF_BYTES)];
  for (const key of keys) if (await verify(key, "fleet preface", [greeting, body], proof)) return key;
  return undefined;
}

/** The answer to the preface `bytes`, behind this greeting. */
export async function encodeAnswer(
  key: FleetKey,
  answer: OwnerAnswer,
  bytes: Uint8Array,
  greeting: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const body = new Uint8Array([answerByte[answer]]);
  return concat([body, await sign(key, "fleet answer", [greeting, bytes, body])]);
}

/**
 * What an answer says.
 *
 * @throws {TeleError} `protocol` if its proof does not hold.
 */
export async function decodeAnswer(
  key: FleetKey,
  answer: Uint8Array,
  bytes: Uint8Array,
  greeting: Uint8Array,
): Promise<OwnerAnswer> {
  const [body, proof] = [answer.slice(0, 1), answer.slice(1)];
  const isProven = await verify(key, "fleet answer", [greeting, bytes, body], proof);
  const said = answers[body[0]!];
  if (!isProven || said === undefined) {
    throw new TeleError("protocol", "what answers at the node does not prove that it has the fleet's key");
  }
  return said;
}

async function sign(key: FleetKey, label: string, parts: readonly Uint8Array[]): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.sign("HMAC", key.words, labelled(label, framedParts(parts))));
}

function verify(key: FleetKey, label: string, parts: readonly Uint8Array[], proof: Uint8Array): Promise<boolean> {
  return crypto.subtle.verify("HMAC", key.words, proof as Bytes, labelled(label, framedParts(parts)));
}

/** Each with its length in front: bytes that merely stand behind one another do not say where one ends (invariant 4). */
function framedParts(parts: readonly Uint8Array[]): Uint8Array {
  return concat(parts.flatMap((part) => [new ByteWriter().u32(part.length).done(), part]));
}
