/** Clients that have to show a certificate and come back by resuming TLS, as OpenSSL's does. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type Clock, systemClock } from "../../lib/net/clock.ts";
import type { TlsConnection } from "../../lib/net/tls_client.ts";
import type { Pair } from "../support/certificates.ts";
import { OpensslClient } from "../support/openssl_client.ts";
import { certificates, tlsTest, TlsWorld } from "../support/tls_world.ts";

const GREETING = "welcome, whoever you are";
const DAY_MS = 86_400_000;
const VERSIONS = ["1.2", "1.3"] as const;
/** Sessions and RFD 80 mode are told apart only behind TLS. */
const PROTOCOLS = ["tele/2", "teleport-tcp-ping"];

/** A listener that asks for certificates of the shared CA and greets whom it lets in. */
function greeter(clientCa: string, clock?: Clock): Promise<TlsWorld> {
  const greet = async ({ duplex }: TlsConnection) => {
    await duplex.write(new TextEncoder().encode(GREETING));
    while (await duplex.read(new Uint8Array(64)) !== null);
    await duplex.closeWrite();
  };
  return TlsWorld.start(
    { clientCa, protocols: PROTOCOLS },
    clock,
    (connection) => void greet(connection).catch(() => {}),
  );
}

/** Connects several times with one client; says for each time whether it was let in. */
async function visits(
  world: TlsWorld,
  times: number,
  pair: Pair | undefined,
  version: "1.2" | "1.3",
  protocol: string,
) {
  await using client = await OpensslClient.make({ port: world.port, pair, version, protocol });
  const outcomes: { isResumed: boolean; isGreeted: boolean }[] = [];
  for (let time = 0; time < times; time++) outcomes.push(await client.connect(GREETING));
  return outcomes;
}

tlsTest("a stranger is refused again when it resumes what was refused", async () => {
  const { ca, otherCa } = await certificates();
  const world = await greeter(ca.cert);
  const stranger = await otherCa.issue();
  for (const version of VERSIONS) {
    for (const protocol of PROTOCOLS) {
      const outcomes = await visits(world, 3, stranger, version, protocol);
      assertEquals(outcomes.map(({ isGreeted }) => isGreeted), [false, false, false], `TLS ${version}, ${protocol}`);
      // Otherwise this would show nothing: the client takes up what the runtime offers to resume.
      assert(outcomes.some(({ isResumed }) => isResumed), `TLS ${version} was resumed`);
    }
  }
  for (const reason of world.refused) {
    assertEquals(reason, "its client certificate was issued by a CA that this server's --tls-client-ca does not have");
  }
  world.close();
});

tlsTest("the right client gets in each time, whether it resumes or not", async () => {
  const { ca, client } = await certificates();
  const world = await greeter(ca.cert);
  for (const version of VERSIONS) {
    const outcomes = await visits(world, 4, client, version, PROTOCOLS[0]!);
    assertEquals(outcomes.map(({ isGreeted }) => isGreeted), [true, true, true, true], `TLS ${version}`);
    assert(outcomes.some(({ isResumed }) => isResumed), `TLS ${version} was resumed`);
    assertEquals(await visits(world, 1, client, version, PROTOCOLS[1]!), [{ isResumed: false, isGreeted: true }]);
  }
  assertEquals(world.refused, []);
  world.close();
});

tlsTest("who has no CA any more is out, by resuming too, and who still has one stays", async () => {
  const { ca, otherCa, client, server } = await certificates();
  for (const version of VERSIONS) {
    const world = await greeter(ca.cert + otherCa.cert);
    const other = await otherCa.issue();
    await using staying = await OpensslClient.make({ port: world.port, pair: client, version, protocol: "tele/2" });
    await using leaving = await OpensslClient.make({ port: world.port, pair: other, version, protocol: "tele/2" });
    const both = async () => [(await staying.connect(GREETING)).isGreeted, (await leaving.connect(GREETING)).isGreeted];
    assertEquals([await both(), await both()], [[true, true], [true, true]]);
    world.listening.renew({ ...server, clientCa: ca.cert, protocols: PROTOCOLS });
    assertEquals([await both(), await both()], [[true, false], [true, false]], `TLS ${version}`);
    assertStringIncludes(await world.refusal(), "a CA that this server's --tls-client-ca does not have");
    // It was away for a while only.
    world.listening.renew({ ...server, clientCa: ca.cert + otherCa.cert, protocols: PROTOCOLS });
    assertEquals(await both(), [true, true]);
    world.close();
  }
});

tlsTest("a session of another listener is no pass", async () => {
  const { ca, client } = await certificates();
  for (const version of VERSIONS) {
    const [lax, strict] = await Promise.all([greeter(ca.cert), greeter(ca.cert)]);
    // The runtime's tickets are the process's, not the listener's.
    await using visitor = await OpensslClient.make({ port: lax.port, pair: client, version, protocol: "tele/2" });
    assertEquals(await visitor.connect(GREETING), { isResumed: false, isGreeted: true });
    const elsewhere = await visitor.connectTo(strict.port, GREETING);
    assertEquals(elsewhere.isGreeted, !elsewhere.isResumed);
    if (elsewhere.isResumed) assertStringIncludes(await strict.refusal(), "it resumed a TLS session without a client");
    lax.close();
    strict.close();
  }
});

tlsTest("a certificate that has expired since is no pass either", async () => {
  const { ca, client } = await certificates();
  for (const version of VERSIONS) {
    let aheadMs = 0;
    const clock = { ...systemClock, wallNow: () => Date.now() + aheadMs };
    const world = await greeter(ca.cert, clock);
    await using visitor = await OpensslClient.make({ port: world.port, pair: client, version, protocol: "tele/2" });
    assert((await visitor.connect(GREETING)).isGreeted);
    aheadMs = 31 * DAY_MS;
    assertEquals(await visitor.connect(GREETING), { isResumed: true, isGreeted: false });
    assertEquals(await world.refusal(), "its client certificate has expired: renew the client's --tls-cert");
    world.close();
  }
});
