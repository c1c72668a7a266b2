/** A session that is drained: nobody is refused, nothing is lost, and it ends when all of it is over. */
import { assertEquals, assertThrows } from "@std/assert";
import { TeleError } from "../../../lib/net/error.ts";
import { MuxServer } from "../../../lib/mux/link.ts";
import { echo, MuxWorld, text } from "../../support/mux_world.ts";
import { collect, readText } from "../../support/reading.ts";

const FINISHED = { kind: "finished" };

/** A user's end that has said `words`, and got them back. */
async function talking(world: MuxWorld, words: string) {
  const { user } = world.open();
  await world.run(user.write(text(words)));
  assertEquals(await world.run(readText(user, words.length)), words);
  return user;
}

/** It says more, is answered, and ends. */
async function goesOn(world: MuxWorld, user: Awaited<ReturnType<typeof talking>>, words: string): Promise<void> {
  await world.run(user.write(text(words)));
  await user.closeWrite();
  assertEquals(new TextDecoder().decode((await world.run(collect(user))).bytes), words);
}

Deno.test("a server that drains keeps the streams that it has, and users that come go to the next one", async () => {
  await using world = new MuxWorld({ serve: echo });
  await world.attached();
  const old = await talking(world, "old");
  const former = world.handOver();
  let isOver = false;
  former.drain().then(() => isOver = true);
  await world.clock.advance(500);
  const fresh = await talking(world, "new");
  assertEquals([former.sessionCount, world.server.sessionCount, isOver], [1, 1, false]);
  assertEquals([former.streamCount, world.server.streamCount, world.client.streamCount], [1, 1, 2]);
  await goesOn(world, old, "still here");
  await world.clock.advance(1_000);
  assertEquals([former.sessionCount, isOver], [0, true]);
  await goesOn(world, fresh, "here too");
  await world.clock.advance(500);
  assertEquals(world.ends, { client: [FINISHED, FINISHED], server: [FINISHED, FINISHED] });
});

Deno.test("a server that drains ends at once when nobody has streams, and refuses no user: they wait for the next", async () => {
  await using world = new MuxWorld({ serve: echo });
  await world.attached();
  await world.run(world.server.drain(), 2_000, "the end of an empty session");
  assertEquals(world.server.isDraining, true);
  const { user } = world.open();
  await world.run(user.write(text("patient")));
  await world.clock.advance(5_000);
  assertEquals([world.server.sessionCount, world.ends.client], [0, []]);
  world.handOver();
  assertEquals(await world.run(readText(user, 7)), "patient");
  await goesOn(world, user, "!");
});

Deno.test("a client whose first contact is a server that drains keeps its users waiting", async () => {
  await using world = new MuxWorld({ serve: echo });
  await world.server.drain();
  const { user } = world.open();
  await world.run(user.write(text("first")));
  await world.clock.advance(30_000);
  assertEquals(world.ends.client, []);
  world.handOver();
  assertEquals(await world.run(readText(user, 5)), "first");
  assertEquals(world.log.some((line) => line.includes("no tele server yet") && line.includes("about to end")), true);
  await goesOn(world, user, "!");
});

Deno.test("a client in an outage is told when it comes back, and its streams go on until they end", async () => {
  await using world = new MuxWorld({ serve: echo });
  await world.attached();
  const old = await talking(world, "old");
  world.network.state = "unreachable";
  world.network.cut();
  await world.clock.settle();
  const waiting = world.open().user;
  await world.run(waiting.write(text("came in the outage")));
  let isOver = false;
  world.server.drain().then(() => isOver = true);
  await world.clock.advance(60_000);
  assertEquals([isOver, world.server.sessionCount], [false, 1]);
  world.network.state = "up";
  await world.clock.advance(2_000);
  await goesOn(world, old, "back");
  // Its open was under way before the client heard of the drain.
  assertEquals(await world.run(readText(waiting, 18)), "came in the outage");
  assertEquals(isOver, false);
  await goesOn(world, waiting, "!");
  await world.clock.advance(1_000);
  assertEquals([isOver, world.server.sessionCount], [true, 0]);
});

Deno.test("a client that drains takes no user, and says goodbye when the last stream has ended", async () => {
  await using world = new MuxWorld({ serve: echo });
  await world.attached();
  const old = await talking(world, "old");
  let isOver = false;
  world.client.drain().then(() => isOver = true);
  assertEquals(world.client.isDraining, true);
  assertThrows(() => world.open(), TeleError, "drained");
  await world.clock.advance(60_000);
  assertEquals([isOver, world.server.sessionCount], [false, 1]);
  await goesOn(world, old, "still here");
  await world.clock.advance(1_000);
  assertEquals([isOver, world.server.sessionCount], [true, 0]);
  assertEquals(world.ends, { client: [FINISHED], server: [FINISHED] });
});

Deno.test("a client that drains before its first carrier serves the users that wait, and then ends", async () => {
  await using world = new MuxWorld({ serve: echo });
  world.network.state = "unreachable";
  const { user } = world.open();
  await world.run(user.write(text("early")));
  let isOver = false;
  world.client.drain().then(() => isOver = true);
  await world.clock.advance(5_000);
  world.network.state = "up";
  assertEquals(await world.run(readText(user, 5)), "early");
  await goesOn(world, user, "!");
  await world.clock.advance(2_000);
  assertEquals([isOver, world.server.sessionCount], [true, 0]);
});

Deno.test("a client that drains in an outage ends without the server when it has nothing to lose", async () => {
  await using world = new MuxWorld();
  await world.attached();
  world.network.state = "unreachable";
  world.network.cut();
  await world.clock.settle();
  let isOver = false;
  world.client.drain().then(() => isOver = true);
  await world.clock.advance(25_000);
  assertEquals(isOver, false, "the server is to be told, if it can be");
  await world.clock.advance(25_000);
  assertEquals(isOver, true);
});

Deno.test("a goodbye that is lost costs nobody anything: the client comes back, and its user reads on", async () => {
  await using world = new MuxWorld({ serve: echo });
  await world.attached();
  const old = await talking(world, "old");
  const data = new Uint8Array(100 * 1024).fill(7);
  const written = old.write(data).then(() => old.closeWrite());
  let isOver = false;
  const former = world.server;
  former.drain().then(() => isOver = true);
  // All but the last of it has come, and is not read; what the server says in the end gets lost.
  await world.run(written);
  world.network.onPipe = () => {};
  await world.clock.advanceUntil(() => former.streamCount === 0, 10_000, "the server has nothing left");
  world.network.cut();
  await world.clock.advance(5_000);
  assertEquals([isOver, former.sessionCount], [true, 0]);
  assertEquals((await world.run(collect(old))).bytes, data);
  assertEquals(world.ends, { client: [FINISHED], server: [FINISHED] });
});

Deno.test("both ends drain at once: what is there is served, and both are over", async () => {
  await using world = new MuxWorld({ serve: echo });
  await world.attached();
  const old = await talking(world, "old");
  const over = Promise.all([world.server.drain(), world.client.drain()]);
  await world.clock.advance(500);
  await goesOn(world, old, "still here");
  await world.run(over, 5_000, "the end of both");
  assertEquals(world.ends, { client: [FINISHED], server: [FINISHED] });
});

Deno.test("four servers in a row drain under long streams: the client holds four sessions, and users are never refused", async () => {
  await using world = new MuxWorld({ serve: echo });
  await world.attached();
  const users = [await talking(world, "0")];
  const formers: MuxServer[] = [];
  for (let turn = 1; turn <= 5; turn++) {
    formers.push(world.handOver());
    void formers.at(-1)!.drain();
    await world.clock.advance(500);
    users.push(await talking(world, String(turn)));
  }
  // The fourth waits with its answer: users go to it, though it drains, until another is over.
  assertEquals(formers.map(({ streamCount }) => streamCount), [1, 1, 1, 3, 0]);
  await goesOn(world, users[0]!, "bye");
  await world.clock.advance(1_000);
  assertEquals(formers.map(({ sessionCount }) => sessionCount), [0, 1, 1, 1, 0]);
  const last = await talking(world, "last");
  assertEquals(world.server.streamCount, 1);
  for (const user of [...users.slice(1), last]) await goesOn(world, user, "bye");
  await world.clock.advance(1_000);
  assertEquals(world.ends.client, Array(7).fill(FINISHED));
  assertEquals(formers.map(({ sessionCount }) => sessionCount), [0, 0, 0, 0, 0]);
});
