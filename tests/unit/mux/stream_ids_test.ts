/** Numbers of streams: a peer sees each that was given, or it would remember gaps for ever. */
import { assertEquals } from "@std/assert";
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
