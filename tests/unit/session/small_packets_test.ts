/** A path whose large packets vanish without a word, and whose TCP never finds out: what is small arrives. */
import { assert, assertEquals, assertLess } from "@std/assert";
import { type ByteLayer } from "../../support/byte_layer.ts";
import { SessionWorld, type SessionWorldOptions } from "../../support/session_world.ts";

/** With the headers of session frames, and without those of TLS: what the smallest paths carry. */
const LARGEST_BYTES = 1_150;

/** A world whose carriers swallow what is large, each way or one way. */
async function smallPackets(
  directions: readonly ("aToB" | "bToA")[],
  client: SessionWorldOptions["client"] = {},
): Promise<SessionWorld> {
  // A write of what the first bound holds waits behind one that nobody reads.
  const world = await SessionWorld.attached({ network: { delayMs: 5, bufferBytes: 16_384 }, client });
  const swallow = (pipe: typeof world.network.pipes[number]) => {
    for (const direction of directions) pipe[direction].largestBytes = LARGEST_BYTES;
  };
  world.network.pipes.forEach(swallow);
  world.network.onPipe = swallow;
  return world;
}

/** Whether the first carrier of a session was followed by another. */
function hasSecondCarrier({ session }: ByteLayer): boolean {
  return (session?.carrier?.number ?? 0) > 0;
}

for (const directions of [["aToB", "bToA"], ["aToB"], ["bToA"]] as const) {
  Deno.test(`first bytes arrive on the second carrier, and all of them in the end, where ${directions.join(" and ")} swallows`, async () => {
    const world = await smallPackets(directions);
    const { here, there, clock } = world;
    const before = [here.received, there.received];
    const startMs = clock.now();
    here.send(400_000);
    there.send(400_000);
    const moved = () => here.received > before[0] + 50 && there.received > before[1] + 50;
    await clock.advanceUntil(moved, 8_000, "first bytes");
    assertLess(clock.now() - startMs, 4_500, "what swallows is given up after three seconds of silence");
    await world.untilDelivered(45_000);
    assertLess(world.network.pipes.length, 6);
    world.assertUnbroken();
    await world.end();
  });
}

Deno.test("a carrier that carried much is followed by one that begins as usual", async () => {
  const world = await SessionWorld.attached();
  await world.exchange(200_000);
  world.network.blackHole();
  const { clock, here, there } = world;
  here.send(100_000);
  await clock.advanceUntil(() => [here, there].every(hasSecondCarrier), 20_000, "another carrier");
  assert(here.session?.carrier?.room.pace.isFree && there.session?.carrier?.room.pace.isFree);
  await world.untilDelivered();
  await world.end();
});

Deno.test("behind a beginning that was swallowed, a healthy path has its usual bound within some round trips", async () => {
  const world = await smallPackets(["aToB", "bToA"]);
  const { clock, here, there } = world;
  here.send(100_000);
  there.send(100_000);
  world.network.onPipe = () => {};
  await clock.advanceUntil(() => [here, there].every(hasSecondCarrier), 20_000, "another carrier");
  const startMs = clock.now();
  assertEquals([here, there].map(({ session }) => session?.carrier?.room.pace.isFree), [false, false]);
  const isFree = () => [here, there].every(({ session }) => session?.carrier?.room.pace.isFree);
  await clock.advanceUntil(isFree, 1_000, "the usual bound");
  assertLess(clock.now() - startMs, 100, "a round trip is 10 ms, and an acknowledgement waits for 4");
  await world.untilDelivered();
  await world.end();
});

Deno.test("a machine that has moved to another network begins as usual there", async () => {
  const world = await smallPackets(["aToB", "bToA"]);
  const { clock, here } = world;
  here.send(100_000);
  await clock.advance(2_000);
  world.network.onPipe = () => {};
  world.network.localAddress = "198.51.100.3";
  await clock.advanceUntil(() => hasSecondCarrier(here), 20_000, "another carrier");
  assert(here.session?.carrier?.room.pace.isFree);
  await world.untilDelivered();
  await world.end();
});

Deno.test("beside one that has swallowed something another carrier begins cautiously, though nobody doubts the first", async () => {
  for (const [afterMs, isFree] of [[500, true], [1_500, false]] as const) {
    const world = await smallPackets(["bToA"], { carriers: 8 });
    const { clock, there } = world;
    there.send(100_000);
    await clock.advance(afterMs);
    world.client.want(2);
    const { attached } = there.session!.carriers;
    await clock.advanceUntil(() => attached.all.length === 2, 1_000, "another carrier beside it");
    assertEquals(attached.all.map(({ isDoubted, carrier }) => [isDoubted, carrier.room.pace.isFree]), [
      [false, true],
      [false, isFree],
    ], `${afterMs} ms behind what was swallowed, of which a second tells`);
    await world.untilDelivered();
    world.assertUnbroken();
    await world.end();
  }
});
