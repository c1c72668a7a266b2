/** Whole clients and servers on paths that are long, swallow what they are given, or kill each carrier at once. */
import { assert, assertEquals, assertGreaterOrEqual, assertLessOrEqual } from "@std/assert";
import type { Duplex } from "../../../../lib/net/duplex.ts";
import { MuxWorld } from "../../../support/mux_world.ts";
import { SessionWorld } from "../../../support/session_world.ts";

Deno.test("a path of many seconds attaches at first contact, once, and stays attached", async () => {
  for (const roundTripMs of [2_600, 3_500, 4_500, 5_200, 6_000]) {
    const world = new SessionWorld({ network: { delayMs: roundTripMs / 2 } });
    world.client;
    const startMs = world.clock.now();
    await world.untilAttached(60_000);
    assertLessOrEqual(world.clock.now() - startMs, 3 * roundTripMs, "to connect, to be challenged, to be accepted");
    await world.clock.advance(600_000);
    assertEquals(world.serverUsers.length, 1, "no session was left behind by an attempt that was given up");
    assertEquals(world.linesWith("lost"), []);
    await world.exchange(10_000, 60_000);
    world.assertUnbroken();
    await world.end();
  }
});

Deno.test("a path that becomes one of many seconds attaches again, without another session", async () => {
  for (const roundTripMs of [3_500, 4_500]) {
    const world = await SessionWorld.attached({ network: { delayMs: 5 } });
    world.network.onPipe = ({ aToB, bToA }) => aToB.delayMs = bToA.delayMs = roundTripMs / 2;
    world.network.cut();
    await world.clock.advance(5 * roundTripMs);
    assert(world.client.isAttached);
    await world.exchange(10_000, 60_000);
    world.assertUnbroken();
    await world.end();
  }
});

Deno.test("bytes move within two seconds when a box that accepted and forwarded nothing for eight has gone", async () => {
  for (let run = 0; run < 10; run++) {
    const world = await SessionWorld.attached({ network: { delayMs: 25 } });
    const swallowed: Duplex[] = [];
    world.network.blackHole();
    world.onConnection = (duplex) => void swallowed.push(duplex);
    world.here.send(1_000);
    await world.clock.advance(8_000 + 107 * run);
    // What it accepted it has forgotten.
    world.onConnection = world.toServer;
    await world.untilDelivered(2_000);
    assertGreaterOrEqual(swallowed.length, 4);
    world.assertUnbroken();
    await world.end();
  }
});

Deno.test("carriers that die at once and bring nothing follow each other with pauses, in few lines", async () => {
  // Behind the accept of a join: in the first probe, in the answer to the client's.
  for (const cutAfter of [160, 172]) {
    await using world = new MuxWorld({ pipe: { delayMs: 5 } });
    world.open();
    world.network.onPipe = (pipe) => pipe.bToA.cutAfter(cutAfter);
    await world.clock.advance(3_000);
    assertLessOrEqual(world.network.pipes.length, 15);
    await world.clock.advance(57_000);
    assertLessOrEqual(world.network.pipes.length, 160, "in a minute");
    assertLessOrEqual(world.log.filter((line) => line.startsWith("client")).length, 18);
    // The box is gone: the user does not wait for longer than the pause.
    world.network.onPipe = () => {};
    await world.clock.advanceUntil(() => world.upstream.length > 0, 1_000, "the user's server");
    await world.clock.advance(1_000);
    assert(world.client.isAttached);
    await world.clock.advance(60_000);
    assert(world.log.at(-1)!.includes("resumed after"), world.log.at(-1));
  }
});

Deno.test("carriers that die at once but bring something follow each other without a pause", async () => {
  const world = await SessionWorld.attached({ network: { delayMs: 1 } });
  world.here.send(200_000);
  world.network.onPipe = (pipe) => pipe.aToB.cutAfter(4_096);
  world.network.cut();
  await world.untilDelivered(2_000);
  assertGreaterOrEqual(world.network.pipes.length, 40);
  assertLessOrEqual(world.linesWith("client").length, 18, "and few lines");
  world.assertUnbroken();
  await world.end();
});
