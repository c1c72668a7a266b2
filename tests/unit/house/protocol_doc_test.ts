/**
 * `lib/PROTOCOL.md` tells the truth: its worked example is made anew by the code, byte for byte, and its numbers are
 * the constants of the code.
 */
import { concat } from "@std/bytes/concat";
import { writeU32, writeU64 } from "../../../lib/net/bytes.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { decodeHex, encodeHex } from "@std/encoding/hex";
import { Segment } from "../../../lib/session/segment_pool.ts";
import { FRAME_HEADER_BYTES, FrameDecoder, writeFrameHeader } from "../../../lib/ping/codec.ts";
import * as session from "../../../lib/session/session_constants.ts";
import {
  checkIdentity,
  checkProof,
  deriveKeys,
  type Ephemeral,
  makeProof,
  signIdentity,
} from "../../../lib/session/handshake/keys.ts";
import {
  decodeAccept,
  decodeChallenge,
  decodeCommit,
  decodeHello,
  encodeAccept,
  encodeChallenge,
  encodeCommit,
  encodeHello,
} from "../../../lib/session/handshake/messages.ts";
import { decodeEnding, encodeEnding } from "../../../lib/session/ending.ts";
import { type Fields, FieldType } from "../../../lib/session/handshake/fields.ts";
import { ReplayLog } from "../../../lib/session/carrier/replay_log.ts";
import { WriteHold } from "../../../lib/session/carrier/write_hold.ts";
import { tokenSalt } from "../../../lib/session/handshake/token.ts";
import { Transcript } from "../../../lib/session/handshake/transcript.ts";
import * as mux from "../../../lib/mux/mux_constants.ts";
import { RecordDecoder, writeDataHeader, writeFin, writeOpen } from "../../../lib/mux/records.ts";

const DOCUMENT = await Deno.readTextFile(new URL("../../../lib/PROTOCOL.md", import.meta.url));

const { FrameType, ProbeFlag, EndCode } = session;

// ---------------------------------------------------------------------------------------------------------------------
// The worked example: what it is made of
// ---------------------------------------------------------------------------------------------------------------------

const text = (words: string) => new TextEncoder().encode(words);
const counting = (from: number, count: number) => Uint8Array.from({ length: count }, (_, at) => from + at);

/** RFC 8410: a private key of 32 bytes as PKCS #8; the last byte of the object identifier tells which algorithm. */
function pkcs8(algorithm: "X25519" | "Ed25519", bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const identifier = { X25519: 0x6e, Ed25519: 0x70 }[algorithm];
  const prefix = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, identifier, 4, 0x22, 4, 0x20];
  return new Uint8Array([...prefix, ...bytes]);
}

/** The public key of a private one, which only a JWK tells. */
async function publicKeyOf(key: CryptoKey): Promise<Uint8Array<ArrayBuffer>> {
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

function frame(payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(FRAME_HEADER_BYTES + payload.length);
  writeFrameHeader(bytes, 0, payload.length);
  bytes.set(payload, FRAME_HEADER_BYTES);
  return bytes;
}

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  writeU32(bytes, 0, value);
  return bytes;
}

function u64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  writeU64(bytes, 0, value);
  return bytes;
}

const acknowledge = (offset: number) => frame(concat([new Uint8Array([FrameType.acknowledge]), u64(offset)]));
const probe = (flags: number, promisedMs: number) =>
  frame(concat([new Uint8Array([FrameType.probe, flags]), u32(promisedMs)]));
const hint = (id: number, offset: number) => frame(concat([new Uint8Array([FrameType.hint]), u32(id), u64(offset)]));

function record(bytes: number, write: (into: Uint8Array) => void): Uint8Array {
  const into = new Uint8Array(bytes);
  write(into);
  return into;
}

const openRecord = (id: number, send: number, receive: number) =>
  record(mux.OPEN_RECORD_BYTES, (into) => writeOpen(into, 0, id, { send, receive }));
const dataRecord = (id: number, data: Uint8Array) =>
  concat([record(mux.DATA_RECORD_HEADER_BYTES, (into) => writeDataHeader(into, 0, id, data.length)), data]);
const finRecord = (id: number) => record(mux.FIN_RECORD_BYTES, (into) => writeFin(into, 0, id));

/** Puts records into a log, as the mux does, and takes the frame that the log makes of them. */
function framed(log: ReplayLog, ...records: Uint8Array[]): Uint8Array {
  for (const bytes of records) {
    const at = log.reserve(bytes.length);
    log.arena.set(bytes, at);
  }
  return log.nextWrite(new WriteHold())!.slice();
}

const SESSION_ID = counting(0xa0, 16);
const TIMEOUT: Fields = new Map([[FieldType.resumeTimeout, u64(7 * 24 * 3_600_000)]]);
const NO_SECRET = new Uint8Array(0);
const CLIENT_1 = await fixedEphemeral(counting(0x01, 32), new Uint8Array(32).fill(0xc1));
const SERVER_1 = await fixedEphemeral(counting(0x21, 32), new Uint8Array(32).fill(0x51));
const CLIENT_2 = await fixedEphemeral(counting(0x61, 32), new Uint8Array(32).fill(0xc2));
const SERVER_2 = await fixedEphemeral(counting(0x81, 32), new Uint8Array(32).fill(0x52));
const IDENTITY = { keys: await fixedIdentityKeys(counting(0x41, 32)), slot: 0, lastSlot: 0 };

/** The frames of one handshake and the values derived on the way, by the names that the document gives them. */
async function handshake(carrier: 1 | 2, received: { client: number; server: number }, secret: Uint8Array) {
  const [client, server] = carrier === 1 ? [CLIENT_1, SERVER_1] : [CLIENT_2, SERVER_2];
  const kind = carrier === 1 ? "new" as const : "resume" as const;
  const { nonce, publicKey } = client;
  const hello = encodeHello({ kind, nonce, publicKey, sessionId: SESSION_ID, fields: new Map() });
  const challenge = encodeChallenge({
    status: "ready",
    nonce: server.nonce,
    publicKey: server.publicKey,
    fields: new Map(),
  });
  const opening = Transcript.of(hello, challenge);
  const fields: Fields = new Map(TIMEOUT);
  if (kind === "new") fields.set(FieldType.identity, await signIdentity(IDENTITY, opening));
  const attempt = kind === "new" ? 0 : 1;
  const body = encodeCommit({ kind, attempt, received: received.client, fields });
  const transcript = opening.with(body);
  const keys = await deriveKeys(client, server.publicKey, secret, transcript);
  const commit = concat([body, await makeProof(keys, "client commit", kind, transcript)]);
  const acceptBody = encodeAccept({ sessionId: SESSION_ID, received: received.server, fields: TIMEOUT });
  const whole = transcript.with(acceptBody);
  const accept = concat([acceptBody, await makeProof(keys, "server accept", kind, whole)]);
  return { hello, challenge, commit, accept, keys };
}

/** Every frame of the example, by the name that stands on its block in the document. */
async function example(): Promise<Map<string, Uint8Array>> {
  const first = await handshake(1, { client: 0, server: 0 }, NO_SECRET);
  const second = await handshake(2, { client: 16, server: 32 }, first.keys.resumeSecret);
  const clientLog = new ReplayLog({ limitBytes: 1 << 20 });
  const serverLog = new ReplayLog({ limitBytes: 1 << 20 });
  const frames = new Map<string, Uint8Array>();
  const add = (name: string, bytes: Uint8Array) => void frames.set(name, bytes);

  add("1 client hello", frame(first.hello));
  add("1 server challenge", frame(first.challenge));
  add("1 client commit", frame(first.commit));
  add("1 server accept", frame(first.accept));
  add("1 client probe", probe(ProbeFlag.replyWanted, session.BUSY_SILENCE_MS));
  add("1 server probe", probe(ProbeFlag.replyWanted | ProbeFlag.reply, session.BUSY_SILENCE_MS));
  add(
    "1 client open and data",
    framed(clientLog, openRecord(1, mux.MOST_START_CREDIT, mux.MOST_START_CREDIT), dataRecord(1, text("hello\n"))),
  );
  add("1 server acknowledge", acknowledge(30));
  clientLog.acknowledge(30);
  add("1 server data and fin", framed(serverLog, dataRecord(1, text("hi")), finRecord(1)));
  add("1 client fin", framed(clientLog, finRecord(1)));

  add("2 client hello", frame(second.hello));
  add("2 server challenge", frame(second.challenge));
  add("2 client commit", frame(second.commit));
  add("2 server accept", frame(second.accept));
  serverLog.rewind(16);
  assert(!serverLog.hasUnsent, "the server has nothing to send again");
  clientLog.rewind(32);
  add("2 server hint", hint(1, mux.MOST_START_CREDIT));
  add("2 client rest of the fin", clientLog.nextWrite(new WriteHold())!.slice());
  add("2 server acknowledge", acknowledge(35));
  clientLog.acknowledge(35);
  add("2 client goodbye", frame(encodeEnding("goodbye", { code: EndCode.shutdown, message: "done" })));
  return frames;
}

// ---------------------------------------------------------------------------------------------------------------------
// The worked example: what the document says
// ---------------------------------------------------------------------------------------------------------------------

/** The document's blocks by name. A block is a fence that begins with `hex NAME`; what stands behind a `;` explains. */
function blocks(markdown: string): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  for (const [, name, body] of markdown.matchAll(/^```hex (.+)\n([\s\S]*?)^```$/gm)) {
    const digits = body.split("\n").map((line) => line.replace(/;.*$/, "").replaceAll(/\s/g, "")).join("");
    assert(!found.has(name), `two blocks are called ${name}`);
    found.set(name, decodeHex(digits));
  }
  return found;
}

const hexOf = (frames: Map<string, Uint8Array>) =>
  Object.fromEntries(Array.from(frames, ([name, bytes]) => [name, encodeHex(bytes)]));

Deno.test("the code makes the worked example of PROTOCOL.md, byte for byte", async () => {
  const printed = hexOf(blocks(DOCUMENT));
  const made = hexOf(await example());
  assertEquals(printed, made);
  assertEquals(Object.keys(printed), Object.keys(made), "in the same order");
});

Deno.test("the derived values that PROTOCOL.md prints are the code's", async () => {
  const { keys } = await handshake(1, { client: 0, server: 0 }, NO_SECRET);
  const derived: Record<string, Uint8Array> = {
    "client public key 1": CLIENT_1.publicKey,
    "server public key 1": SERVER_1.publicKey,
    "client public key 2": CLIENT_2.publicKey,
    "server public key 2": SERVER_2.publicKey,
    "identity public key": await publicKeyOf(IDENTITY.keys.privateKey),
    "resume secret": keys.resumeSecret,
    "token salt": await tokenSalt(text("a token for the example")),
  };
  for (const [name, bytes] of Object.entries(derived)) {
    const printed = new RegExp(`^\\| ${name} +\\| \`([0-9a-f]+)\``, "m").exec(DOCUMENT)?.[1];
    assertEquals(printed, encodeHex(bytes), name);
  }
});

Deno.test("the server's side of the code takes the example's handshakes, and no changed one", async () => {
  const printed = blocks(DOCUMENT);
  const payload = (name: string) => printed.get(name)!.slice(FRAME_HEADER_BYTES);
  let secret: Uint8Array = NO_SECRET;
  for (const carrier of [1, 2] as const) {
    const helloBytes = payload(`${carrier} client hello`);
    const hello = decodeHello(helloBytes);
    const challengeBytes = payload(`${carrier} server challenge`);
    assertEquals(decodeChallenge(challengeBytes).status, "ready");
    const opening = Transcript.of(helloBytes, challengeBytes);
    const changed = Transcript.of(flipped(helloBytes, 10), challengeBytes);
    const { commit, body, proof } = decodeCommit(payload(`${carrier} client commit`));
    const transcript = opening.with(body);
    const keys = await deriveKeys(carrier === 1 ? SERVER_1 : SERVER_2, hello.publicKey, secret, transcript);
    assert(await checkProof(keys, "client commit", commit.kind, transcript, proof));
    assert(!await checkProof(keys, "server accept", commit.kind, transcript, proof), "a proof cannot be sent back");
    assert(!await checkProof(keys, "client commit", commit.kind, changed.with(body), proof));
    const identity = commit.fields.get(FieldType.identity);
    if (carrier === 1) {
      assert(await checkIdentity(identity!, opening) !== undefined);
      assertEquals(await checkIdentity(identity!, changed), undefined);
      assertEquals(await checkIdentity(flipped(identity!, 33), opening), undefined, "another slot");
    } else {
      assertEquals(identity, undefined);
    }
    const accept = decodeAccept(payload(`${carrier} server accept`));
    assertEquals(accept.accept.sessionId, SESSION_ID);
    assert(await checkProof(keys, "server accept", commit.kind, transcript.with(accept.body), accept.proof));
    if (carrier === 1) secret = keys.resumeSecret;
    const zeros = new Uint8Array(32);
    await assertRejects(() => deriveKeys(SERVER_1, zeros, secret, transcript), Error, "not a valid X25519 key");
  }
});

/** A copy with one bit changed. */
function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] ^= 1;
  return copy;
}

Deno.test("the decoders of the code read the example as PROTOCOL.md explains it, though a carrier is cut in a frame", () => {
  const printed = blocks(DOCUMENT);
  const seen: string[] = [];
  const records = (who: string) =>
    new RecordDecoder({
      open: (id, credits) => seen.push(`${who} open ${id} ${credits.send} ${credits.receive}`),
      data: (id, bytes) => seen.push(`${who} data ${id} ${JSON.stringify(new TextDecoder().decode(bytes))}`),
      fin: (id) => seen.push(`${who} fin ${id}`),
      reset: (id, code) => seen.push(`${who} reset ${id} ${code}`),
    });
  const decoders = { client: records("client"), server: records("server") };
  const counts = { client: 0, server: 0 };
  for (const carrier of [1, 2]) {
    for (const who of ["client", "server"] as const) {
      const decoder = countedBytes((bytes) => {
        counts[who] += bytes.length;
        decoders[who].push(bytes);
      });
      for (const [name, bytes] of printed) {
        if (!name.startsWith(`${carrier} ${who} `)) continue;
        // The document says that the first carrier ends two counted bytes into this frame.
        decoder.push(name === "1 client fin" ? bytes.subarray(0, session.DATA_HEADER_BYTES + 2) : bytes);
      }
    }
  }
  assertEquals(seen, [
    "client open 1 262144 262144",
    'client data 1 "hello\\n"',
    'server data 1 "hi"',
    "server fin 1",
    "client fin 1",
  ]);
  assertEquals(counts, { client: 35, server: 16 });
  assertEquals(decodeEnding(printed.get("2 client goodbye")!.slice(4)), { code: EndCode.shutdown, message: "done" });
});

/** A decoder of frames that hands on the counted bytes of data frames as they come, as a carrier does. */
function countedBytes(take: (bytes: Uint8Array) => void): FrameDecoder {
  let type = -1;
  return new FrameDecoder(session.MAX_SESSION_FRAME_BYTES, {
    frameStart: () => void (type = -1),
    frameData: (bytes) => {
      const segment = new Segment(bytes);
      const rest = type === -1 ? bytes.subarray(1) : bytes;
      if (type === -1) type = bytes[0];
      if (type === FrameType.data && rest.length > 0) take(rest);
      segment.release();
    },
    frameEnd: () => {},
  });
}

// ---------------------------------------------------------------------------------------------------------------------
// Numbers
// ---------------------------------------------------------------------------------------------------------------------

/** Rows of tables: the first cell in backquotes is a name of the code, and the second begins with its value. */
function numbers(markdown: string): Map<string, number> {
  const found = new Map<string, number>();
  for (const [, name, value] of markdown.matchAll(/^\| `([A-Z][A-Z0-9_]+)` +\| ([\d ]+?)(?: [a-z(KM].*?)? *\|/gm)) {
    found.set(name, Number(value.replaceAll(" ", "")));
  }
  return found;
}

Deno.test("PROTOCOL.md names every constant of the session and the mux, with its value", () => {
  const printed = numbers(DOCUMENT);
  for (const [name, value] of Object.entries({ ...session, ...mux })) {
    if (typeof value === "number") assertEquals(printed.get(name), value, name);
  }
});

Deno.test("PROTOCOL.md names every type and code, with its value", () => {
  const tables: Record<string, Record<string, number>> = {
    frame: session.FrameType,
    end: session.EndCode,
    record: mux.RecordType,
    reset: mux.ResetCode,
    field: FieldType,
  };
  for (const [table, entries] of Object.entries(tables)) {
    for (const [name, value] of Object.entries(entries)) {
      const number = table === "frame" ? `0x${value.toString(16).padStart(2, "0")}` : String(value);
      const row = new RegExp(`^\\| \`${number}\` +\\| ${table} \`${name}\` `, "m");
      assert(row.test(DOCUMENT), `a row for ${number} ${table} ${name}`);
    }
  }
});
