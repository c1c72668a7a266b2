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
  return new SealServer((await certificates()).server, "tele/2");
}

tlsTest("who seals is let in, and both ends see the leaf", async () => {
  const pair = (await certificates()).server;
  const [near, far] = duplexPair();
  const [client, carrier] = await Promise.all([sealClient(near, PEER), new SealServer(pair, "tele/2").unseal(far)]);
  assertEquals([client.leaf, carrier.leaf], [leafOf(derOf(pair)), leafOf(derOf(pair))]);
  client.close();
  carrier.close();
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
