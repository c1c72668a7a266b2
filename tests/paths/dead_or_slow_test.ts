/** Carriers over a network that is slow or gone: who waits finds out soon, and nobody gives up a path that lives. */
import { assertEquals, assertGreaterOrEqual, assertLessOrEqual } from "@std/assert";
import { SessionWorld } from "../support/session_world.ts";

const KIB = 1024;

Deno.test("a black hole is found within five seconds by whoever waits, and nothing is lost", async () => {
  const idle = 0;
  for (const [here, there] of [[1000, idle], [idle, 1000], [300 * KIB, 300 * KIB], [idle, idle]]) {
    const world = await SessionWorld.attached();
    await world.clock.advance(2_000);
    world.network.blackHole();
    const start = world.clock.now();
    world.here.send(here);
    world.there.send(there);
    await world.clock.advanceUntil(() => world.linesWith("client warn: link lost").length > 0, 10_000, "lost");
    const tookMs = world.clock.now() - start;
    assertGreaterOrEqual(tookMs, 1_500);
    // With much under way the carrier is only doubted at first.
    assertLessOrEqual(tookMs, here > 4_000 ? 5_000 : 4_000);
    await world.untilDelivered();
    await world.clock.advance(100);
    assertEquals(world.network.pipes.length, 2);
    world.assertUnbroken();
    await world.end();
  }
});

Deno.test("the server finds a black hole by itself within four seconds", async () => {
  const world = await SessionWorld.attached();
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
    const world = await SessionWorld.attached();
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
  const world = await SessionWorld.attached();
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
  const world = new SessionWorld({
    network: { bytesPerSecond: 32_000, delayMs: 300, bufferBytes: 256 * KIB, pieceMs: 50 },
  });
  world.client;
  await world.untilAttached();
  await world.exchange(600 * KIB, 120_000);
  assertEquals(world.linesWith("lost"), []);
  await world.end();
});

for (const kbit of [16, 64, 256]) {
  Deno.test(`a live carrier of ${kbit} kbit/s with a second or a minute of queue is not taken for dead, either way`, async () => {
    const network = { bytesPerSecond: kbit * 125, delayMs: 50, bufferBytes: 1 << 20, pieceMs: 50 };
    for (const [up, down] of [[1, 0], [0, 1], [1, 1]]) {
      const world = await SessionWorld.attached({ network });
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
    const world = await SessionWorld.attached({ network: { delayMs } });
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

Deno.test("who comes from a quick path to a slow one loses no carrier there", async () => {
  for (const delayMs of [1, 50]) {
    const world = await SessionWorld.attached({ network: { delayMs, bufferBytes: 1 << 20, pieceMs: 50 } });
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
    assertEquals(world.linesWith("client warn").length, 1, "the one that was cut");
    world.network.cut();
    await world.end();
  }
});

Deno.test("a path that dies one way while bytes come the other way is given up within seconds", async () => {
  for (const dies of ["aToB", "bToA"] as const) {
    const world = await SessionWorld.attached({ network: { bytesPerSecond: 125_000, delayMs: 20 } });
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
    const world = await SessionWorld.attached();
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
  const world = await SessionWorld.attached();
  await world.clock.advance(150_000);
  const { carrier } = world.here.session!;
  world.client.wokeUp();
  await world.clock.advance(3_000);
  assertEquals([world.here.session!.carrier === carrier, world.linesWith("lost")], [true, []]);
  assertEquals(world.network.pipes.map((pipe) => pipe.isOver), [false, true], "and of the attempt beside it nothing");
  world.network.blackHole();
  world.client.wokeUp();
  const start = world.clock.now();
  await world.clock.advanceUntil(() => world.linesWith("client info: resumed").length === 1, 10_000, "a new carrier");
  assertLessOrEqual(world.clock.now() - start, 2_250);
  await world.exchange(1000);
  world.assertUnbroken();
  await world.end();
});

Deno.test("a wake-up costs no carrier whose round trip is longer than a second", async () => {
  const world = await SessionWorld.attached({ network: { delayMs: 700 } });
  await world.clock.advance(100_000);
  const { carrier } = world.here.session!;
  world.client.wokeUp();
  await world.clock.advance(15_000);
  assertEquals([world.here.session!.carrier === carrier, world.linesWith("lost")], [true, []]);
  assertEquals(world.network.pipes.filter((pipe) => !pipe.isOver).length, 1);
  await world.end();
});
