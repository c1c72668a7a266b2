/** Who has not proven to be the server cannot put words into this side's mouth. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Duplex } from "../../../../lib/net/duplex.ts";
import { NO_LEAF } from "../../../../lib/net/leaf.ts";
import { duplexPair } from "../../../../lib/net/pipe.ts";
import { framed } from "../../../../lib/ping/codec.ts";
import { encodeEnding, RefusalError } from "../../../../lib/session/ending.ts";
import { ClientHandshake } from "../../../../lib/session/handshake/client_handshake.ts";
import { heard, unproven } from "../../../../lib/session/handshake/hearsay.ts";
import { encodeChallenge, NONCE_BYTES } from "../../../../lib/session/handshake/messages.ts";
import { guardedField } from "../../../../lib/session/handshake/fields.ts";
import { makeEphemeral } from "../../../../lib/session/handshake/keys.ts";
import { agreedLeaf, refuseTls } from "../../../../lib/session/handshake/seal.ts";
import { tokenOnClientOnly, tokenOnServerOnly, tokensDiffer } from "../../../../lib/session/handshake/token.ts";
import { NEW } from "../../../support/handshakes.ts";
import { quoted } from "../../../support/tokens.ts";

const EVIL = "\u001b[2Jall is lost: paste this\r\n";
const LEAF = new Uint8Array(32).fill(7);

/** What a client says that is refused with {@linkcode EVIL} in place of the challenge, or of the accept. */
async function wordsOf(place: "challenge" | "accept", isGuarded: boolean, leaf?: Uint8Array): Promise<RefusalError> {
  const [near, far] = duplexPair();
  const duplex: Duplex = Object.assign(near, leaf && { leaf });
  const refusing = far.write(await answer(place, isGuarded));
  const hearing = readToEnd(far);
  const client = (async () => {
    const handshake = await ClientHandshake.begin(duplex, undefined, isGuarded);
    await handshake.commit(NEW, new Uint8Array(0));
  })();
  const error = await client.then(() => undefined, (error) => error);
  near.close();
  far.close();
  await Promise.allSettled([refusing, hearing]);
  assert(error instanceof RefusalError, String(error));
  return error;
}

async function readToEnd(duplex: Duplex): Promise<void> {
  const bytes = new Uint8Array(1024);
  while (await duplex.read(bytes) !== null);
}

async function answer(place: "challenge" | "accept", isGuarded: boolean): Promise<Uint8Array<ArrayBuffer>> {
  const refuse = framed(encodeEnding("refuse", { code: 77, message: EVIL }));
  if (place === "challenge") return refuse;
  const { publicKey } = await makeEphemeral();
  const nonce = new Uint8Array(NONCE_BYTES);
  const challenge = framed(encodeChallenge({ status: "ready", nonce, publicKey, fields: guardedField(isGuarded) }));
  return new Uint8Array([...challenge, ...refuse]);
}

for (const place of ["challenge", "accept"] as const) {
  Deno.test(`a refusal in place of the ${place} is told as somebody's words, with nothing that a terminal obeys`, async () => {
    const harmless = "\\u001b[2Jall is lost: paste this\\u000d\\u000a";
    for (const leaf of [LEAF, undefined]) {
      const { endCode, message } = await wordsOf(place, true, leaf);
      assertEquals([endCode, message], [77, quoted(harmless, true)]);
    }
    assertEquals((await wordsOf(place, false)).message, quoted(harmless, false));
  });

  Deno.test(`a refusal in place of the ${place} inside TLS that is verified is the server's own`, async () => {
    for (const isGuarded of [true, false]) assertEquals((await wordsOf(place, isGuarded, NO_LEAF)).message, EVIL);
  });
}

Deno.test("what is no refusal passes as it is, and so does an answer", () => {
  const [near] = duplexPair();
  assertEquals(heard(() => 5, near, true), 5);
  const other = new Error("this side's own");
  const error = assertThrows(() =>
    heard(
      () => {
        throw other;
      },
      near,
      true,
    )
  );
  assertEquals(error, other);
});

Deno.test("a quotation is shortened, but none of the sentences that a tele server has", () => {
  const [near] = duplexPair();
  const told = (message: string) =>
    assertThrows(() =>
      heard(
        () => {
          throw new RefusalError({ code: 9, message });
        },
        near,
        true,
      ), RefusalError).message;
  assertEquals(told("x".repeat(512)), quoted(`${"x".repeat(400)}…`, true));
  const refusals = [
    tokenOnClientOnly(),
    tokenOnServerOnly(),
    tokensDiffer(true),
    tokensDiffer(true, "n".repeat(64)),
    refuseTls(true),
    refuseTls(false),
    ...[undefined, NO_LEAF, LEAF].map((said) =>
      assertThrows(() => agreedLeaf("always", said, undefined), RefusalError)
    ),
  ];
  for (const { ending: { message } } of refusals) assertEquals(told(message), quoted(message, true));
});

Deno.test("advice to give up the token says that anybody can have given it", () => {
  const { message, ending } = unproven({ code: 9, message: "start without a token" });
  assertEquals(message, ending.message);
  assert(message.startsWith("start without a token; anybody on the way can have said so: "));
});
