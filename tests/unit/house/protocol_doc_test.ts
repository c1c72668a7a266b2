/**
 * `lib/PROTOCOL.md` tells the truth: its worked example is made anew by the code, byte for byte, and its numbers are
 * the constants of the code.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { decodeHex, encodeHex } from "@std/encoding/hex";
import { NO_LEAF } from "../../../lib/net/leaf.ts";
import { FRAME_HEADER_BYTES } from "../../../lib/ping/codec.ts";
import * as session from "../../../lib/session/session_constants.ts";
import { checkIdentity, checkProof, deriveKeys } from "../../../lib/session/handshake/keys.ts";
import { decodeAccept, decodeChallenge, decodeCommit, decodeHello } from "../../../lib/session/handshake/messages.ts";
import { decodeAcknowledge, decodeProbe } from "../../../lib/session/carrier/control.ts";
import { SessionFrameReader } from "../../../lib/session/carrier/frame_reader.ts";
import { decodeOpen, decodeWindows } from "../../../lib/session/frames.ts";
import { decodeEnding } from "../../../lib/session/ending.ts";
import { FieldType, readCarriers, readReceipts, readStartPool } from "../../../lib/session/handshake/fields.ts";
import { tokenSalt } from "../../../lib/session/handshake/token.ts";
import { Transcript } from "../../../lib/session/handshake/transcript.ts";
import * as mux from "../../../lib/mux/mux_constants.ts";
import {
  CLIENTS,
  handshake,
  IDENTITY,
  publicKeyOf,
  SERVERS,
  SESSION_ID,
  TAKEN_BY_CLIENT,
  TAKEN_BY_SERVER,
  workedExample,
} from "../../support/worked_example.ts";

const DOCUMENT = await Deno.readTextFile(new URL("../../../lib/PROTOCOL.md", import.meta.url));

const { EndCode, FrameType } = session;
const NO_SECRET = new Uint8Array(0);

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
  const made = hexOf(await workedExample());
  assertEquals(printed, made);
  assertEquals(Object.keys(printed), Object.keys(made), "in the same order");
});

Deno.test("the derived values that PROTOCOL.md prints are the code's", async () => {
  const { keys } = await handshake(0, NO_SECRET);
  const derived: Record<string, Uint8Array> = {
    "client public key 1": CLIENTS[0].publicKey,
    "server public key 1": SERVERS[0].publicKey,
    "client public key 2": CLIENTS[1].publicKey,
    "server public key 2": SERVERS[1].publicKey,
    "identity public key": await publicKeyOf(IDENTITY.keys.privateKey),
    "join secret": keys.joinSecret,
    "token salt": await tokenSalt(new TextEncoder().encode("a token for the example")),
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
    const transcript = opening.with(body).with(NO_LEAF);
    const keys = await deriveKeys(SERVERS[carrier - 1], hello.publicKey, secret, transcript);
    assert(await checkProof(keys, "client commit", commit.kind, transcript, proof));
    assert(!await checkProof(keys, "server accept", commit.kind, transcript, proof), "a proof cannot be sent back");
    for (const other of [changed.with(body).with(NO_LEAF), opening.with(body), opening.with(body).with(SESSION_ID)]) {
      assert(!await checkProof(keys, "client commit", commit.kind, other, proof));
    }
    const identity = commit.fields.get(FieldType.identity);
    if (carrier === 1) {
      assert(await checkIdentity(identity!, opening) !== undefined);
      assertEquals(await checkIdentity(identity!, changed), undefined);
      assertEquals(await checkIdentity(flipped(identity!, 33), opening), undefined, "another slot");
    } else {
      assertEquals(identity, undefined);
    }
    assertEquals([commit.number, commit.lane], [carrier - 1, "quiet"]);
    const accept = decodeAccept(payload(`${carrier} server accept`));
    assertEquals([accept.accept.sessionId, accept.accept.number], [SESSION_ID, carrier - 1]);
    const { fields } = accept.accept;
    if (carrier === 1) {
      assertEquals([readStartPool(fields), readCarriers(fields)], [mux.START_POOL_BYTES, 6]);
    } else {
      assertEquals(readReceipts(commit.fields), [{ number: 0, taken: TAKEN_BY_CLIENT }]);
      assertEquals(readReceipts(fields), [{ number: 0, taken: TAKEN_BY_SERVER }]);
    }
    assert(await checkProof(keys, "server accept", commit.kind, transcript.with(accept.body), accept.proof));
    if (carrier === 1) secret = keys.joinSecret;
    const zeros = new Uint8Array(32);
    await assertRejects(() => deriveKeys(SERVERS[0], zeros, secret, transcript), Error, "not a valid X25519 key");
  }
});

/** A copy with one bit changed. */
function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] ^= 1;
  return copy;
}

/** How much of each block arrives, where that is not all of it. */
const ARRIVES: Record<string, number> = { "1 client end": 20, "1 server windows": 0 };

/** What one end sends on one carrier behind the handshake, read as a session does it: each frame, and the counted bytes. */
function readFrom(printed: Map<string, Uint8Array>, carrier: number, who: string) {
  const seen: string[] = [];
  const reader = new SessionFrameReader({
    data: (id, offset, bytes) => seen.push(`data ${id} ${offset} ${JSON.stringify(new TextDecoder().decode(bytes))}`),
    end: (id, offset) => seen.push(`end ${id} ${offset}`),
    counted: (payload) => {
      if (payload[0] === FrameType.windows) {
        return decodeWindows(payload, (id, limit) => seen.push(`window ${id} ${limit}`));
      }
      const { id, credits, service } = decodeOpen(payload);
      seen.push(`open ${id} ${credits.send} ${credits.receive} ${service}`);
    },
    control: (payload) => {
      if (payload[0] === FrameType.probe) {
        const { replyWanted, isReply, silenceMs, mark, cameMs } = decodeProbe(payload);
        seen.push(`probe ${replyWanted} ${isReply} ${silenceMs} ${mark} ${cameMs}`);
      } else if (payload[0] === FrameType.acknowledge) {
        seen.push(`acknowledge ${decodeAcknowledge(payload)}`);
      } else {
        const { code, message } = decodeEnding(payload);
        seen.push(`goodbye ${code} ${message}`);
      }
    },
  });
  const handshake = /(hello|challenge|commit|accept)$/;
  for (const [name, bytes] of printed) {
    if (name.startsWith(`${carrier} ${who} `) && !handshake.test(name)) reader.push(bytes.subarray(0, ARRIVES[name]));
  }
  return { seen, counted: reader.countedBytes };
}

Deno.test("the decoders of the code read the example as PROTOCOL.md explains it, though a carrier is cut in a frame", () => {
  const printed = blocks(DOCUMENT);
  assertEquals(readFrom(printed, 1, "client"), {
    seen: ["probe true false 1000 1 0", "open 1 262144 262144 0", 'data 1 0 "hello\\n"', 'data 1 6 "goo"'],
    counted: TAKEN_BY_SERVER,
  });
  assertEquals(readFrom(printed, 1, "server"), {
    seen: ["probe true true 1000 1 30", "acknowledge 43", 'data 1 0 "hi"', "end 1 2"],
    counted: TAKEN_BY_CLIENT,
  });
  assertEquals(readFrom(printed, 2, "client"), {
    seen: ['data 1 9 "dbye\\n"', "end 1 14", "acknowledge 17", `goodbye ${EndCode.shutdown} done`],
    counted: 22,
  });
  assertEquals(readFrom(printed, 2, "server"), { seen: ["window 1 262153", "acknowledge 22"], counted: 17 });
});

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

Deno.test("PROTOCOL.md names every constant of the session and the mux, with its value, and no other", () => {
  const printed = numbers(DOCUMENT);
  const constants: Record<string, unknown> = { ...session, ...mux };
  for (const [name, value] of Object.entries(constants)) {
    if (typeof value === "number") assertEquals(printed.get(name), value, name);
  }
  assertEquals([...printed.keys()].filter((name) => !(name in constants)), []);
});

Deno.test("PROTOCOL.md names every type and code, with its value", () => {
  const tables: Record<string, Record<string, number>> = {
    frame: session.FrameType,
    end: session.EndCode,
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
