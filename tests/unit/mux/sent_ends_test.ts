/** Complete means taken by the peer: an end that was only sent may be lost with its session. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { SentEnds } from "../../../lib/mux/sent_ends.ts";
import { MuxWorld, text } from "../../support/mux_world.ts";
import { collect, readText } from "../../support/reading.ts";

Deno.test("ends are taken in the order of the log, each once, when everything up to them is acknowledged", () => {
  const ends = new SentEnds();
  const taken: number[] = [];
  for (const offset of [10, 10, 25]) ends.add({ endTaken: () => void taken.push(offset) }, offset);
  for (const offset of [0, 9, 10, 10, 24, 25, 1000]) {
    ends.acknowledged(offset);
    taken.push(-offset);
  }
  assertEquals(taken, [-0, -9, 10, 10, -10, -10, -24, 25, -25, -1000]);
});

Deno.test("who is over is forgotten, though nothing was acknowledged, and the others are told as before", () => {
  const ends = new SentEnds();
  const taken: string[] = [];
  const [first, second] = ["first", "second"].map((name) => ({ endTaken: () => void taken.push(name) }));
  ends.add(first!, 10);
  ends.add(second!, 20);
  ends.forget(first!);
  ends.acknowledged(1000);
  assertEquals(taken, ["second"]);
});

/**
 * The user's server has ended early; the user's client uploads and ends, and nothing of that reaches the tele server.
 */
async function uploadIntoABlackHole(world: MuxWorld) {
  await world.attached();
  const { user } = world.open();
  await world.clock.advance(100);
  const [upstream] = world.upstream;
  await world.run(Promise.all([upstream.write(text("0123456789")), readText(user, 10)]));
  await upstream.closeWrite();
  await world.clock.advance(100);
  world.network.blackHole();
  world.network.state = "unreachable";
  await world.run(user.write(new Uint8Array(40_000)));
  await user.closeWrite();
  await world.clock.advance(200);
  return { user, upstream };
}

Deno.test("a stream whose last bytes nobody has acknowledged is cut with its session, though both its ends were sent", async () => {
  await using world = new MuxWorld();
  const { user, upstream } = await uploadIntoABlackHole(world);
  collect(upstream);
  world.restartServer();
  world.network.state = "up";
  await world.clock.advance(5_000);
  const here = await world.run(collect(user));
  assertEquals(world.ends.client.map(({ kind }) => kind), ["cut"]);
  assertStringIncludes(here.end, "does not know the session");
});

Deno.test("a stream is finished when its last bytes were acknowledged, however long the network was away", async () => {
  await using world = new MuxWorld();
  const { user, upstream } = await uploadIntoABlackHole(world);
  const here = collect(user);
  const there = collect(upstream);
  await world.clock.advance(60_000);
  assertEquals(world.ends.client, [], "sent is not taken");
  world.network.state = "up";
  assertEquals((await world.run(there)).bytes.length, 40_000);
  assertEquals((await world.run(here)).end, "end");
  await world.clock.advance(1_000);
  assertEquals([world.ends.client, world.ends.server], [[{ kind: "finished" }], [{ kind: "finished" }]]);
});

Deno.test("who ends its session right behind the last byte lets the peer's streams be complete", async () => {
  await using world = new MuxWorld();
  await world.attached();
  const { user } = world.open();
  await user.closeWrite();
  await world.clock.advance(1_000);
  const [upstream] = world.upstream;
  const there = collect(upstream);
  const here = collect(user);
  await world.run(upstream.write(text("the answer")));
  await upstream.closeWrite();
  assertEquals((await world.run(here)).end, "end");
  // Before the time is over within which it acknowledges what came.
  await world.run(world.client.stop("its connection is over"));
  assertEquals((await world.run(there)).end, "end");
  assertEquals(world.ends.server, [{ kind: "finished" }]);
});
