/** Numbers of streams: a peer sees each that was given, or it would remember gaps for ever. */
import { assertEquals, assertGreater, assertThrows } from "@std/assert";
import type { Duplex } from "../../../lib/net/duplex.ts";
import { TeleError } from "../../../lib/net/error.ts";
import { MOST_UNSEEN_RANGES } from "../../../lib/mux/mux_constants.ts";
import { MuxWorld, text } from "../../support/mux_world.ts";
import { collect, readText } from "../../support/reading.ts";

Deno.test("users that leave before their streams were opened leave no gaps in the numbers", async () => {
  await using world = new MuxWorld();
  await world.attached();
  world.network.state = "unreachable";
  world.network.cut();
  await world.clock.settle();
  const pairs = MOST_UNSEEN_RANGES + 10;
  for (let pair = 0; pair < pairs; pair++) {
    world.open().user.abort();
    world.open();
    await world.clock.settle();
  }
  world.network.state = "up";
  await world.clock.advanceUntil(() => world.upstream.length === pairs, 20_000, "all streams are open");
  const { user } = world.open();
  await world.run(user.write(text("still the same session")));
  await world.clock.advance(100);
  assertEquals(await world.run(readText(world.upstream.at(-1)!, 22)), "still the same session");
  assertEquals([world.server.sessionCount, world.ends.server], [1, []]);
  collect(user);
});

/** A user says something and is answered with it; both end. */
async function oneUser(world: MuxWorld): Promise<void> {
  const { user } = world.open();
  await world.run(user.write(text("x")));
  await user.closeWrite();
  await world.run(collect(user));
  await world.clock.advance(100);
}

function echoing(lastStream: number): MuxWorld {
  const serve = (upstream: Duplex) =>
    void collect(upstream).then(({ bytes }) => upstream.write(bytes)).then(() => upstream.closeWrite());
  return new MuxWorld({ client: { lastStream }, serve });
}

Deno.test("with half of its numbers used up a session is drained, and another takes the users that come", async () => {
  await using world = echoing(9);
  await world.attached();
  for (let user = 0; user < 20; user++) await oneUser(world);
  assertEquals([world.ends.client.map(({ kind }) => kind), world.server.sessionCount], [Array(20).fill("finished"), 1]);
  assertGreater(world.log.filter((line) => line.includes("client info former session: session ended")).length, 4);
});

Deno.test("a session that is never empty goes on beside the one that takes the users behind it", async () => {
  await using world = echoing(9);
  await world.attached();
  const { user: long } = world.open();
  await world.run(long.write(text("long")));
  for (let user = 0; user < 12; user++) await oneUser(world);
  assertEquals(world.server.sessionCount, 2);
  await long.closeWrite();
  assertEquals(new TextDecoder().decode((await world.run(collect(long))).bytes), "long");
  await world.clock.advance(1_000);
  assertEquals(world.ends.client.map(({ kind }) => kind), Array(13).fill("finished"));
  assertEquals(world.server.sessionCount, 1);
});

Deno.test("beside four sessions that are never empty no other begins: users are refused when all numbers are used up", async () => {
  await using world = echoing(9);
  await world.attached();
  const longs = [];
  for (let session = 0; session < 4; session++) {
    const { user } = world.open();
    await world.run(user.write(text("long")));
    longs.push(user);
    await oneUser(world);
  }
  assertEquals(world.server.sessionCount, 4);
  for (let user = 0; user < 3; user++) await oneUser(world);
  assertThrows(() => world.open(), TeleError, "are used up");
  await longs[0]!.closeWrite();
  await world.run(collect(longs[0]!));
  await world.clock.advance(1_000);
  await oneUser(world);
  for (const user of longs.slice(1)) {
    await user.closeWrite();
    await world.run(collect(user));
  }
  await world.clock.advance(100);
  assertEquals(world.ends.client.every(({ kind }) => kind === "finished"), true);
});
