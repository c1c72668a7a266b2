/** The client's end: what ends its session and what does not, and what it tells. */
import { concat } from "@std/bytes/concat";
import { assert, assertEquals, assertGreater, assertLessOrEqual, assertMatch } from "@std/assert";
import type { Duplex } from "../../../lib/net/duplex.ts";
import { TeleError } from "../../../lib/net/error.ts";
import { EndCode, FrameType } from "../../../lib/session/session_constants.ts";
import { fullField } from "../../../lib/session/handshake/fields.ts";
import { ServerHandshake } from "../../../lib/session/handshake/server_handshake.ts";
import { makeIdentityKeys } from "../../../lib/session/handshake/keys.ts";
import { encodeAccept } from "../../../lib/session/handshake/messages.ts";
import { encodeEnding } from "../../../lib/session/ending.ts";
import { frameOf } from "../../support/hand_made.ts";
import { SessionWorld } from "../../support/session_world.ts";

/** Answers like a tele server that does not know the session, and does `then` with the commit. */
async function sayUnknown(duplex: Duplex, then: (handshake: ServerHandshake) => unknown): Promise<void> {
  const handshake = new ServerHandshake(duplex);
  await handshake.hello();
  await handshake.challenge("unknown");
  await handshake.channel.receive();
  await then(handshake);
}

const IMPOSTORS: Record<string, (duplex: Duplex) => unknown> = {
  "a hotel portal": (duplex) =>
    duplex.write(new TextEncoder().encode("HTTP/1.1 302 Found\r\n\r\n")).then(() => duplex.close()),
  "garbage": (duplex) => duplex.write(new Uint8Array(300).fill(0xab)),
  "a balancer without servers, that closes at once": (duplex) => duplex.close(),
  "a listener that says nothing": () => {},
  "unknown session, without completing a handshake": (duplex) => sayUnknown(duplex, () => {}),
  "unknown session, then close": (duplex) => sayUnknown(duplex, () => duplex.close()),
  "unknown session, then an accept without a proof": (duplex) =>
    sayUnknown(
      duplex,
      ({ channel }) => channel.send(concat([new Uint8Array([FrameType.accept]), new Uint8Array(16 + 4 + 1 + 32)])),
    ),
  "unknown session, then no room, without a proof": (duplex) =>
    sayUnknown(duplex, ({ channel }) => {
      const body = { sessionId: new Uint8Array(16), number: 0, fields: fullField(false) };
      return channel.send(concat([encodeAccept(body), new Uint8Array(32)]));
    }),
  "unknown session, then a refusal": (duplex) =>
    sayUnknown(duplex, ({ channel }) => channel.send(encodeEnding("refuse", { code: EndCode.full, message: "full" }))),
  "a known session, then an accept without a proof": async (duplex) => {
    const handshake = new ServerHandshake(duplex);
    await handshake.hello();
    await handshake.challenge("ready");
    await handshake.channel.receive();
    await duplex.write(frameOf(FrameType.accept, new Uint8Array(16 + 4 + 1 + 32)));
  },
  "a goodbye in place of a challenge": (duplex) =>
    duplex.write(frameOf(encodeEnding("goodbye", { code: EndCode.replaced, message: "go" }))),
};
for (const [name, code] of Object.entries(EndCode)) {
  IMPOSTORS[`a refusal: ${name}`] = (duplex) => duplex.write(frameOf(encodeEnding("refuse", { code, message: name })));
}

for (const [name, answer] of Object.entries(IMPOSTORS)) {
  Deno.test(`during an outage wrong answers end nothing: ${name}`, async () => {
    const world = await SessionWorld.attached();
    world.onConnection = (duplex) => void Promise.resolve(answer(duplex)).catch(() => {});
    world.network.cut();
    world.here.send(1000);
    await world.clock.advance(8_000);
    assertGreater(world.network.pipes.length, 5);
    assertLessOrEqual(world.linesWith("client warn").length, 4, "no flood in the log");
    world.onConnection = world.toServer;
    world.client.wokeUp();
    await world.untilAttached();
    await world.exchange(1000);
    world.assertUnbroken();
    await world.end();
  });
}

Deno.test("a restarted server proves that it does not know the session: the old ends, a new one works", async () => {
  const world = await SessionWorld.attached();
  const former = world.here;
  world.here.send(2000);
  world.restartServer();
  await world.clock.advance(1_000);
  assertEquals(former.error?.code, "unknown-session");
  assertEquals(world.clientUsers.length, 2);
  assertEquals(world.linesWith("client warn: session lost").length, 1);
  await world.exchange(1000);
  assertEquals(world.here.error, undefined);
  await world.end();
});

Deno.test("after the unknown session's end there is one session on either side, and it resumes", async () => {
  const world = await SessionWorld.attached();
  world.restartServer();
  await world.clock.advance(1_000);
  world.network.cut();
  await world.exchange(50_000);
  assertEquals([world.clientUsers.length, world.server.sessionCount], [2, 1]);
  await world.end();
});

Deno.test("a client without streams whose last bytes were not taken tries as often as one with streams", async () => {
  const world = await SessionWorld.attached();
  world.network.blackHole();
  world.network.state = "refusing";
  world.here.send(5_000);
  world.here.streamCount = 0;
  await world.clock.advance(60_000);
  const before = world.network.dials;
  await world.clock.advance(30_000);
  assertGreater(world.network.dials - before, 30);
  world.network.state = "up";
  await world.untilDelivered();
  await world.end();
});

Deno.test("a refusal at first contact ends the waiting users with the server's words, and is tried again", async () => {
  const world = new SessionWorld();
  world.onConnection = (duplex) =>
    void duplex.write(frameOf(encodeEnding("refuse", { code: 3, message: "use the same release" })));
  const user = world.here;
  await world.clock.advance(100);
  assertEquals(user.error?.code, "refused");
  assert(user.error!.message.includes("use the same release"));
  world.onConnection = world.toServer;
  await world.untilAttached();
  await world.exchange(100);
  await world.end();
});

Deno.test("at first contact an end that an outage makes as well is a refusal only the fifth time in a row", async () => {
  const doubted = new TeleError("doubted", "it ended right after the TLS handshake");
  const lost = new TeleError("carrier-lost", "connection reset by peer");
  const four = Array<TeleError>(4).fill(doubted);
  for (const [failures, code] of [[[...four, lost, ...four], undefined], [[...four, doubted], "refused"]] as const) {
    const left = [...failures];
    const world: SessionWorld = new SessionWorld({
      client: {
        dial(signal) {
          const failure = left.shift();
          return failure === undefined ? world.network.dial(signal) : Promise.reject(failure);
        },
      },
    });
    const user = world.here;
    await world.untilAttached();
    assertEquals([left.length, user.error?.code], [0, code]);
    await world.exchange(100);
    await world.end();
  }
});

Deno.test("an address that is gone takes its carrier along at once; other changes do not", async () => {
  const world = await SessionWorld.attached({ network: { localAddress: "192.0.2.1" } });
  world.client.addressesChanged((address) => address === "192.0.2.1");
  await world.clock.settle();
  assertEquals(world.network.pipes.length, 1);
  world.client.addressesChanged(() => false);
  await world.clock.settle();
  assertEquals(world.network.pipes.length, 2);
  assertEquals(world.linesWith("the address 192.0.2.1 is gone").length, 1);
  await world.exchange(1000);
  world.assertUnbroken();
  await world.end();
});

Deno.test("an outage of an hour is nothing but time, and ends within a second when a user comes", async () => {
  const world = await SessionWorld.attached({ client: { identity: { keys: await makeIdentityKeys(), slot: 0 } } });
  world.network.state = "refusing";
  world.network.cut();
  world.here.send(5_000);
  world.there.send(5_000);
  await world.clock.advance(3_600_000);
  world.network.state = "up";
  world.client.hurry();
  await world.clock.advance(200);
  assert(world.client.isAttached);
  await world.untilDelivered(1_000);
  world.assertUnbroken();
  const told = world.linesWith("client warn").length;
  assert(told < 20, `${told} lines in an hour`);
  await world.end();
});

Deno.test("both logs tell an outage that is found at waking up with the time that its end was away", async () => {
  const world = await SessionWorld.attached();
  for (
    const [who, wakes] of [["client", () => world.client.wokeUp(12_000)], [
      "server",
      () => world.server.wasAway(12_000),
    ]] as const
  ) {
    const before = world.linesWith("resumed after").length;
    wakes();
    world.network.cut();
    await world.exchange(1000);
    const lines = world.linesWith("resumed after").slice(before);
    assertEquals(lines.length, 2);
    const own = lines.find((line) => line.startsWith(who))!;
    assertMatch(own, / resumed after 12\.\d s/);
    // The end that was here saw it begin.
    assertMatch(lines.find((line) => line !== own)!, / resumed after 0\.\d s/);
    await world.clock.advance(10_000);
  }
  await world.end();
});

/** The dead carrier was given up, and what waited on it has arrived by the next, each byte once. */
async function isLostOnceAndGoesOn(world: SessionWorld): Promise<void> {
  assertEquals(world.linesWith("client warn: link lost").length, 1);
  await world.untilDelivered(2_000);
  world.assertUnbroken();
  await world.end();
}

Deno.test("acknowledgements that waited through a sleep do not make the path look as long as the sleep", async () => {
  const world = await SessionWorld.attached({ network: { delayMs: 20 } });
  world.here.send(200_000);
  await world.clock.advance(25);
  // The acknowledgements are in this machine when it falls asleep; what comes behind them is lost.
  const [pipe] = world.network.pipes;
  pipe.bToA.hold();
  await world.clock.advance(30);
  await world.clock.stall(30_000);
  pipe.aToB.hold();
  world.client.wokeUp(30_000);
  pipe.bToA.release();
  await world.clock.advance(100);
  pipe.bToA.hold();
  await world.clock.advance(1_400);
  await isLostOnceAndGoesOn(world);
});

Deno.test("acknowledgements that are read before anybody knows of the sleep do not make the path look long either", async () => {
  const world = await SessionWorld.attached({ network: { delayMs: 20 } });
  await world.clock.advance(1_000);
  world.here.send(200_000);
  await world.clock.advance(25);
  const [pipe] = world.network.pipes;
  pipe.bToA.hold();
  await world.clock.advance(30);
  await world.clock.stall(30_000);
  pipe.aToB.hold();
  pipe.bToA.release();
  await world.clock.advance(10);
  pipe.bToA.hold();
  world.client.wokeUp(30_000);
  assertLessOrEqual(world.here.session!.roundTripMs, 100);
  await world.clock.advance(1_400);
  await isLostOnceAndGoesOn(world);
});

Deno.test("the answer to a question of before the sleep, read behind it, does not keep a dead carrier", async () => {
  const world = await SessionWorld.attached({ network: { delayMs: 20 } });
  // Much comes, so the client asks each second.
  world.there.send(100_000);
  await world.clock.advance(1_000);
  const [pipe] = world.network.pipes;
  pipe.bToA.hold();
  world.there.send(100_000);
  await world.clock.advance(1_500);
  await world.clock.stall(30_000);
  pipe.aToB.hold();
  world.client.wokeUp(30_000);
  pipe.bToA.release();
  await world.clock.advance(20);
  pipe.bToA.hold();
  await world.clock.advance(1_380);
  await isLostOnceAndGoesOn(world);
});

Deno.test("behind a sleep a long queue in front of the answer excuses nothing where another connection gets through", async () => {
  const world = await SessionWorld.attached({ network: { delayMs: 20 } });
  const [pipe] = world.network.pipes;
  // The round trip is 2 s.
  pipe.aToB.delayMs = pipe.bToA.delayMs = 1_000;
  for (let n = 0; n < 20; n++) {
    world.here.send(10_000);
    await world.clock.advance(500);
  }
  assertGreater(world.here.session!.roundTripMs, 1_500);
  world.network.blackHole();
  world.client.wokeUp();
  await world.clock.advance(1_400);
  assertEquals(world.linesWith("behind a suspension of this machine while another connection gets through").length, 1);
  await world.untilDelivered(2_000);
  world.assertUnbroken();
  await world.end();
});

Deno.test("a carrier in front of whose answer a queue stands that all share is kept behind a sleep", async () => {
  const world = await SessionWorld.attached({ network: { delayMs: 1_000 } });
  const { carrier } = world.here.session!;
  for (let n = 0; n < 20; n++) {
    world.here.send(10_000);
    await world.clock.advance(500);
  }
  await world.clock.advance(10_000);
  world.client.wokeUp();
  await world.clock.advance(10_000);
  assertEquals([world.here.session!.carrier === carrier, world.linesWith("lost")], [true, []]);
  await world.end();
});
