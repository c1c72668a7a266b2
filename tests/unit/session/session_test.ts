import { assert, assertEquals, assertGreater, assertGreaterOrEqual, assertLessOrEqual, assertMatch } from "@std/assert";
import fc from "fast-check";
import type { Duplex } from "../../../lib/net/duplex.ts";
import { SegmentPool } from "../../../lib/net/segment_pool.ts";
import { FrameDecoder } from "../../../lib/ping/codec.ts";
import {
  FrameType,
  MAX_SESSION_FRAME_BYTES,
  MOST_ACKNOWLEDGE_DELAY_MS,
} from "../../../lib/session/session_constants.ts";
import { makeIdentityKeys } from "../../../lib/session/handshake/keys.ts";
import { World } from "../../support/session_world.ts";

const SEED = 42;
const KIB = 1024;

Deno.test("a session carries bytes both ways", async () => {
  const world = await World.attached();
  await world.exchange(500 * KIB);
  world.assertUnbroken();
  assertEquals(world.network.pipes.length, 1);
  assertEquals(world.linesWith("link up: new session").length, 1);
  await world.end();
});

Deno.test("bytes that are sent before there is a carrier wait for it", async () => {
  const world = new World();
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
    for (let cut = 0; cut <= 420; cut += 3) {
      const world = new World();
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
      const world = new World({ network: { seed, delayMs, maxChunk } });
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
    const world = await World.attached();
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
  const world = await World.attached({ server: { replayBufferBytes: 50_000 }, client: { replayBufferBytes: 50_000 } });
  world.network.last!.hold();
  world.here.send(400_000);
  await world.clock.advance(500);
  assertLessOrEqual(world.here.session!.log.heldBytes, 50_000);
  world.network.last!.release();
  await world.untilDelivered();
  world.assertUnbroken();
  await world.end();
});

Deno.test("a black hole is found within four seconds by whoever waits, and nothing is lost", async () => {
  const idle = 0;
  for (const [here, there] of [[1000, idle], [idle, 1000], [300 * KIB, 300 * KIB], [idle, idle]]) {
    const world = await World.attached();
    await world.clock.advance(2_000);
    world.network.blackHole();
    const start = world.clock.now();
    world.here.send(here);
    world.there.send(there);
    await world.clock.advanceUntil(() => world.linesWith("client warn: link lost").length > 0, 10_000, "lost");
    const tookMs = world.clock.now() - start;
    assertGreaterOrEqual(tookMs, 1_500);
    assertLessOrEqual(tookMs, 4_000);
    await world.untilDelivered();
    await world.clock.advance(100);
    assertEquals(world.network.pipes.length, 2);
    world.assertUnbroken();
    await world.end();
  }
});

Deno.test("the server finds a black hole by itself within four seconds", async () => {
  const world = await World.attached();
  world.network.state = "unreachable";
  world.network.blackHole();
  await world.clock.advance(4_000);
  assertEquals(world.linesWith("lost its link: silent for").length, 1);
  world.network.state = "up";
  await world.exchange(1000);
  world.assertUnbroken();
  await world.end();
});

Deno.test("a hole in one direction only is found too", async () => {
  for (const direction of ["aToB", "bToA"] as const) {
    const world = await World.attached();
    world.network.last![direction].blackHole();
    const carrier = world.here.session!.carrier;
    world.here.send(1000);
    world.there.send(1000);
    await world.clock.advanceUntil(() => world.here.session!.carrier !== carrier, 10_000, "another carrier");
    await world.untilDelivered();
    world.assertUnbroken();
    await world.end();
  }
});

Deno.test("an idle carrier that is a black hole is found within five seconds once somebody types", async () => {
  const world = await World.attached();
  await world.clock.advance(200_000);
  assertEquals(world.network.pipes.length, 1);
  world.network.blackHole();
  await world.clock.advance(5_000);
  assertEquals(world.network.pipes.length, 1, "silence was promised");
  const start = world.clock.now();
  world.here.send(1);
  await world.untilDelivered(10_000);
  assertLessOrEqual(world.clock.now() - start, 5_000);
  world.assertUnbroken();
  await world.end();
});

Deno.test("a slow path with a deep queue is not taken for dead", async () => {
  const world = new World({ network: { bytesPerSecond: 32_000, delayMs: 300, bufferBytes: 256 * KIB } });
  world.client;
  await world.untilAttached();
  await world.exchange(600 * KIB, 120_000);
  assertEquals(world.linesWith("lost"), []);
  await world.end();
});

for (const kbit of [16, 64, 256]) {
  Deno.test(`a live carrier of ${kbit} kbit/s with a second or a minute of queue is not taken for dead, either way`, async () => {
    const network = { bytesPerSecond: kbit * 125, delayMs: 50, bufferBytes: 1 << 20 };
    for (const [up, down] of [[1, 0], [0, 1], [1, 1]]) {
      const world = await World.attached({ network });
      const bytes = 40 * kbit * 125;
      if (up === 1) world.here.send(bytes);
      if (down === 1) world.there.send(bytes);
      // What flows beside the bulk waits for its acknowledgement behind the peer's own bytes.
      for (let seconds = 0; seconds < 40; seconds++) {
        world.here.send(1);
        world.there.send(1);
        await world.clock.advance(1_000);
      }
      assertEquals(world.linesWith("lost"), []);
      world.network.cut();
      await world.end();
    }
  });
}

Deno.test("a black hole on a quick path is found in seconds with bytes under way, also right behind another one", async () => {
  for (const delayMs of [1, 20, 50]) {
    const world = await World.attached({ network: { delayMs } });
    // Little has moved when the first opens, and something of the backlog has come back.
    world.here.send(20_000);
    await world.clock.advance(250 + 2 * delayMs);
    for (let carriers = 2; carriers <= 3; carriers++) {
      world.here.send(60_000);
      world.network.blackHole();
      const openedMs = world.clock.now();
      await world.clock.advanceUntil(
        () => world.client.isAttached && world.network.pipes.length === carriers,
        8_000,
        "another",
      );
      assertLessOrEqual(world.clock.now() - openedMs, 6_000);
    }
    await world.untilDelivered();
    world.assertUnbroken();
    await world.end();
  }
});

Deno.test("who comes from a quick path to a slow one loses one carrier there at the most", async () => {
  for (const delayMs of [1, 50]) {
    const world = await World.attached({ network: { delayMs, bufferBytes: 1 << 20 } });
    world.here.send(1_000_000);
    await world.clock.advance(1_000);
    world.network.onPipe = (pipe) => {
      pipe.aToB.bytesPerSecond = pipe.bToA.bytesPerSecond = 2_000;
    };
    world.network.cut();
    world.here.send(80_000);
    for (let seconds = 0; seconds < 60; seconds++) {
      world.there.send(1);
      await world.clock.advance(1_000);
    }
    assertLessOrEqual(world.network.pipes.length, 3);
    world.network.cut();
    await world.end();
  }
});

Deno.test("a path that dies one way while bytes come the other way is given up within seconds", async () => {
  for (const dies of ["aToB", "bToA"] as const) {
    const world = await World.attached({ network: { bytesPerSecond: 125_000, delayMs: 20 } });
    world.here.send(10_000_000);
    world.there.send(10_000_000);
    await world.clock.advance(3_000);
    world.network.last![dies].blackHole();
    await world.clock.advanceUntil(() => world.network.pipes.length === 2, 12_000, "another carrier");
    world.assertUnbroken();
    await world.end();
  }
});

Deno.test("a machine that was suspended reads what waits before it judges anyone", async () => {
  for (const stallMs of [5_000, 60_000, 3_600_000]) {
    const world = await World.attached();
    const pipe = world.network.last!;
    pipe.hold();
    world.here.send(50_000);
    world.there.send(50_000);
    await world.clock.stall(stallMs);
    pipe.release();
    await world.untilDelivered();
    await world.clock.advance(10_000);
    assertEquals(world.network.pipes.length, 1);
    assertEquals(world.linesWith("lost"), []);
    await world.end();
  }
});

Deno.test("after a wake-up a carrier that is gone is found in about a second, a good one is kept", async () => {
  const world = await World.attached();
  await world.clock.advance(150_000);
  world.client.wokeUp();
  await world.clock.advance(3_000);
  assertEquals(world.network.pipes.length, 1);
  world.network.blackHole();
  world.client.wokeUp();
  const start = world.clock.now();
  await world.clock.advanceUntil(() => world.network.pipes.length === 2, 10_000, "a new carrier");
  assertLessOrEqual(world.clock.now() - start, 2_250);
  await world.exchange(1000);
  world.assertUnbroken();
  await world.end();
});

Deno.test("a wake-up costs no carrier whose round trip is longer than a second", async () => {
  const world = await World.attached({ network: { delayMs: 700 } });
  await world.clock.advance(100_000);
  const before = world.network.pipes.length;
  world.client.wokeUp();
  await world.clock.advance(15_000);
  assertEquals([world.network.pipes.length - before, world.linesWith("lost")], [0, []]);
  await world.end();
});

Deno.test("an address that is gone takes its carrier along at once; other changes do not", async () => {
  const world = await World.attached({ network: { localAddress: "192.0.2.1" } });
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
  const world = await World.attached({ client: { identity: { keys: await makeIdentityKeys(), slot: 0 } } });
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

Deno.test("hints arrive, and those told on attaching come with every carrier", async () => {
  const world = await World.attached();
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

/** A frame on its way: when, its type, and for a probe the silence it promises. */
interface Sent {
  atMs: number;
  type: number;
  promisedMs: number;
}

/** Tells of every frame that is written to `duplex`. */
function watched(duplex: Duplex, clock: { now(): number }, told: (sent: Sent) => void): Duplex {
  let payload: number[] = [];
  const decoder = new FrameDecoder(MAX_SESSION_FRAME_BYTES, {
    frameStart: () => void (payload = []),
    frameData: (bytes) => void payload.push(...bytes.subarray(0, 8)),
    frameEnd: () => {
      const view = new DataView(new Uint8Array(payload).buffer);
      const isProbe = payload[0] === FrameType.probe;
      told({ atMs: clock.now(), type: payload[0], promisedMs: isProbe ? view.getUint32(2) : NaN });
    },
  });
  return {
    peer: duplex.peer,
    read: (into) => duplex.read(into),
    write: (bytes) => {
      decoder.push(bytes);
      return duplex.write(bytes);
    },
    closeWrite: () => duplex.closeWrite(),
    abort: (reason) => duplex.abort(reason),
    close: () => duplex.close(),
  };
}

Deno.test("a carrier holds a large buffer while much comes, and lets go of it when little does", async () => {
  const pool = new SegmentPool({ plenty: 1 });
  const world = await World.attached({ server: { pool } });
  assert(!pool.isScarce, "at first it is a small one");
  world.here.send(100_000);
  await world.clock.advanceUntil(() => pool.isScarce, 5_000, "a large one is out");
  await world.untilDelivered();
  await world.clock.advance(300_000);
  assert(!pool.isScarce, "signs of life do not need it");
  await world.end();
});

Deno.test("a busy carrier promises a second of silence and keeps it; an idle one promises the ping interval", async () => {
  const frames: Sent[] = [];
  const world = new World();
  world.onConnection = (duplex) => world.toServer(watched(duplex, world.clock, (sent) => void frames.push(sent)));
  world.client;
  await world.untilAttached();
  await world.exchange(100);
  const busyUntil = world.clock.now() + 59_000;
  await world.clock.advance(400_000);

  const probes = frames.filter((frame) => frame.type === FrameType.probe);
  const busy = probes.filter((probe) => probe.atMs < busyUntil);
  assertEquals(new Set(busy.map((probe) => probe.promisedMs)), new Set([1_000]));
  const idle = probes.filter((probe) => probe.atMs > busyUntil + 3_000);
  assertEquals(new Set(idle.map((probe) => probe.promisedMs)), new Set([30_000]));
  const told = probes.find((probe) => probe.promisedMs === 30_000)!;
  assert(told.atMs > busyUntil && told.atMs < busyUntil + 3_000, "the longer silence is promised before it is kept");

  let promisedMs = 1_000;
  for (const [at, frame] of frames.entries()) {
    if (at > 0) assertLessOrEqual(frame.atMs - frames[at - 1].atMs, promisedMs, "no promise is broken");
    if (frame.type === FrameType.probe) promisedMs = frame.promisedMs;
  }
  assertLessOrEqual(idle.length, 400_000 / 28_000, "an idle carrier is quiet");
  assertEquals(world.network.pipes.length, 1);
  await world.end();
});

Deno.test("a carrier that becomes busy again promises a second at once", async () => {
  const frames: Sent[] = [];
  const world = new World();
  world.onConnection = (duplex) => world.toServer(watched(duplex, world.clock, (sent) => void frames.push(sent)));
  world.client;
  await world.untilAttached();
  await world.exchange(100);
  await world.clock.advance(200_000);
  frames.length = 0;
  const start = world.clock.now();
  world.there.send(10);
  await world.clock.advance(100);
  const probe = frames.find((frame) => frame.type === FrameType.probe)!;
  assertEquals([probe.promisedMs, probe.atMs], [1_000, start]);
  await world.end();
});

Deno.test("a ping interval below a second is kept", async () => {
  const frames: Sent[] = [];
  const world = new World({ server: { pingIntervalMs: 400 }, client: { pingIntervalMs: 400 } });
  world.onConnection = (duplex) => world.toServer(watched(duplex, world.clock, (sent) => void frames.push(sent)));
  world.client;
  await world.untilAttached();
  await world.clock.advance(2_000);
  frames.length = 0;
  await world.clock.advance(100_000);
  for (let at = 1; at < frames.length; at++) assertLessOrEqual(frames[at].atMs - frames[at - 1].atMs, 400);
  assertGreaterOrEqual(frames.length, 250);
  await world.end();
});

Deno.test("received bytes are acknowledged after a few milliseconds and every 64 KiB", async () => {
  const frames: Sent[] = [];
  const world = new World({ network: { bytesPerSecond: 1_000_000 } });
  world.onConnection = (duplex) => world.toServer(watched(duplex, world.clock, (sent) => void frames.push(sent)));
  world.client;
  await world.untilAttached();
  frames.length = 0;
  const start = world.clock.now();
  world.here.send(1);
  await world.clock.advance(10);
  const acknowledged = frames.find((frame) => frame.type === FrameType.acknowledge)!;
  assertLessOrEqual(acknowledged.atMs - start, 6);
  world.here.send(400_000);
  await world.untilDelivered();
  await world.clock.advance(10);
  assertEquals(world.here.session!.log.heldBytes, 0);
  await world.end();
});

Deno.test("what a dialogue's acknowledgements leave over is acknowledged soon after", async () => {
  const world = await World.attached({ network: { delayMs: 1 } });
  for (let turn = 0; turn < 100; turn++) {
    world.here.send(10);
    world.there.send(10);
    await world.clock.advance(1);
  }
  world.here.send(10);
  // Twice the longest delay, and the way there and back.
  await world.clock.advance(2 * MOST_ACKNOWLEDGE_DELAY_MS + 4);
  assertEquals(world.here.session!.log.heldBytes, 0);
  assertEquals(world.there.session!.log.heldBytes, 0);
  await world.end();
});

Deno.test("both logs tell an outage that is found at waking up with the time that its end was away", async () => {
  const world = await World.attached();
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
