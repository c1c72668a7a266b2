/** What carriers leave behind: it counts, comes on, and is given back. */
import { assert, assertEquals, assertLess } from "@std/assert";
import { SessionWorld } from "../../support/session_world.ts";

Deno.test("a session is not empty while what a lost carrier left behind waits for another", async () => {
  const world = await SessionWorld.attached();
  world.network.last!.aToB.blackHole();
  world.here.send(5_000);
  await world.clock.advance(100);
  world.network.state = "unreachable";
  world.network.cut();
  await world.clock.advance(1_000);
  const { session } = world.client;
  world.here.streamCount = 0;
  assertEquals([session.carrier, session.isEmpty], [undefined, false]);
  assert(session.budget.heldBytes > 5_000, `${session.budget.heldBytes} bytes`);
  world.here.streamCount = 1;
  world.network.state = "up";
  await world.untilDelivered();
  await world.end();
});

Deno.test("a session that the peer ends gives back the log of its carrier", async () => {
  const world = await SessionWorld.attached();
  world.network.last!.aToB.hold();
  world.here.send(5_000);
  await world.clock.advance(100);
  const { session } = world.client;
  assert(session.budget.heldBytes > 5_000);
  const stopped = world.server.stop("the server goes");
  await world.clock.advance(1_000);
  assert(session.error !== undefined);
  assertEquals(session.budget.heldBytes, 0);
  world.network.last!.aToB.release();
  await world.clock.run(stopped, 31_000, "the server's end");
  await world.end();
});

Deno.test("what the server has taken is not sent again, though nothing came from it on that carrier", async () => {
  const world = await SessionWorld.attached();
  for (let carrier = 0; carrier < 3; carrier++) {
    // Not even an acknowledgement.
    world.network.last!.bToA.blackHole();
    world.here.send(5_000);
    await world.clock.advance(100);
    assertEquals(world.there.received, world.here.told);
    world.network.cut();
    await world.untilAttached();
    await world.clock.advance(100);
  }
  assertEquals(world.there.repeated, 0);
  world.assertUnbroken();
  await world.end();
});

Deno.test("carriers that bring the beginning of the same frame each time bring nothing: dials get fewer", async () => {
  const world = await SessionWorld.attached();
  const { there } = world;
  there.windowLost = (id) => void there.windows.push({ id, limit: 1_000 });
  // The accept of a join, and a few bytes of the frame behind it.
  world.network.onPipe = (pipe) => pipe.bToA.cutAfter(190);
  there.windows = Array.from({ length: 80 }, (_, at) => ({ id: 2 * at + 1, limit: 1_000 }));
  world.network.cut();
  const before = world.network.dials;
  await world.clock.advance(5_000);
  assertLess(world.network.dials - before, 60);
  world.network.onPipe = () => {};
  await world.clock.advanceUntil(() => world.here.windowsSeen.length > 0, 60_000, "the frame");
  await world.end();
});
