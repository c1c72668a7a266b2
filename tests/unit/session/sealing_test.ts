/** Sealing, as both ends do it. */
import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { TeleError } from "../../../lib/net/error.ts";
import { duplexPair } from "../../../lib/net/pipe.ts";
import { framed } from "../../../lib/ping/codec.ts";
import { encodeEnding, RefusalError } from "../../../lib/session/ending.ts";
import { refuseTls } from "../../../lib/session/handshake/seal.ts";
import { makeSealServer, requireSealing, sealed } from "../../../lib/session/sealing.ts";
import { readExactly } from "../../support/reading.ts";
import { tlsTest } from "../../support/tls_world.ts";

Deno.test("a runtime that cannot seal does not go on without", () => {
  requireSealing("do this", true);
  const error = assertThrows(() => requireSealing("do this", false), TeleError);
  assertEquals(error.code, "bad-input");
  assertStringIncludes(error.message, "needs Deno 2.9 or later, and this is an older one: install that, or do this");
});

tlsTest("a client and a server seal with a certificate that was made in memory, another in each process", async () => {
  const leafs = [];
  for (const server of [makeSealServer(), makeSealServer()]) {
    const [near, far] = duplexPair();
    const [client, carrier] = await Promise.all([
      sealed(near, "there", AbortSignal.timeout(5_000)),
      server.unseal(far),
    ]);
    const writing = client.write(new Uint8Array([1, 2, 3]));
    assertEquals(await readExactly(carrier, 3), new Uint8Array([1, 2, 3]));
    await writing;
    assertEquals(client.leaf, carrier.leaf);
    leafs.push(String(client.leaf));
    client.close();
    carrier.close();
  }
  assert(leafs[0] !== leafs[1]);
});

tlsTest("a server that does not seal is asked nothing more, and its reason is the client's", async () => {
  for (
    const [refusal, words] of [[refuseTls(false), "has no token"], [
      refuseTls(true),
      "says --encryption=never",
    ]] as const
  ) {
    const [near, far] = duplexPair();
    const sealing = assertRejects(() => sealed(near, "there", AbortSignal.timeout(5_000)), RefusalError, words);
    await far.read(new Uint8Array(4096));
    await far.write(framed(encodeEnding("refuse", refusal.ending)));
    while (await far.read(new Uint8Array(4096)).catch(() => null) !== null);
    await sealing;
    far.close();
  }
});
