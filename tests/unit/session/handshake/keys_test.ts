import { concat } from "@std/bytes/concat";
import { encodeHex } from "@std/encoding/hex";
import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import {
  checkIdentity,
  checkProof,
  deriveKeys,
  type HandshakeKeys,
  type Identity,
  makeEphemeral,
  makeIdentityKeys,
  makeProof,
  type ProofRole,
  signIdentity,
} from "../../../../lib/session/handshake/keys.ts";
import { Transcript } from "../../../../lib/session/handshake/transcript.ts";

const HELLO = new TextEncoder().encode("all bytes of the handshake so far");
const TRANSCRIPT = Transcript.of(HELLO);
const OTHER_TRANSCRIPT = Transcript.of(HELLO.subarray(1));
const SECRET = new Uint8Array(32).fill(7);
const NO_SECRET = new Uint8Array(0);

async function bothSides(secrets: [Uint8Array, Uint8Array], transcripts = [TRANSCRIPT, TRANSCRIPT]) {
  const client = await makeEphemeral();
  const server = await makeEphemeral();
  const clientKeys = await deriveKeys(client, server.publicKey, secrets[0], transcripts[0]);
  const serverKeys = await deriveKeys(server, client.publicKey, secrets[1], transcripts[1]);
  return { clientKeys, serverKeys };
}

Deno.test("both sides derive the same keys from each other's halves", async () => {
  for (const secret of [SECRET, NO_SECRET]) {
    const { clientKeys, serverKeys } = await bothSides([secret, secret]);
    assertEquals(clientKeys.joinSecret, serverKeys.joinSecret);
    assertEquals(clientKeys.joinSecret.length, 32);
    const proof = await makeProof(clientKeys, "client commit", "join", TRANSCRIPT);
    assertEquals(proof.length, 32);
    assert(await checkProof(serverKeys, "client commit", "join", TRANSCRIPT, proof));
  }
});

Deno.test("another secret or another transcript makes proofs that do not hold", async () => {
  const other = SECRET.slice();
  other[31] ^= 1;
  const cases = [
    await bothSides([SECRET, other]),
    await bothSides([SECRET, NO_SECRET]),
    await bothSides([SECRET, SECRET], [TRANSCRIPT, OTHER_TRANSCRIPT]),
  ];
  for (const { clientKeys, serverKeys } of cases) {
    const proof = await makeProof(clientKeys, "client commit", "join", TRANSCRIPT);
    assertEquals(await checkProof(serverKeys, "client commit", "join", TRANSCRIPT, proof), false);
    assertNotEquals(clientKeys.joinSecret, serverKeys.joinSecret);
  }
});

Deno.test("two handshakes with the same secret and transcript have different keys", async () => {
  const first = await bothSides([SECRET, SECRET]);
  const second = await bothSides([SECRET, SECRET]);
  assertNotEquals(first.clientKeys.joinSecret, second.clientKeys.joinSecret);
  const proof = await makeProof(first.clientKeys, "client commit", "join", TRANSCRIPT);
  assertEquals(await checkProof(second.serverKeys, "client commit", "join", TRANSCRIPT, proof), false);
});

Deno.test("a proof holds only for its own role, kind and transcript, so none can be reflected", async () => {
  const { clientKeys, serverKeys } = await bothSides([SECRET, SECRET]);
  const all: [ProofRole, "new" | "join"][] = [
    ["client commit", "new"],
    ["client commit", "join"],
    ["server accept", "new"],
    ["server accept", "join"],
  ];
  for (const made of all) {
    const proof = await makeProof(clientKeys, ...made, TRANSCRIPT);
    for (const asked of all) {
      assertEquals(await checkProof(serverKeys, ...asked, TRANSCRIPT, proof), asked === made, `${made} as ${asked}`);
    }
    assertEquals(await checkProof(serverKeys, ...made, OTHER_TRANSCRIPT, proof), false);
  }
});

Deno.test("a proof with any bit changed, too short, too long or empty does not hold", async () => {
  const { clientKeys, serverKeys } = await bothSides([SECRET, SECRET]);
  const proof = await makeProof(clientKeys, "server accept", "new", TRANSCRIPT);
  const check = (wrong: Uint8Array, keys: HandshakeKeys = serverKeys) =>
    checkProof(keys, "server accept", "new", TRANSCRIPT, wrong);
  for (let bit = 0; bit < 256; bit++) {
    const wrong = proof.slice();
    wrong[bit >> 3] ^= 1 << (bit & 7);
    assertEquals(await check(wrong), false);
  }
  for (const wrong of [proof.slice(1), concat([proof, proof]), new Uint8Array(0), new Uint8Array(32)]) {
    assertEquals(await check(wrong), false);
  }
});

Deno.test("public keys of small order, of zeros or of a wrong length are refused", async () => {
  const own = await makeEphemeral();
  const one = new Uint8Array(32);
  one[0] = 1;
  const ofOrderEight = Uint8Array.from(
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800".match(/../g)!,
    (pair) => parseInt(pair, 16),
  );
  const bad = [
    new Uint8Array(32),
    one,
    ofOrderEight,
    new Uint8Array(0),
    new Uint8Array(31).fill(9),
    new Uint8Array(33).fill(9),
  ];
  for (const key of bad) {
    const error = await assertRejects(() => deriveKeys(own, key, SECRET, TRANSCRIPT), TeleError, "X25519");
    assertEquals(error.code, "protocol");
  }
});

Deno.test("ephemeral keys and nonces are fresh each time, and the private key stays inside", async () => {
  const first = await makeEphemeral();
  const second = await makeEphemeral();
  assertNotEquals(first.publicKey, second.publicKey);
  assertNotEquals(first.nonce, second.nonce);
  assertEquals([first.publicKey.length, first.nonce.length], [32, 32]);
  assertEquals(first.privateKey.extractable, false);
});

Deno.test("an identity's signature names the same client each time, and another slot differently", async () => {
  const keys = await makeIdentityKeys();
  const named = async (identity: Identity, transcript = TRANSCRIPT) =>
    await checkIdentity(await signIdentity(identity, transcript), transcript);
  const publicKey = new Uint8Array(await crypto.subtle.exportKey("raw", keys.publicKey));
  const name = await named({ keys, slot: 0 });
  assert(name !== undefined);
  assertEquals(await named({ keys, slot: 0 }, OTHER_TRANSCRIPT), name);
  assertEquals(name, { client: encodeHex(publicKey), slot: 0, lastSlot: 65535 });
  const other = await named({ keys: await makeIdentityKeys(), slot: 0 });
  assertNotEquals(other?.client, name.client);
  for (const [slot, lastSlot] of [[1, 3], [3, 3], [258, 65535], [65535, 65535]] as const) {
    assertEquals(await named({ keys, slot, lastSlot }), { client: name.client, slot, lastSlot });
  }
});

Deno.test("a slot that is none of its client's does not hold", async () => {
  const field = await signIdentity({ keys: await makeIdentityKeys(), slot: 4, lastSlot: 3 }, TRANSCRIPT);
  assertEquals(await checkIdentity(field, TRANSCRIPT), undefined);
});

Deno.test("an identity signed for another handshake, or changed anywhere, does not hold", async () => {
  const identity: Identity = { keys: await makeIdentityKeys(), slot: 258 };
  const field = await signIdentity(identity, TRANSCRIPT);
  assertEquals(await checkIdentity(field, OTHER_TRANSCRIPT), undefined);
  for (let at = 0; at < field.length; at++) {
    const wrong = field.slice();
    wrong[at] ^= 0x10;
    assertEquals(await checkIdentity(wrong, TRANSCRIPT), undefined, `byte ${at}`);
  }
  for (const length of [0, 1, 35, 36, 99, 101]) {
    assertEquals(await checkIdentity(concat([field, field]).slice(0, length), TRANSCRIPT), undefined);
  }
});
