/** What servers of a fleet say in front of a carrier: each word proven, and for one connection only. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { deriveFleetKey } from "../../../../lib/session/fleet/fleet_keys.ts";
import {
  ANSWER_BYTES,
  decodeAnswer,
  decodeGreeting,
  decodePreface,
  encodeAnswer,
  encodeGreeting,
  encodePreface,
  GREETING_BYTES,
  type Preface,
  signerOf,
} from "../../../../lib/session/handshake/preface.ts";
import { MAX_PREFACE_BYTES, MAX_TICKET_BYTES } from "../../../../lib/session/session_constants.ts";

const [KEY, OTHER] = await Promise.all([5, 6].map((byte) => deriveFleetKey(new Uint8Array(32).fill(byte))));
const GREETING = new Uint8Array(32).fill(1);
const PREFACE: Preface = {
  layer: "outer",
  nonce: new Uint8Array(32).fill(2),
  client: { peer: "192.0.2.9:50000", peerName: "laptop", localAddress: "192.0.2.1", localPort: 40300 },
  ticket: new Uint8Array(80).fill(3),
};

Deno.test("a preface says what it was given, with all that is known of the client or with its address alone", async () => {
  const bare: Preface = { ...PREFACE, layer: "inner", client: { peer: "unix:/run/a" } };
  for (const preface of [PREFACE, bare]) {
    const bytes = await encodePreface(KEY!, preface, GREETING);
    const { client, ...rest } = decodePreface(bytes);
    assertEquals(rest, { layer: preface.layer, nonce: preface.nonce, ticket: preface.ticket });
    assertEquals({ peerName: undefined, localAddress: undefined, localPort: undefined, ...preface.client }, client);
  }
});

Deno.test("a preface without a carrier tells what its client has in place of its session, with the name of its token or without", async () => {
  const identity = { client: "0a".repeat(32), slot: 3, lastSlot: 65_535 };
  for (const tokenName of [undefined, "a", "x".repeat(64)]) {
    const preface: Preface = {
      layer: "none",
      nonce: new Uint8Array(32),
      client: { peer: "p".repeat(255) },
      ticket: new Uint8Array(MAX_TICKET_BYTES),
      newer: { identity, tokenName },
    };
    const bytes = await encodePreface(KEY!, preface, GREETING);
    assert(bytes.length <= MAX_PREFACE_BYTES, `${bytes.length} bytes`);
    assertEquals(decodePreface(bytes).newer, preface.newer);
    assertEquals([decodePreface(bytes).layer, await signerOf([KEY!], bytes, GREETING)], ["none", KEY]);
    // Of another layer nothing may stand behind the ticket, and what stands there is no part of it.
    assertThrows(() => decodePreface(bytes.with(0, 0)), Error, "behind its end");
  }
  const nameless = await encodePreface(
    KEY!,
    { ...PREFACE, layer: "none", newer: { identity, tokenName: "-x" } },
    GREETING,
  );
  assertThrows(() => decodePreface(nameless), Error, "no token has such a name");
});

Deno.test("the proof of a preface holds for its key and its greeting, and for no other", async () => {
  const bytes = await encodePreface(KEY!, PREFACE, GREETING);
  assertEquals(await signerOf([OTHER!, KEY!], bytes, GREETING), KEY);
  assertEquals(await signerOf([OTHER!], bytes, GREETING), undefined);
  assertEquals(await signerOf([KEY!], bytes, GREETING.with(0, 9)), undefined, "played to another connection");
  for (let at = 0; at < bytes.length; at += 7) {
    assertEquals(await signerOf([KEY!], bytes.with(at, bytes[at]! ^ 1), GREETING), undefined);
  }
  assertEquals(await signerOf([KEY!], new Uint8Array(3), GREETING), undefined);
});

Deno.test("the longest preface has its place within the limit, and one of another shape is refused", async () => {
  const long = "ä".repeat(300);
  const client = { peer: long, peerName: long, localAddress: long, localPort: 65_535 };
  const bytes = await encodePreface(KEY!, { ...PREFACE, client, ticket: new Uint8Array(MAX_TICKET_BYTES) }, GREETING);
  assert(bytes.length <= MAX_PREFACE_BYTES, `${bytes.length} bytes`);
  assertEquals(decodePreface(bytes).client.peer.slice(0, 127), long.slice(0, 127));
  const right = await encodePreface(KEY!, PREFACE, GREETING);
  assertThrows(() => decodePreface(right.with(0, 3)), Error, "layer 3");
  assertThrows(() => decodePreface(right.with(0, 2)), Error, "too short");
  assertThrows(() => decodePreface(right.subarray(0, -1)), Error, "too short");
  assertThrows(() => decodePreface(new Uint8Array([...right, 0])), Error, "behind its end");
  assertThrows(() => decodePreface(new Uint8Array(MAX_PREFACE_BYTES + 1)), Error, "too long");
  const bare = await encodePreface(KEY!, { ...PREFACE, ticket: new Uint8Array(9) }, GREETING);
  assertThrows(() => decodePreface(bare), Error, "no ticket");
});

Deno.test("a greeting is of this release", () => {
  const bytes = encodeGreeting(GREETING);
  assertEquals([bytes.length, decodeGreeting(bytes)], [GREETING_BYTES, GREETING]);
  assertThrows(() => decodeGreeting(bytes.with(0, 3)), Error, "of another release");
});

Deno.test("an answer holds for its question alone, and nobody without the key can say that a session is gone", async () => {
  const preface = await encodePreface(KEY!, PREFACE, GREETING);
  for (const answer of ["here", "gone"] as const) {
    const bytes = await encodeAnswer(KEY!, answer, preface, GREETING);
    assertEquals([bytes.length, await decodeAnswer(KEY!, bytes, preface, GREETING)], [ANSWER_BYTES, answer]);
    const bad = [
      () => decodeAnswer(OTHER!, bytes, preface, GREETING),
      () => decodeAnswer(KEY!, bytes.with(0, bytes[0]! ^ 1), preface, GREETING),
      () => decodeAnswer(KEY!, bytes, preface.with(40, 1), GREETING),
      () => decodeAnswer(KEY!, bytes, preface, GREETING.with(0, 9)),
      () => decodeAnswer(KEY!, preface.subarray(-ANSWER_BYTES), preface, GREETING),
    ];
    for (const each of bad) await assertRejects(each, Error, "does not prove");
  }
});
