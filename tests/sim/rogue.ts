/**
 * Clients that break the rules: one that the server accepted, and one that only replays what it overheard.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import { writeU64 } from "../../lib/net/bytes.ts";
import type { Duplex } from "../../lib/net/duplex.ts";
import { MOST_START_CREDIT } from "../../lib/mux/mux_constants.ts";
import { FRAME_HEADER_BYTES, framed, FrameDecoder } from "../../lib/ping/codec.ts";
import { isCounted } from "../../lib/session/frames.ts";
import { ClientHandshake } from "../../lib/session/handshake/client_handshake.ts";
import { type Receipt, receiptsField } from "../../lib/session/handshake/fields.ts";
import type { Commit } from "../../lib/session/handshake/messages.ts";
import { FrameType, ProbeFlag } from "../../lib/session/session_constants.ts";
import { tokenSalt } from "../../lib/session/handshake/token.ts";
import { dataFrame, endFrame, openFrame, resetFrame } from "../support/frames.ts";
import { fillContent } from "./content.ts";

/** What a rogue does once it has been accepted. Those that replay, or do not have the token, never are. */
export type RogueAct =
  | "beyond credit"
  | "behind the end"
  | "repeats"
  | "sends before the open"
  | "ends twice"
  | "resets twice"
  | "acknowledges too much"
  | "acknowledges less"
  | "acknowledges what has not left"
  | "acknowledges too much in a download"
  | "gives a receipt too high"
  | "gives a receipt too low"
  | "gives a receipt of its own carrier"
  | "unknown frame"
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
  "repeats",
  "sends before the open",
  "ends twice",
  "resets twice",
  "acknowledges too much",
  "acknowledges less",
  "acknowledges what has not left",
  "acknowledges too much in a download",
  "gives a receipt too high",
  "gives a receipt too low",
  "gives a receipt of its own carrier",
  "unknown frame",
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

/** Whether it breaks a rule whose breaking ends the session, once the server has accepted it. */
export function mustEndItsSession(act: RogueAct): boolean {
  return !mustBeTurnedAway(act) && act !== "gives a receipt of its own carrier";
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
  /** Makes another carrier. */
  dial(): Promise<Duplex>;
}

/** Plays a rogue on a carrier to the server. Settles when the server has ended the carrier. */
export async function playRogue(act: RogueAct, carrier: Duplex, booty: RogueBooty): Promise<void> {
  const { overheard, token } = booty;
  if (act === "replay") await carrier.write(overheard);
  else if (act === "wrong token") await misbehave(act, carrier, token?.map((byte) => byte ^ 1));
  else if (act === "no token") await misbehave(act, carrier, undefined);
  else if (RECEIPT_ACTS.has(act)) return await giveReceipt(act, carrier, booty);
  else await misbehave(act, carrier, token);
  await untilEnd(carrier);
}

async function untilEnd(carrier: Duplex): Promise<void> {
  const into = new Uint8Array(4096);
  while (await carrier.read(into) !== null);
}

const NEW: Commit = { kind: "new", number: 0, lane: "quiet", fields: new Map() };

async function misbehave(act: RogueAct, carrier: Duplex, token: Uint8Array | undefined): Promise<void> {
  const handshake = await ClientHandshake.begin(carrier, undefined, token !== undefined);
  await handshake.commit(NEW, await tokenSalt(act === "no token, but says so" ? undefined : token));
  if (DOWNLOAD_ACTS.includes(act)) return await acknowledgeInDownload(act, carrier);
  if (act === "takes all start credit") return await takeAllStartCredit(carrier);
  if (act === "sends before the open") return await carrier.write(concat([data(1, 0, 10), open(1)]));
  if (act === "unknown frame") return await carrier.write(UNKNOWN);
  await carrier.write(open(1));
  switch (act) {
    case "beyond credit":
      return await carrier.write(data(1, 0, CREDIT + 1));
    case "behind the end":
      return await carrier.write(concat([data(1, 0, 100), endFrame(1, 100), data(1, 100, 10)]));
    case "repeats":
      return await repeat(carrier);
    case "ends twice":
      return await carrier.write(concat([data(1, 0, 100), endFrame(1, 100), endFrame(1, 101)]));
    case "resets twice":
      // The first one waits for its data.
      return await carrier.write(concat([resetFrame(1, 100, 2, "one"), resetFrame(1, 99, 2, "another")]));
    case "acknowledges too much":
      return await carrier.write(acknowledge(1_000_000));
    case "acknowledges less": {
      const counter = await firstCounted(carrier);
      await carrier.write(acknowledge(counter.taken));
      return await carrier.write(acknowledge(counter.taken - 1));
    }
  }
}

/** A counted frame of a type that nobody knows. */
const UNKNOWN = framed(new Uint8Array([0x22, 1, 2, 3]));

/** Half a window value ends a session. */
const BROKEN = framed(new Uint8Array([FrameType.windows, 1, 2, 3, 4, 5, 6]));

/** Opens and data that come again, or early, change nothing: the user's server gets each byte once. */
async function repeat(carrier: Duplex): Promise<void> {
  await carrier.write(concat([open(1), data(1, 0, 100), open(1), data(1, 50, 100), data(1, 0, 100)]));
  await carrier.write(concat([data(1, 300, 50), data(1, 340, 60), data(1, 300, 100), data(1, 200, 120)]));
  await carrier.write(concat([data(1, 150, 70), endFrame(1, 400), endFrame(1, 400), open(1), data(1, 0, 400)]));
  await carrier.write(BROKEN);
}

/** Counts what comes. */
class Counter {
  /** Counted bytes so far. */
  taken = 0;
  /** How many are still to come of the frame under way. */
  left = 0;
  #type: number | undefined;
  readonly #decoder = new FrameDecoder(2 ** 20, {
    frameStart: (length) => {
      this.#type = undefined;
      this.left = length;
    },
    frameData: (bytes) => {
      // The length in front counts when the type has come.
      const begins = this.#type === undefined ? FRAME_HEADER_BYTES : 0;
      this.#type ??= bytes[0];
      this.left -= bytes.length;
      if (isCounted(this.#type)) this.taken += begins + bytes.length;
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
  await carrier.write(open(1, 2 ** 31));
  const into = new Uint8Array(65_536);
  const counter = new Counter();
  while (counter.taken < HONEST_BYTES || (counter.left < LARGE_BYTES && counter.taken < MOST_HONEST_BYTES)) {
    const count = await carrier.read(into);
    if (count === null) return;
    counter.push(into.subarray(0, count));
    await carrier.write(acknowledge(counter.taken));
  }
  if (act === "acknowledges what has not left") {
    await carrier.write(acknowledge(counter.taken + counter.left));
    await carrier.read(into);
  }
  await carrier.write(acknowledge(2 ** 50));
}

const RECEIPT_ACTS: ReadonlySet<RogueAct> = new Set<RogueAct>([
  "gives a receipt too high",
  "gives a receipt too low",
  "gives a receipt of its own carrier",
]);

/** Leaves the first carrier, and joins with a receipt that cannot be. */
async function giveReceipt(act: RogueAct, carrier: Duplex, { token, dial }: RogueBooty): Promise<void> {
  const handshake = await ClientHandshake.begin(carrier, undefined, token !== undefined);
  const { accept: { sessionId }, joinSecret } = await handshake.commit(NEW, await tokenSalt(token));
  let taken = 0;
  // Whoever names a carrier that cannot be is refused, and the session waits.
  if (act !== "gives a receipt of its own carrier") {
    await carrier.write(open(1));
    taken = (await firstCounted(carrier)).taken;
    await carrier.write(acknowledge(taken));
  }
  // Something is heard behind it, so that the acknowledgement has come.
  await carrier.write(probe());
  await firstCounted(carrier, (type) => type === FrameType.probe);
  carrier.close();
  const next = await dial();
  const join = await ClientHandshake.begin(next, sessionId, token !== undefined);
  const receipts: Record<string, Receipt> = {
    "gives a receipt too high": { number: 0, taken: taken + 5_000_000 },
    "gives a receipt too low": { number: 0, taken: taken - 1 },
    "gives a receipt of its own carrier": { number: 8, taken: 1 },
  };
  const fields = receiptsField([receipts[act]!]);
  await join.commit({ kind: "join", number: 8, lane: "quiet", fields }, joinSecret);
  await untilEnd(next);
}

/** Opens streams with the most credit until one is refused, and goes. */
async function takeAllStartCredit(carrier: Duplex): Promise<void> {
  const opens = Array.from({ length: 60 }, (_, index) => open(1 + 2 * index, CREDIT, MOST_START_CREDIT));
  await carrier.write(concat(opens));
  await firstCounted(carrier);
  await carrier.write(BROKEN);
}

/** Reads until the server has sent a counted frame, or another that is wanted; counts what has come. */
async function firstCounted(
  carrier: Duplex,
  isWanted: (type: number) => boolean = isCounted,
): Promise<{ taken: number }> {
  const into = new Uint8Array(4096);
  const counter = new Counter();
  let isFound = false;
  let type = 0;
  const decoder = new FrameDecoder(2 ** 20, {
    frameStart: () => type = 0,
    frameData: (bytes) => type ||= bytes[0],
    frameEnd: () => isFound ||= isWanted(type),
  });
  while (!isFound) {
    const count = await carrier.read(into);
    if (count === null) return { taken: 1 };
    counter.push(into.subarray(0, count));
    decoder.push(into.subarray(0, count));
  }
  return counter;
}

/** An open of a rogue's. */
export function open(id: number, receive = CREDIT, send = CREDIT): Uint8Array {
  return openFrame(id, { send, receive });
}

/** What a rogue sends on a stream. */
function data(id: number, offset: number, bytes: number): Uint8Array {
  const content = new Uint8Array(bytes);
  fillContent(content, ROGUE_KEY, offset);
  return dataFrame(id, offset, content);
}

function acknowledge(offset: number): Uint8Array {
  const payload = new Uint8Array(9);
  payload[0] = FrameType.acknowledge;
  writeU64(payload, 1, offset);
  return framed(payload);
}

/** A question, with the promise that every carrier begins with. */
function probe(): Uint8Array {
  return framed(new Uint8Array([FrameType.probe, ProbeFlag.replyWanted, 0, 0, 3, 232, 0, 1, 0, 0, 0, 0]));
}
