/** The server's end of a seal: who is let in, and what is told of who is not. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import tls from "node:tls";
import { TeleError } from "../../../lib/net/error.ts";
import { leafOf } from "../../../lib/net/leaf.ts";
import { duplexPair } from "../../../lib/net/pipe.ts";
import { sealClient } from "../../../lib/net/seal_client.ts";
import { SealServer } from "../../../lib/net/seal_server.ts";
import { secureClient } from "../../../lib/net/tls_client.ts";
import { TlsDuplex } from "../../../lib/net/tls_duplex.ts";
import { derOf } from "../../support/certificates.ts";
import { certificates, tlsTest } from "../../support/tls_world.ts";

const PEER = { address: "example.com:40300", protocol: "tele/2" };

async function sealServer(): Promise<SealServer> {
  return new SealServer(Promise.resolve((await certificates()).server), "tele/2");
}

tlsTest("who seals is let in, and waits for a certificate that is still being made", async () => {
  const { promise, resolve } = Promise.withResolvers<{ cert: string; key: string }>();
  const server = new SealServer(promise, "tele/2");
  const [near, far] = duplexPair();
  const both = Promise.all([sealClient(near, PEER), server.unseal(far)]);
  const pair = (await certificates()).server;
  resolve(pair);
  const [client, carrier] = await both;
  assertEquals([client.leaf, carrier.leaf], [leafOf(derOf(pair)), leafOf(derOf(pair))]);
  client.close();
  carrier.close();
});

tlsTest("a certificate that cannot be made is told to whoever waits for it, and the connection ends", async () => {
  const server = new SealServer(Promise.reject(new Error("no chance")), "tele/2");
  const [near, far] = duplexPair();
  await assertRejects(() => server.unseal(far), Error, "no chance");
  await assertRejects(() => near.read(new Uint8Array(1)));
});

tlsTest("who wants a certificate that it can verify is told what to change", async () => {
  const [near, far] = duplexPair();
  const serving = (await sealServer()).unseal(far).catch((error) => error);
  const { otherCa } = await certificates();
  const settings = { protocols: ["tele/2"], ca: otherCa.cert };
  await assertRejects(() => secureClient(near, { address: "there", names: ["localhost"] }, settings), TeleError);
  const error = await serving;
  assertEquals(error.code, "protocol");
  assertStringIncludes(error.message, "it wants a certificate that it can verify, and this server has none");
});

for (
  const [name, options, words] of [
    ["offers another protocol", { ALPNProtocols: ["http/1.1"] }, "it offers no protocol that this server speaks"],
    ["offers none", {}, "it offers no protocol that this server speaks"],
    ["speaks TLS 1.2 at most", { ALPNProtocols: ["tele/2"], maxVersion: "TLSv1.2" as const }, "TLS"],
  ] as const
) {
  tlsTest(`who ${name} is not let in`, async () => {
    const [near, far] = duplexPair();
    const serving = (await sealServer()).unseal(far).catch((error) => error);
    const asking = TlsDuplex.start(near, {
      start: (socket) => tls.connect({ socket, rejectUnauthorized: false, ...options } as tls.ConnectionOptions),
      secureEvent: "secureConnect",
      awaitsHello: false,
      seen: () => ({}),
      explain: ({ error }) => error as Error,
    }).then((duplex) => duplex.read(new Uint8Array(1))).catch(() => null);
    const error = await serving;
    assert(error instanceof TeleError, String(error));
    assertEquals(error.code, "protocol", error.message);
    assertStringIncludes(error.message, words);
    await asking;
    near.close();
  });
}

tlsTest("who goes away without a word, or loses a race, is no news", async () => {
  const [near, far] = duplexPair();
  const serving = (await sealServer()).unseal(far).catch((error) => error);
  await near.closeWrite();
  near.close();
  assertEquals((await serving).code, "closed");
});
