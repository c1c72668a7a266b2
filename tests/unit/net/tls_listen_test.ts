/** Listening with TLS: who is let in, and for how long strangers may stay. */
import { assertEquals, assertRejects } from "@std/assert";
import { TeleError } from "../../../lib/net/error.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { certificates, tlsTest, TlsWorld } from "../../support/tls_world.ts";
import { until, within } from "../../support/wait.ts";

const hello = new TextEncoder().encode("hello");

tlsTest("renew changes what later connections see, and not those that are there", async () => {
  const { ca, otherCa, client } = await certificates();
  const world = await TlsWorld.start();
  const [near, far] = await world.pair();
  const renewed = await otherCa.issue();
  world.listening.renew({ ...renewed, clientCa: ca.cert, protocols: ["tele/2"] });
  assertEquals((await world.failure({ protocols: ["tele/2"] })).split(":")[0], "untrusted");
  const later = await world.dial({ ca: otherCa.cert, certificate: client, protocols: ["tele/2"] });
  assertEquals(later.protocol, "tele/2");
  await near.duplex.write(hello);
  assertEquals(await far.duplex.read(new Uint8Array(8)), 5);

  await assertRejects(
    () => Promise.resolve().then(() => world.listening.renew({ cert: "nonsense", key: "", protocols: [] })),
    TeleError,
    "--tls-cert",
  );
  assertEquals((await world.dial({ ca: otherCa.cert, certificate: client, protocols: ["tele/2"] })).protocol, "tele/2");
  world.close();
});

tlsTest("a stranger that says nothing, or half a hello, is closed after 10 s", async () => {
  const clock = new FakeClock({ wallMs: Date.now() });
  const world = await TlsWorld.start({}, clock);
  const strangers = await Promise.all([0, 1].map(() => Deno.connect({ hostname: "127.0.0.1", port: world.port })));
  await strangers[1]!.write(new Uint8Array([0x16, 3, 1, 2, 0, 1]));
  await until(() => world.listening.strangers === 2, 10_000, "two strangers");
  await clock.advance(9_999);
  assertEquals(world.listening.strangers, 2);
  await clock.advance(1);
  for (const stranger of strangers) {
    assertEquals(await within(stranger.read(new Uint8Array(8)).catch(() => null), 10_000, "its end"), null);
    stranger.close();
  }
  assertEquals(world.listening.strangers, 0);
  for (let i = 0; i < 2; i++) assertEquals(await world.refusal(), "no complete handshake within 10 s");
  world.close();
});

tlsTest("of more than 512 strangers the oldest go, and their sockets with them", async () => {
  const world = await TlsWorld.start();
  const strangers: Deno.TcpConn[] = [];
  const ended: number[] = [];
  for (let at = 0; at < 600; at++) {
    const stranger = await Deno.connect({ hostname: "127.0.0.1", port: world.port });
    strangers.push(stranger);
    stranger.read(new Uint8Array(8)).catch(() => null).then(() => ended.push(at));
  }
  await until(() => ended.length >= 88, 5_000, "the end of the oldest");
  assertEquals(world.listening.strangers, 512);
  assertEquals(ended.toSorted((a, b) => a - b), Array.from({ length: 88 }, (_, at) => at));
  const known = await world.pair();
  await known[0].duplex.write(hello);
  assertEquals(await known[1].duplex.read(new Uint8Array(8)), 5);
  world.close();
  await until(() => ended.length === 600, 5_000, "the end of all");
  for (const stranger of strangers) stranger.close();
});
