/** A session: counted bytes over any number of carriers, and what breaks it. */
import { assertEquals, assertGreater, assertLessOrEqual, assertRejects } from "@std/assert";
import type { Duplex } from "../../../lib/net/duplex.ts";
import { TeleError } from "../../../lib/net/error.ts";
import { SegmentPool } from "../../../lib/session/segment_pool.ts";
import { EndCode, FrameType } from "../../../lib/session/session_constants.ts";
import { HandshakeChannel } from "../../../lib/session/handshake/channel.ts";
import { decodeEnding, encodeEnding, RefusalError } from "../../../lib/session/ending.ts";
import { Session } from "../../../lib/session/session.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { memoryPipe } from "../../support/memory_pipe.ts";
import { ByteLayer } from "../../support/byte_layer.ts";
import { frameOf, handMade, someIdentity, u64 } from "../../support/hand_made.ts";
import { SessionWorld } from "../../support/session_world.ts";
import fc from "fast-check";
import { limitsOf } from "../../../lib/session/session_limits.ts";

const SEED = 42;
const KIB = 1024;

Deno.test("a session carries bytes both ways", async () => {
  const world = await SessionWorld.attached();
  await world.exchange(500 * KIB);
  world.assertUnbroken();
  assertEquals(world.network.pipes.length, 1);
  assertEquals(world.linesWith("link up: new session").length, 1);
  await world.end();
});

Deno.test("bytes that are sent before there is a carrier wait for it", async () => {
  const world = new SessionWorld();
  world.network.state = "unreachable";
  world.here.send(70_000);
  await world.clock.advance(8_000);
  world.network.state = "up";
  await world.untilAttached();
  await world.untilDelivered();
  world.assertUnbroken();
  await world.end();
});

Deno.test("a carrier cut at any byte of handshake and first data loses nothing and ends no session", async () => {
  for (const direction of ["aToB", "bToA"] as const) {
    // The handshake has less than 200 bytes each way, in which no header of a message is passed over.
    for (let cut = 0; cut <= 420; cut += cut < 200 ? 3 : 20) {
      const world = new SessionWorld();
      world.network.onPipe = (pipe, index) => {
        if (index === 0) pipe[direction].cutAfter(cut);
      };
      world.here.send(300);
      await world.untilAttached();
      await world.exchange(300);
      world.assertUnbroken();
      await world.end();
    }
  }
});

Deno.test("carriers cut at any byte, any number of times, deliver every byte once and in order (fuzz)", async () => {
  const cut = fc.record({
    direction: fc.constantFrom("aToB" as const, "bToA" as const),
    at: fc.oneof(fc.nat(600), fc.nat(9_000), fc.nat(150_000)),
  });
  const plan = fc.record({
    cuts: fc.array(cut, { maxLength: 12 }),
    seed: fc.nat(1000),
    delayMs: fc.constantFrom(0, 1, 20),
    maxChunk: fc.constantFrom(undefined, 700, 5_000),
    here: fc.nat(200_000),
    there: fc.nat(200_000),
  });
  await fc.assert(
    fc.asyncProperty(plan, async ({ cuts, seed, delayMs, maxChunk, here, there }) => {
      const world = new SessionWorld({ network: { seed, delayMs, maxChunk } });
      world.network.onPipe = (pipe, index) => {
        if (index < cuts.length) pipe[cuts[index].direction].cutAfter(cuts[index].at);
      };
      world.here.send(here);
      await world.untilAttached();
      world.there.send(there);
      await world.clock.advanceUntil(() => world.isDelivered, 300_000, "everything arrived");
      world.assertUnbroken();
      await world.end();
    }),
    { seed: SEED, numRuns: 40 },
  );
});

Deno.test("carriers that each live for 4 KiB still finish", async () => {
  for (const direction of ["aToB", "bToA"] as const) {
    const world = await SessionWorld.attached();
    world.network.onPipe = (pipe) => pipe[direction].cutAfter(4 * KIB);
    world.network.cut();
    const before = world.network.pipes.length;
    world.here.send(100 * KIB);
    world.there.send(100 * KIB);
    await world.untilDelivered(120_000);
    assertGreater(world.network.pipes.length - before, 25);
    world.assertUnbroken();
    await world.end();
  }
});

Deno.test("a full replay log slows its user down and loses nothing", async () => {
  const world = await SessionWorld.attached({
    server: { replayBufferBytes: 50_000 },
    client: { replayBufferBytes: 50_000 },
  });
  world.network.last!.hold();
  world.here.send(400_000);
  await world.clock.advance(500);
  assertLessOrEqual(world.here.session!.replayLog.heldBytes, 50_000);
  world.network.last!.release();
  await world.untilDelivered();
  world.assertUnbroken();
  await world.end();
});

Deno.test("hints arrive, and those told on attaching come with every carrier", async () => {
  const world = await SessionWorld.attached();
  world.here.hints = [1, 2, 3];
  world.here.session!.wake();
  await world.clock.advance(10);
  assertEquals(world.there.hintsSeen, [1, 2, 3]);
  const before = world.there.attachedTimes;
  world.network.cut();
  await world.untilAttached();
  await world.exchange(10);
  assertEquals(world.there.attachedTimes, before + 1);
  await world.end();
});

const MINUTE_MS = 60_000;

Deno.test("a session without streams is not empty before the peer has taken its last bytes", async () => {
  const world = await SessionWorld.attached({ client: { identity: await someIdentity() } });
  world.network.blackHole();
  world.network.state = "unreachable";
  world.there.send(5_000);
  await world.clock.advance(100);
  world.there.streamCount = 0;
  await world.clock.advance(150 * MINUTE_MS);
  assertEquals([world.server.sessionCount, world.there.error], [1, undefined]);
  world.network.state = "up";
  await world.untilDelivered();
  world.assertUnbroken();
  await world.end();
});

Deno.test("a count that is impossible ends the session loudly on both sides, on resume and in an acknowledgement", async () => {
  const world = new SessionWorld();
  const { dial, resume, sessionId } = await handMade(world);
  const { handshake } = await dial(sessionId);
  const error = await assertRejects(() => resume(handshake, 1, 5_000), RefusalError, "received 5000 bytes");
  assertEquals([error.endCode, world.there.error?.code], [EndCode.protocol, "protocol"]);
  assertEquals(world.server.sessionCount, 0);
  assertGreater(world.linesWith("which cannot be").length, 0);

  const second = await handMade(world);
  await second.pipe.a.write(frameOf(FrameType.acknowledge, u64(1_000_000)));
  const ending = await goodbyeOn(second.pipe.a);
  assertEquals(ending.code, EndCode.protocol);
  assertEquals(world.there.error?.code, "protocol");
  await world.end();
});

/** The goodbye that comes behind whatever else comes. */
async function goodbyeOn(duplex: Duplex) {
  const channel = new HandshakeChannel(duplex);
  for (;;) {
    const frame = await channel.receive();
    if (frame[0] === FrameType.goodbye) return decodeEnding(frame);
  }
}

Deno.test("an unknown frame or a control frame that is too large ends its carrier only", async () => {
  const tooLarge = frameOf(FrameType.hint, new Uint8Array(17 * 1024));
  for (const bad of [frameOf(0x77), frameOf(FrameType.probe, 1), frameOf(FrameType.acknowledge, 1), tooLarge]) {
    const world = await SessionWorld.attached();
    const carrier = world.network.last!;
    await carrier.a.write(bad);
    await world.clock.advance(100);
    assertEquals(carrier.isOver, true);
    await world.exchange(1000);
    world.assertUnbroken();
    await world.end();
  }
});

Deno.test("a user that refuses what came ends the session with a goodbye that says why", async () => {
  const world = await SessionWorld.attached();
  world.there.refusal = new TeleError("protocol", "the peer sent more than it may");
  const [here, there] = [world.here, world.there];
  here.send(10);
  await world.clock.advance(100);
  assertEquals([there.error?.message, here.error?.message], Array(2).fill("the peer sent more than it may"));
  assertEquals(there.error?.code, "protocol");
  await world.end();
});

Deno.test("bytes that came with the handshake and break a rule end session and carrier", async () => {
  for (const refused of ["data", "goodbye"]) {
    const clock = new FakeClock();
    const user = new ByteLayer(1);
    if (refused === "data") user.refusal = new TeleError("protocol", "not allowed");
    const ended: string[] = [];
    const session = new Session({
      clock,
      pool: new SegmentPool({ plenty: 4 }),
      upper: user,
      limits: limitsOf({ replayBufferBytes: 1000 }),
      onDetached: () => ended.push("detached"),
      onEnded: (error) => ended.push(error.message),
    });
    const pipe = memoryPipe();
    const leftover = refused === "data"
      ? frameOf(FrameType.data, 7)
      : frameOf(encodeEnding("goodbye", { code: EndCode.shutdown, message: "not allowed" }));
    session.attach({ duplex: pipe.a, peerReceived: 0, leftover });
    await clock.advance(1_000);
    assertEquals(ended, ["not allowed"]);
    assertEquals([pipe.isOver, clock.pendingTimers, session.carrier], [true, 0, undefined]);
  }
});
