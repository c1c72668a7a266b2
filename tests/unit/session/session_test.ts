/** A session: counted bytes over any number of carriers, and what breaks it. */
import { concat } from "@std/bytes/concat";
import { encodeHex } from "@std/encoding/hex";
import { assert, assertEquals, assertGreater, assertLessOrEqual, assertRejects } from "@std/assert";
import type { Duplex } from "../../../lib/net/duplex.ts";
import { TeleError } from "../../../lib/net/error.ts";
import { type Segment, SegmentPool } from "../../../lib/session/segment_pool.ts";
import { EndCode, FrameType, MOST_TURN_COST } from "../../../lib/session/session_constants.ts";
import { HandshakeChannel } from "../../../lib/session/handshake/channel.ts";
import { decodeEnding, encodeEnding, RefusalError } from "../../../lib/session/ending.ts";
import { Session } from "../../../lib/session/session.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { memoryPipe } from "../../support/memory_pipe.ts";
import { ByteLayer, BYTES_ID } from "../../support/byte_layer.ts";
import { frameOf, handMade, someIdentity, u64 } from "../../support/hand_made.ts";
import { SessionWorld } from "../../support/session_world.ts";
import { dataFrame, windowsFrame } from "../../support/frames.ts";
import { readReceipts } from "../../../lib/session/handshake/fields.ts";
import fc from "fast-check";
import { limitsOf } from "../../../lib/session/session_limits.ts";

/** Counts the segments that are out. */
class CountedPool extends SegmentPool {
  out = 0;

  override take(): Segment {
    this.out++;
    return super.take();
  }

  override giveBack(segment: Segment): void {
    if (!segment.isSmall) this.out--;
    super.giveBack(segment);
  }
}

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

Deno.test("an upload gets on though each carrier dies before a word comes back on it", async () => {
  const world = await SessionWorld.attached({ network: { delayMs: 2, bytesPerSecond: 500_000 } });
  world.here.send(200_000);
  for (let carriers = 0; carriers < 15 && !world.isDelivered; carriers++) {
    await world.clock.advanceUntil(() => world.client.isAttached, 60_000, "attached");
    world.network.last!.bToA.blackHole();
    await world.clock.advance(40);
    world.network.cut();
    await world.clock.advance(1);
  }
  await world.untilDelivered(1);
  assertEquals(world.there.repeated, 0, "the server's receipts say what it has");
  world.assertUnbroken();
  await world.end();
});

Deno.test("a full log slows its user down and loses nothing", async () => {
  const world = await SessionWorld.attached({
    server: { replayBufferBytes: 50_000 },
    client: { replayBufferBytes: 50_000 },
  });
  world.network.last!.hold();
  world.here.send(400_000);
  await world.clock.advance(500);
  assertLessOrEqual(world.here.session!.budget.heldBytes, 50_000);
  world.network.last!.release();
  await world.untilDelivered();
  world.assertUnbroken();
  await world.end();
});

Deno.test("a session is called new until it has an identifier, and then by the first digits of that", async () => {
  const world = new SessionWorld();
  assertEquals(world.here.session!.name, "new");
  await world.untilAttached();
  const { id, name } = world.here.session!;
  assertEquals([name, world.there.session!.name], [encodeHex(id.subarray(0, 4)), name]);
  assertEquals(world.here.session!.name, name, "it is asked for again");
  await world.end();
});

Deno.test("window values arrive, and of those that are lost with a carrier the stream is named", async () => {
  const world = await SessionWorld.attached();
  const values = [{ id: 1, limit: 70_000 }, { id: 9, limit: 5 }];
  world.here.windows.push(...values);
  world.here.session!.wake();
  await world.clock.advance(10);
  assertEquals([world.there.windowsSeen, world.here.windowsLost], [values, []]);
  world.network.last!.hold();
  world.here.windows.push(...values);
  world.here.session!.wake();
  await world.clock.advance(10);
  world.network.cut();
  await world.untilAttached();
  await world.exchange(10);
  assertEquals(
    [world.there.windowsSeen, world.here.windowsLost],
    [values, [1, 9]],
    "the stream tells its newest value",
  );
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

Deno.test("a session without streams is empty though a window value of a former one was not taken", async () => {
  const world = await SessionWorld.attached();
  const { session } = world.there;
  await world.clock.advance(100);
  world.network.blackHole();
  world.there.windows = [{ id: 1, limit: 300 }];
  session!.wake();
  await world.clock.advance(100);
  world.there.streamCount = 0;
  assertEquals([session!.isEmpty, session!.budget.heldBytes], [true, 17]);
  await world.end();
});

Deno.test("a count that is impossible ends the session loudly on both sides, on resume and in an acknowledgement", async () => {
  const world = new SessionWorld();
  const { dial, join, sessionId } = await handMade(world);
  const { handshake } = await dial(sessionId);
  const receipts = [{ number: 0, taken: 5_000 }];
  const error = await assertRejects(() => join(handshake, 1, receipts), RefusalError, "took 5000 bytes");
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

Deno.test("a session that ends while a read waits for its next turn lets go of the read's memory", async () => {
  const clock = new FakeClock();
  const pool = new CountedPool({ plenty: 4 });
  const user = new ByteLayer(1);
  let cost = 0;
  user.costOf = () => cost;
  const session = new Session({ end: "client", clock, pool, upper: user, limits: limitsOf({}), onDetached: () => {} });
  const pipe = memoryPipe({ clock });
  session.attach({ duplex: pipe.a, number: 0, leftover: new Uint8Array(0) });
  // Large reads are into segments of the pool.
  const frames = concat(Array.from({ length: 3_000 }, () => windowsFrame([1, 1])));
  await clock.run(pipe.b.write(frames));
  await clock.settle();
  assertEquals([user.windowsSeen.length, pool.out], [3_000, 1]);
  cost = MOST_TURN_COST;
  await clock.run(pipe.b.write(frames.subarray(0, 17 * 100)));
  await clock.settle();
  assert(user.windowsSeen.length < 3_050, "what is left of the read waits");
  session.end(new TeleError("closed", "the test ends"));
  await clock.advance(100);
  assertEquals([pool.out, clock.pendingTimers], [0, 0]);
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
  const tooLarge = frameOf(FrameType.goodbye, new Uint8Array(17 * 1024));
  const unknown = [0x10, 0x1f, 0x80, 0xff].map((type) => frameOf(type));
  for (const bad of [...unknown, frameOf(FrameType.probe, 1), frameOf(FrameType.acknowledge, 1), tooLarge]) {
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

Deno.test("an unknown counted frame, one that is too large, or data without its header ends the session", async () => {
  const tooLarge = frameOf(FrameType.windows, new Uint8Array(17 * 1024));
  const short = frameOf(FrameType.data, new Uint8Array(11));
  for (const bad of [frameOf(0x22), frameOf(0x3f), frameOf(0x29, new Uint8Array(17 * 1024)), tooLarge, short]) {
    const world = await SessionWorld.attached();
    const { here, there } = world;
    await world.network.last!.a.write(bad);
    await world.clock.advance(100);
    // The next carrier would only bring it again, for ever.
    assertEquals([there.error?.code, here.error?.message], ["protocol", there.error?.message]);
    await world.end();
  }
});

Deno.test("a frame of a type that means nothing yet is skipped, and counted if it is of those", async () => {
  const world = new SessionWorld();
  const { dial, join, pipe, sessionId } = await handMade(world);
  for (const type of [0x40, 0x5f, 0x60, 0x7f]) await pipe.a.write(frameOf(type, new Uint8Array(20_000)));
  await world.clock.advance(100);
  assertEquals(pipe.isOver, false);
  const { accept } = await join((await dial(sessionId)).handshake, 1, [{ number: 0, taken: 0 }]);
  assertEquals(readReceipts(accept.fields), [{ number: 0, taken: 18 + 2 * 20_005 }]);
  await world.end();
});

Deno.test("a receipt for a carrier that is settled, the lane of a carrier and a want change nothing", async () => {
  const receipt = frameOf(FrameType.receipt, new Uint8Array([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9]));
  const world = await SessionWorld.attached();
  await world.network.last!.cut();
  await world.exchange(1000);
  const carrier = world.network.last!;
  await carrier.a.write(receipt);
  await carrier.b.write(receipt);
  await carrier.a.write(frameOf(FrameType.lane, 0, 0, 0, 1, 1));
  await carrier.b.write(frameOf(FrameType.want, 0, 0, 0, 1, 5));
  await world.exchange(1000);
  assertEquals(carrier.isOver, false);
  world.assertUnbroken();
  await world.end();
});

Deno.test("an impossible receipt, a lane by the server, one of another carrier and a want by the client end the session", async () => {
  const receipt = (number: number) =>
    frameOf(FrameType.receipt, new Uint8Array([0, 0, 0, number, ...Array(8).fill(0)]));
  const lane = (number: number) => frameOf(FrameType.lane, 0, 0, 0, number, 1);
  const want = frameOf(FrameType.want, 0, 0, 0, 1, 5);
  const [fromClient, fromServer] = [[receipt(0), receipt(1), lane(1), want], [receipt(0), receipt(1), lane(0)]];
  for (const [side, frames] of [["a", fromClient], ["b", fromServer]] as const) {
    for (const bad of frames) {
      const world = await SessionWorld.attached();
      const { here, there } = world;
      await world.network.last![side].write(bad);
      await world.clock.advance(100);
      const judge = side === "a" ? there : here;
      assertEquals(judge.error?.code, "protocol", `${bad}`);
      await world.end();
    }
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
      end: "client",
      clock,
      pool: new SegmentPool({ plenty: 4 }),
      upper: user,
      limits: limitsOf({ replayBufferBytes: 1000 }),
      onDetached: () => ended.push("detached"),
      onEnded: (error) => ended.push(error.message),
    });
    const pipe = memoryPipe();
    const leftover = refused === "data"
      ? dataFrame(BYTES_ID, 0, new Uint8Array([7]))
      : frameOf(encodeEnding("goodbye", { code: EndCode.shutdown, message: "not allowed" }));
    session.attach({ duplex: pipe.a, number: 0, leftover });
    await clock.advance(1_000);
    assertEquals(ended, ["not allowed"]);
    assertEquals([pipe.isOver, clock.pendingTimers, session.carrier], [true, 0, undefined]);
  }
});

Deno.test("data that cannot be kept costs its carrier, is not counted, and comes again on the next one", async () => {
  const world = await SessionWorld.attached();
  const { here, there } = world;
  there.refusal = new TeleError("carrier-lost", "there is no memory for it");
  here.send(1_000);
  await world.clock.advance(10);
  there.refusal = undefined;
  await world.untilDelivered();
  assertGreater(world.network.pipes.length, 1);
  assertEquals(there.repeated, 0, "the receipts said what was taken");
  assertGreater(world.linesWith("there is no memory for it").length, 0);
  world.assertUnbroken();
  await world.end();
});
