/** What one carrier reads, acknowledges and promises. */
import { assert, assertEquals, assertGreaterOrEqual, assertLessOrEqual } from "@std/assert";
import type { Duplex } from "../../../../lib/net/duplex.ts";
import { ForwardedDuplex } from "../../../../lib/net/forwarded_duplex.ts";
import { SegmentPool } from "../../../../lib/session/segment_pool.ts";
import { FrameDecoder } from "../../../../lib/ping/codec.ts";
import {
  FrameType,
  MAX_SESSION_FRAME_BYTES,
  MOST_ACKNOWLEDGE_DELAY_MS,
  SHARED_ACKNOWLEDGE_MS,
} from "../../../../lib/session/session_constants.ts";
import { SessionWorld } from "../../../support/session_world.ts";

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
  return Object.assign(new ForwardedDuplex(duplex), {
    write(bytes: Uint8Array) {
      decoder.push(bytes);
      return duplex.write(bytes);
    },
  });
}

Deno.test("a carrier holds a large buffer while much comes, and lets go of it when little does", async () => {
  const pool = new SegmentPool({ plenty: 1 });
  const world = await SessionWorld.attached({ server: { pool } });
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
  const world = new SessionWorld();
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
  const world = new SessionWorld();
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

Deno.test("in a dialogue the clock is read once for what comes, with its acknowledgement, and once for what leaves", async () => {
  const world = await SessionWorld.attached();
  const now = world.clock.now.bind(world.clock);
  let reads = 0;
  world.clock.now = () => {
    // The network of the tests looks at it too.
    const [, , caller] = new Error().stack!.split("\n");
    if (caller.includes("/lib/")) reads++;
    return now();
  };
  for (let message = 0; message < 10; message++) {
    (message % 2 === 0 ? world.here : world.there).send(64);
    await world.untilDelivered();
  }
  assertEquals(reads, 2 * 10);
  await world.end();
});

Deno.test("a ping interval below a second is kept", async () => {
  const frames: Sent[] = [];
  const world = new SessionWorld({ server: { pingIntervalMs: 400 }, client: { pingIntervalMs: 400 } });
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
  const world = new SessionWorld({ network: { bytesPerSecond: 1_000_000 } });
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
  assertEquals(world.here.session!.budget.heldBytes, 0);
  await world.end();
});

Deno.test("what a dialogue's acknowledgements leave over is acknowledged soon after", async () => {
  const world = await SessionWorld.attached({ network: { delayMs: 1 } });
  for (let turn = 0; turn < 100; turn++) {
    world.here.send(10);
    world.there.send(10);
    await world.clock.advance(1);
  }
  world.here.send(10);
  // Twice the longest delay, and the way there and back.
  await world.clock.advance(2 * MOST_ACKNOWLEDGE_DELAY_MS + 4);
  assertEquals(world.here.session!.budget.heldBytes, 0);
  assertEquals(world.there.session!.budget.heldBytes, 0);
  await world.end();
});

Deno.test("beside another carrier what a dialogue leaves over waits for ten milliseconds at the most", async () => {
  const world = await SessionWorld.attached({ network: { delayMs: 1 }, client: { carriers: 2, leastCarriers: 2 } });
  await world.clock.advanceUntil(() => world.there.session!.hasSeveral, 5_000, "another carrier");
  for (let turn = 0; turn < 200; turn++) {
    world.here.send(10);
    world.there.send(10);
    await world.clock.advance(1);
  }
  world.here.send(10);
  await world.clock.advance(2 * SHARED_ACKNOWLEDGE_MS + 4);
  assertEquals([world.here.session!.budget.heldBytes, world.there.session!.budget.heldBytes], [0, 0]);
  await world.end();
});
