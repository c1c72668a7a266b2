/**
 * Clients that break the rules: one that the server accepted, and one that only replays what it overheard.
 *
 * @module
 */
import { readU32, writeU64 } from "../../lib/net/bytes.ts";
import type { Duplex } from "../../lib/net/duplex.ts";
import { writeDataHeader, writeFin, writeOpen } from "../../lib/mux/records.ts";
import { MOST_START_CREDIT } from "../../lib/mux/mux_constants.ts";
import { FrameDecoder } from "../../lib/ping/codec.ts";
import { FrameType } from "../../lib/session/session_constants.ts";
import { ClientHandshake } from "../../lib/session/handshake/client_handshake.ts";
import { framed } from "../../lib/ping/codec.ts";
import { tokenSalt } from "../../lib/session/handshake/token.ts";
import { fillContent } from "./content.ts";

/** What a rogue does once it has been accepted. Those that replay, or do not have the token, never are. */
export type RogueAct =
  | "beyond credit"
  | "behind the end"
  | "opens twice"
  | "acknowledges too much"
  | "acknowledges less"
  | "acknowledges what has not left"
  | "acknowledges too much in a download"
  | "unknown record"
  | "takes all start credit"
  | "replay"
  | "comes to a full house"
  | "wrong token"
  | "no token"
  | "no token, but says so";

/** All acts. */
export const ROGUE_ACTS: readonly RogueAct[] = [
  "beyond credit",
  "behind the end",
  "opens twice",
  "acknowledges too much",
  "acknowledges less",
  "acknowledges what has not left",
  "acknowledges too much in a download",
  "unknown record",
  "replay",
];

/** Acts that only a server with a token turns away. */
export const TOKEN_ACTS: readonly RogueAct[] = ["wrong token", "no token", "no token, but says so"];

/** Acts that need a user's server with much to send. */
export const DOWNLOAD_ACTS: readonly RogueAct[] = [
  "acknowledges what has not left",
  "acknowledges too much in a download",
];

/** Whether the server must never accept it. A rogue that comes to a full house is honest, but too late. */
export function mustBeTurnedAway(act: RogueAct): boolean {
  return act === "replay" || act === "comes to a full house" || TOKEN_ACTS.includes(act);
}

/** The key of a rogue's content. */
export const ROGUE_KEY = 999_999;

/** Credit that a rogue takes, in bytes. */
const CREDIT = 2048;

/** Bytes that a rogue lets come before it acknowledges what has not left: large frames need a large bound. */
const HONEST_BYTES = 1_000_000;
/** On a slow path they never come: then any frame must do. */
const MOST_HONEST_BYTES = 3_000_000;
/** Then it waits for a frame with more bytes than this still to come: such a frame fills a segment alone. */
const LARGE_BYTES = 160_000;

/** What a rogue knows. */
export interface RogueBooty {
  /** What a client sent on an earlier carrier. */
  overheard: Uint8Array;
  /** The token, if the server has one; not all rogues use it. */
  token: Uint8Array | undefined;
}

/** Plays a rogue on a carrier to the server. Settles when the server has ended the carrier. */
export async function playRogue(act: RogueAct, carrier: Duplex, { overheard, token }: RogueBooty): Promise<void> {
  if (act === "replay") await carrier.write(overheard);
  else if (act === "wrong token") await misbehave(act, carrier, token?.map((byte) => byte ^ 1));
  else if (act === "no token") await misbehave(act, carrier, undefined);
  else await misbehave(act, carrier, token);
  const into = new Uint8Array(4096);
  while (await carrier.read(into) !== null);
}

async function misbehave(act: RogueAct, carrier: Duplex, token: Uint8Array | undefined): Promise<void> {
  const handshake = await ClientHandshake.begin(carrier, undefined, token !== undefined);
  const salt = await tokenSalt(act === "no token, but says so" ? undefined : token);
  await handshake.commit({ kind: "new", attempt: 0, received: 0, fields: new Map() }, salt);
  if (DOWNLOAD_ACTS.includes(act)) return await acknowledgeInDownload(act, carrier);
  if (act === "takes all start credit") return await takeAllStartCredit(carrier);
  await carrier.write(counted(open(1)));
  switch (act) {
    case "beyond credit":
      return await carrier.write(counted(data(1, 0, CREDIT + 1)));
    case "behind the end":
      await carrier.write(counted(data(1, 0, 100), fin(1)));
      return await carrier.write(counted(data(1, 100, 10)));
    case "opens twice":
      return await carrier.write(counted(open(1)));
    case "unknown record":
      return await carrier.write(counted(new Uint8Array([9, 9, 9])));
    case "acknowledges too much":
      return await carrier.write(acknowledge(1_000_000));
    case "acknowledges less": {
      const sent = await firstCounted(carrier);
      await carrier.write(acknowledge(sent));
      return await carrier.write(acknowledge(sent - 1));
    }
  }
}

/** Counts what comes. */
class Counter {
  /** Counted bytes so far. */
  received = 0;
  /** How many are still to come of the frame under way. */
  left = 0;
  #type: number | undefined;
  readonly #decoder = new FrameDecoder(2 ** 20, {
    frameStart: (length) => {
      this.#type = undefined;
      this.left = length - 1;
    },
    frameData: (bytes) => {
      const counted = this.#type === undefined ? bytes.length - 1 : bytes.length;
      this.#type ??= bytes[0];
      this.left -= counted;
      if (this.#type === FrameType.data) this.received += counted;
    },
    frameEnd: () => {},
  });

  push(bytes: Uint8Array): void {
    this.#decoder.push(bytes);
  }
}

/**
 * Acknowledges, when the first bytes of a large frame have come, all of it or what cannot be. The write of that frame
 * waits: neither may free what it has, nor may the session's end.
 */
async function acknowledgeInDownload(act: RogueAct, carrier: Duplex): Promise<void> {
  await carrier.write(counted(open(1, 2 ** 31)));
  const into = new Uint8Array(65_536);
  const counter = new Counter();
  while (counter.received < HONEST_BYTES || (counter.left < LARGE_BYTES && counter.received < MOST_HONEST_BYTES)) {
    const count = await carrier.read(into);
    if (count === null) return;
    counter.push(into.subarray(0, count));
    await carrier.write(acknowledge(counter.received));
  }
  if (act === "acknowledges what has not left") {
    await carrier.write(acknowledge(counter.received + counter.left));
    await carrier.read(into);
  }
  await carrier.write(acknowledge(2 ** 50));
}

/** Opens streams with the most credit until one is refused, and goes. */
async function takeAllStartCredit(carrier: Duplex): Promise<void> {
  await carrier.write(counted(...Array.from({ length: 60 }, (_, index) => open(1 + index, CREDIT, MOST_START_CREDIT))));
  await firstCounted(carrier);
  await carrier.write(counted(new Uint8Array([9])));
}

/** Reads until the server has sent counted bytes, in whole frames; returns how many. */
async function firstCounted(carrier: Duplex): Promise<number> {
  let bytes = new Uint8Array(0);
  for (;;) {
    const into = new Uint8Array(4096);
    const count = await carrier.read(into);
    if (count === null) return 1;
    const more = new Uint8Array(bytes.length + count);
    more.set(bytes);
    more.set(into.subarray(0, count), bytes.length);
    bytes = more;
    for (let at = 0; at + 5 <= bytes.length; at += 4 + readU32(bytes, at)) {
      const length = readU32(bytes, at);
      if (bytes[at + 4] === FrameType.data && at + 4 + length <= bytes.length) return length - 1;
    }
  }
}

/** One data frame of these records. */
export function counted(...records: Uint8Array[]): Uint8Array {
  const bytes = records.reduce((sum, record) => sum + record.length, 1);
  const payload = new Uint8Array(bytes);
  payload[0] = FrameType.data;
  let at = 1;
  for (const record of records) {
    payload.set(record, at);
    at += record.length;
  }
  return framed(payload);
}

/** An open record. */
export function open(id: number, receive = CREDIT, send = CREDIT): Uint8Array {
  const record = new Uint8Array(15);
  writeOpen(record, 0, id, { send, receive });
  return record;
}

function data(id: number, offset: number, bytes: number): Uint8Array {
  const record = new Uint8Array(9 + bytes);
  writeDataHeader(record, 0, id, bytes);
  fillContent(record.subarray(9), ROGUE_KEY, offset);
  return record;
}

function fin(id: number): Uint8Array {
  const record = new Uint8Array(5);
  writeFin(record, 0, id);
  return record;
}

function acknowledge(offset: number): Uint8Array {
  const payload = new Uint8Array(9);
  payload[0] = FrameType.acknowledge;
  writeU64(payload, 1, offset);
  return framed(payload);
}
