/**
 * The worked example of `lib/PROTOCOL.md`, made by the code: one session over two carriers, with fixed keys.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import { assertEquals } from "@std/assert";
import { writeU32, writeU64 } from "../../lib/net/bytes.ts";
import { NO_LEAF } from "../../lib/net/leaf.ts";
import * as mux from "../../lib/mux/mux_constants.ts";
import { framed } from "../../lib/ping/codec.ts";
import { FrameLog } from "../../lib/session/carrier/frame_log.ts";
import { OutgoingControl } from "../../lib/session/carrier/control.ts";
import { WriteHold } from "../../lib/session/carrier/write_hold.ts";
import { encodeEnding } from "../../lib/session/ending.ts";
import {
  carriersField,
  type Fields,
  FieldType,
  type Receipt,
  receiptsField,
  resumeTimeoutField,
  startPoolField,
} from "../../lib/session/handshake/fields.ts";
import { deriveKeys, type Ephemeral, makeProof, signIdentity } from "../../lib/session/handshake/keys.ts";
import { encodeAccept, encodeChallenge, encodeCommit, encodeHello } from "../../lib/session/handshake/messages.ts";
import { Transcript } from "../../lib/session/handshake/transcript.ts";
import { LogBudget } from "../../lib/session/log_budget.ts";
import { ResendQueue } from "../../lib/session/resend_queue.ts";
import { EndCode } from "../../lib/session/session_constants.ts";
import { dataFrame, endFrame, openFrame, windowsFrame } from "./frames.ts";

const text = (words: string) => new TextEncoder().encode(words);
const counting = (from: number, count: number) => Uint8Array.from({ length: count }, (_, at) => from + at);

/** RFC 8410: a private key of 32 bytes as PKCS #8; the last byte of the object identifier tells which algorithm. */
function pkcs8(algorithm: "X25519" | "Ed25519", bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const identifier = { X25519: 0x6e, Ed25519: 0x70 }[algorithm];
  const prefix = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, identifier, 4, 0x22, 4, 0x20];
  return new Uint8Array([...prefix, ...bytes]);
}

/** The public key of a private one, which only a JWK tells. */
export async function publicKeyOf(key: CryptoKey): Promise<Uint8Array<ArrayBuffer>> {
  const { x } = await crypto.subtle.exportKey("jwk", key);
  return Uint8Array.from(atob(x!.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
}

async function fixedEphemeral(privateBytes: Uint8Array, nonce: Uint8Array): Promise<Ephemeral> {
  const key = pkcs8("X25519", privateBytes);
  const privateKey = await crypto.subtle.importKey("pkcs8", key, { name: "X25519" }, true, ["deriveBits"]);
  return { privateKey, publicKey: await publicKeyOf(privateKey), nonce };
}

async function fixedIdentityKeys(seed: Uint8Array): Promise<CryptoKeyPair> {
  const algorithm = { name: "Ed25519" };
  const privateKey = await crypto.subtle.importKey("pkcs8", pkcs8("Ed25519", seed), algorithm, true, ["sign"]);
  const publicKey = await crypto.subtle.importKey("raw", await publicKeyOf(privateKey), algorithm, true, ["verify"]);
  return { privateKey, publicKey };
}

/** The session's identifier. */
export const SESSION_ID = counting(0xa0, 16);
const TIMEOUT = resumeTimeoutField(7 * 24 * 3_600_000);

/** The fresh values of each end, by the number of the carrier. */
export const CLIENTS = [
  await fixedEphemeral(counting(0x01, 32), new Uint8Array(32).fill(0xc1)),
  await fixedEphemeral(counting(0x61, 32), new Uint8Array(32).fill(0xc2)),
] as const;
export const SERVERS = [
  await fixedEphemeral(counting(0x21, 32), new Uint8Array(32).fill(0x51)),
  await fixedEphemeral(counting(0x81, 32), new Uint8Array(32).fill(0x52)),
] as const;
/** The client's. */
export const IDENTITY = { keys: await fixedIdentityKeys(counting(0x41, 32)), slot: 0, lastSlot: 0 };

/** What the client said before its carrier was lost, of the frame that was cut. */
const LAST_WORDS = "goodbye\n";
/** What the server had counted by then: all in front of that frame, its header, and three bytes of data. */
export const TAKEN_BY_SERVER = 20 + 23 + 17 + 3;
/** What the client had: the end, and nothing of the window value behind it. */
export const TAKEN_BY_CLIENT = 19;

/** The frames of the handshake of carrier `number`, and the values derived on the way. */
export async function handshake(number: 0 | 1, secret: Uint8Array) {
  const [client, server] = [CLIENTS[number], SERVERS[number]];
  const kind = number === 0 ? "new" as const : "join" as const;
  const { nonce, publicKey } = client;
  const hello = encodeHello({ kind, nonce, publicKey, sessionId: SESSION_ID, fields: new Map() });
  const answer = { nonce: server.nonce, publicKey: server.publicKey };
  const challenge = encodeChallenge({ ...answer, status: "ready", fields: new Map() });
  const opening = Transcript.of(hello, challenge);
  const receipts = (taken: number): Receipt[] => [{ number: 0, taken }];
  const [asked, given]: [Fields, Fields] = kind === "new"
    ? [
      new Map([[FieldType.identity, await signIdentity(IDENTITY, opening)]]),
      new Map([...startPoolField(mux.START_POOL_BYTES), ...carriersField(6)]),
    ]
    : [receiptsField(receipts(TAKEN_BY_CLIENT)), receiptsField(receipts(TAKEN_BY_SERVER))];
  const body = encodeCommit({ kind, number, lane: "quiet", fields: new Map([...TIMEOUT, ...asked]) });
  // Without TLS.
  const transcript = opening.with(body).with(NO_LEAF);
  const keys = await deriveKeys(client, server.publicKey, secret, transcript);
  const commit = concat([body, await makeProof(keys, "client commit", kind, transcript)]);
  const acceptBody = encodeAccept({ sessionId: SESSION_ID, number, fields: new Map([...TIMEOUT, ...given]) });
  const accept = concat([acceptBody, await makeProof(keys, "server accept", kind, transcript.with(acceptBody))]);
  return { hello, challenge, commit, accept, keys };
}

/** One end of the session: the log of its carrier, and the control frames that it owes there. */
class End {
  readonly #budget = new LogBudget({ limitBytes: 1 << 20 });
  readonly windowsLost: number[] = [];
  readonly #again = new ResendQueue({ budget: this.#budget, onWindowLost: (id) => void this.windowsLost.push(id) });
  #log = new FrameLog(this.#budget);
  #control = new OutgoingControl({ nowMs: 0, pingIntervalMs: 30_000 });

  /** Counted frames, as one write. */
  send(...frames: Uint8Array[]): Uint8Array {
    for (const frame of frames) {
      const at = this.#log.reserve(frame.length);
      this.#log.arena.set(frame, at);
    }
    return this.#log.nextWrite(new WriteHold())!.slice();
  }

  /** The probe that is due. `mark`: of the question that it answers, which came at `cameMs`. */
  probe(mark?: number, cameMs = 0): Uint8Array {
    this.#control.replyDue = mark !== undefined;
    this.#control.replyMark = mark ?? 0;
    this.#control.replyCameMs = cameMs;
    return this.#control.take(0, false, 0)!.slice();
  }

  acknowledge(taken: number): Uint8Array {
    this.#control.acknowledgeDue = true;
    const bytes = new Uint8Array(9 + 4);
    writeU32(bytes, 0, 9);
    bytes[4] = 0x11;
    writeU64(bytes, 5, taken);
    const frame = this.#control.take(0, false, taken)!.slice(0, bytes.length);
    assertEquals(frame, bytes, "no probe is due");
    return frame;
  }

  /** The peer has acknowledged `taken` counted bytes. */
  acknowledged(taken: number): void {
    this.#log.acknowledge(taken);
  }

  /** The carrier is gone, of which the peer has taken `taken` counted bytes. Returns what is sent again. */
  lost(taken: number): Uint8Array | undefined {
    this.#again.add(this.#log.handOver(), taken);
    this.#log = new FrameLog(this.#budget);
    this.#control = new OutgoingControl({ nowMs: 0, pingIntervalMs: 30_000 });
    this.probe();
    this.#again.moveTo(this.#log, 1 << 20);
    return this.#log.nextWrite(new WriteHold())?.slice();
  }
}

/** Every write of the example, by the name that stands on its block in the document. */
export async function workedExample(): Promise<Map<string, Uint8Array>> {
  const first = await handshake(0, new Uint8Array(0));
  const second = await handshake(1, first.keys.joinSecret);
  const [client, server] = [new End(), new End()];
  const frames = new Map<string, Uint8Array>();
  const add = (name: string, bytes: Uint8Array) => void frames.set(name, bytes);

  add("1 client hello", framed(first.hello));
  add("1 server challenge", framed(first.challenge));
  add("1 client commit", framed(first.commit));
  add("1 server accept", framed(first.accept));
  add("1 client probe", client.probe());
  add("1 server probe", server.probe(1, 30));
  const credits = { send: mux.MOST_START_CREDIT, receive: mux.MOST_START_CREDIT };
  add("1 client open and data", client.send(openFrame(1, credits), dataFrame(1, 0, text("hello\n"))));
  add("1 server acknowledge", server.acknowledge(43));
  client.acknowledged(43);
  add("1 server end", server.send(endFrame(1, 0, text("hi"))));
  add("1 client end", client.send(endFrame(1, 6, text(LAST_WORDS))));
  add("1 server windows", server.send(windowsFrame([1, 6 + mux.MOST_START_CREDIT])));

  add("2 client hello", framed(second.hello));
  add("2 server challenge", framed(second.challenge));
  add("2 client commit", framed(second.commit));
  add("2 server accept", framed(second.accept));
  assertEquals(server.lost(TAKEN_BY_CLIENT), undefined, "the server has nothing to send again as it was");
  assertEquals(server.windowsLost, [1]);
  add("2 server windows", server.send(windowsFrame([1, 9 + mux.MOST_START_CREDIT])));
  add("2 client rest of the end", client.lost(TAKEN_BY_SERVER)!);
  add("2 server acknowledge", server.acknowledge(22));
  client.acknowledged(22);
  add("2 client acknowledge", client.acknowledge(17));
  server.acknowledged(17);
  add("2 client goodbye", framed(encodeEnding("goodbye", { code: EndCode.shutdown, message: "done" })));
  return frames;
}
