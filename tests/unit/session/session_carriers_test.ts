/** Several carriers of one session: data on all of them, and how they come and go. */
import { assert, assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import type { Session } from "../../../lib/session/session.ts";
import { SessionWorld } from "../../support/session_world.ts";

/** The numbers of the carriers that a session may send on. */
function numbers(session: Session | undefined): number[] {
  return session!.carriers.attached.usable.map(({ carrier }) => carrier.number);
}

/** A client that keeps so many carriers, all of them there. */
async function withCarriers(leastCarriers: number, delayMs = 5): Promise<SessionWorld> {
  const world = await SessionWorld.attached({ network: { delayMs }, client: { carriers: 8, leastCarriers } });
  await world.clock.advanceUntil(() => numbers(world.there.session).length === leastCarriers, 5_000, "all there");
  await world.clock.advance(100);
  return world;
}

Deno.test("as many carriers as are wanted are joined, and data comes on several", async () => {
  const world = await withCarriers(4);
  assertEquals([numbers(world.here.session), numbers(world.there.session)], [[0, 1, 2, 3], [0, 1, 2, 3]]);
  await world.exchange(300_000);
  for (const { session } of [world.here, world.there]) {
    assertGreater(session!.carriers.attached.all.filter(({ carrier }) => carrier.taken > 0).length, 1);
  }
  world.assertUnbroken();
  await world.end();
  await world.clock.advance(100);
  assertEquals(world.clock.pendingTimers, 0);
});

Deno.test("a carrier that is cut beside others costs nothing and is told to nobody, and another takes its place", async () => {
  for (const which of [0, 1, 2]) {
    const world = await withCarriers(3);
    world.here.send(200_000);
    world.there.send(200_000);
    await world.clock.advance(7);
    world.network.pipes[which]!.cut();
    await world.untilDelivered();
    await world.clock.advance(3_000);
    assertEquals([numbers(world.here.session).length, world.here.repeated, world.there.repeated], [3, 0, 0]);
    assertEquals([world.linesWith("lost its link"), world.linesWith("link lost")], [[], []]);
    assertEquals([world.here.session!.budget.heldBytes, world.there.session!.budget.heldBytes], [0, 0]);
    const quiet = world.here.session!.carriers.attached;
    assertEquals(quiet.find(quiet.quiet!)!.lane, "quiet");
    world.assertUnbroken();
    await world.end();
  }
});

Deno.test("when all are cut at once that is one outage, and all come back", async () => {
  const world = await withCarriers(3);
  world.here.send(100_000);
  world.there.send(100_000);
  await world.clock.advance(7);
  world.network.cut();
  await world.untilDelivered();
  await world.clock.advance(5_000);
  assertEquals([numbers(world.there.session).length, world.linesWith("client warn: link lost").length], [3, 1]);
  world.assertUnbroken();
  await world.end();
});

Deno.test("who wants fewer leaves the others: nothing is lost or sent twice, and it is no loss", async () => {
  const world = await withCarriers(4);
  world.here.send(300_000);
  world.there.send(300_000);
  await world.clock.advance(12);
  world.client.want(1);
  assertEquals(numbers(world.here.session).length, 1);
  await world.untilDelivered();
  await world.clock.advance(1_000);
  assertEquals(world.network.pipes.map((pipe) => pipe.isOver).filter((isOver) => !isOver).length, 1);
  assertEquals([numbers(world.there.session).length, world.here.repeated, world.there.repeated], [1, 0, 0]);
  assertEquals([world.linesWith("one connection is lost"), world.linesWith("lost its link")], [[], []]);
  await world.exchange(1_000);
  world.assertUnbroken();
  await world.end();
});

Deno.test("what is under way on one that leaves, and is dead one way, is sent again within seconds", async () => {
  const world = await withCarriers(3, 60);
  const [leaving] = world.here.session!.carriers.attached.takers;
  world.network.pipes[leaving.carrier.number].aToB.blackHole();
  world.here.send(2_000);
  await world.clock.advance(100);
  assertGreater(leaving.carrier.room.flight.inFlight, 0);
  world.here.session!.carriers.leave(leaving);
  await world.untilDelivered(6_000);
  world.assertUnbroken();
  await world.end();
});

Deno.test("that one which leaves is in doubt, or is not any more, says nothing of those that stay", async () => {
  const world = await withCarriers(2);
  const { carriers } = world.here.session!;
  const [leaving, other] = carriers.attached.all;
  world.network.pipes[0].blackHole();
  carriers.leave(leaving);
  carriers.doubted(other.carrier);
  carriers.doubted(leaving.carrier);
  assertEquals(world.linesWith("the link is in doubt").length, 1);
  carriers.trusted(leaving.carrier);
  assertEquals(world.linesWith("the link is alive after all"), []);
  carriers.trusted(other.carrier);
  assertEquals(world.linesWith("the link is alive after all").length, 1);
  await world.end();
});

Deno.test("a carrier in doubt is joined beside, what waits on it goes on the new one, and no outage is told", async () => {
  const world = await SessionWorld.attached({ network: { delayMs: 5 }, client: { carriers: 6 } });
  world.network.last!.blackHole();
  world.here.send(10_000);
  await world.clock.advanceUntil(() => world.isDelivered, 10_000, "delivered beside it");
  assertEquals([world.network.pipes.length, world.linesWith("link lost")], [2, []]);
  await world.clock.advance(30_000);
  assertEquals([numbers(world.here.session), numbers(world.there.session)], [[1], [1]]);
  assert(world.network.pipes[0]!.isOver);
  world.assertUnbroken();
  await world.end();
});

Deno.test("a goodbye goes on every carrier, and the first that arrives ends the session once", async () => {
  const world = await withCarriers(3);
  const stopped = world.client.stop("done");
  await world.clock.advance(1_000);
  await stopped;
  assertEquals([world.there.error?.message, world.server.sessionCount], ["done", 0]);
  assertEquals(world.network.pipes.map((pipe) => pipe.isOver), [true, true, true]);
  await world.end();
  assertEquals(world.clock.pendingTimers, 0);
});

Deno.test("a carrier that a receipt lets go of leaves its path: what it had in flight is in nobody's way", async () => {
  const world = await withCarriers(2);
  const { carriers } = world.there.session!;
  const [gone, kept] = carriers.attached.all.map(({ carrier }) => carrier);
  world.network.pipes[0]!.blackHole();
  world.there.send(200_000);
  await world.clock.advance(7);
  assertEquals([gone.room.flight.inFlight, kept.room.flight.room()], [kept.room.flight.bound, 0], "the path is full");
  carriers.frames.receipt({ number: gone.number, taken: gone.log.acknowledged }, kept);
  const { inFlight, bound } = kept.room.flight;
  assert(!world.network.pipes[0]!.isOver, "it is read on for a goodbye");
  assertEquals(kept.room.flight.room(), bound - inFlight);
  assertGreater(bound, inFlight);
  await world.untilDelivered();
  world.assertUnbroken();
  await world.end();
});

Deno.test("what a carrier in doubt has in flight is in nobody's way, until it is trusted again", async () => {
  const world = await withCarriers(2);
  const { carriers } = world.there.session!;
  const [doubted, kept] = carriers.attached.all.map(({ carrier }) => carrier);
  world.network.pipes[0]!.blackHole();
  world.there.send(200_000);
  await world.clock.advance(7);
  const room = () => kept.room.flight.room();
  assertEquals(room(), 0, "the path is full");
  carriers.doubted(doubted);
  assertEquals(room(), kept.room.flight.bound - kept.room.flight.inFlight);
  assertGreater(room(), 0);
  carriers.trusted(doubted);
  assertEquals(room(), 0);
  await world.untilDelivered();
  world.assertUnbroken();
  await world.end();
});

Deno.test("one that begins beside another begins with what that has taught so far", async () => {
  const world = await SessionWorld.attached({ network: { delayMs: 5 }, client: { carriers: 8 } });
  const swallows = world.network.pipes[0]!;
  swallows.aToB.largestBytes = swallows.bToA.largestBytes = 1_150;
  world.here.send(50_000);
  await world.clock.advance(1_200);
  world.client.want(2);
  await world.clock.advanceUntil(() => numbers(world.here.session).length === 2, 1_000, "another one");
  const [, beside] = world.here.session!.carriers.attached.all;
  assert(!beside.carrier.room.pace.isFree);
  await world.untilDelivered();
  world.assertUnbroken();
  await world.end();
});

/** Half a minute behind a cut its path swallows all: how long a session of which nobody says a word does not notice. */
async function noticedAfter(usedMs: number): Promise<number> {
  const world = await SessionWorld.attached();
  await world.clock.advance(usedMs);
  world.network.cut();
  await world.untilAttached();
  await world.clock.advance(30_000);
  const sinceMs = world.clock.now();
  for (const pipe of world.network.pipes) pipe.blackHole();
  world.network.state = "unreachable";
  await world.clock.advanceUntil(() => !world.client.isAttached, 200_000, "the verdict");
  await world.end();
  return world.clock.now() - sinceMs;
}

Deno.test("a carrier that comes while its session is in use is in use as well, and one that comes to an idle one is not", async () => {
  assertLessOrEqual(await noticedAfter(1_000), 4_000);
  assertGreater(await noticedAfter(90_000), 40_000);
});

Deno.test("a path that swallows all from the beginning of an idle session on is found within three seconds", async () => {
  for (const livedMs of [0, 1_000, 2_000]) {
    const world = new SessionWorld();
    world.client;
    await world.untilAttached();
    await world.clock.advance(livedMs);
    world.network.pipes[0]!.blackHole();
    world.network.state = "unreachable";
    const sinceMs = world.clock.now();
    await world.clock.advanceUntil(() => !world.client.isAttached, 4_000, "the verdict");
    assertLessOrEqual(world.clock.now() - sinceMs, 3_300);
    await world.end();
  }
});
