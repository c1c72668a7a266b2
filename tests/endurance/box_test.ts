/** A box in the network that lets each carrier attach and kills it at once, for hours. */
import { assertLessOrEqual } from "@std/assert";
import { MuxWorld } from "../support/mux_world.ts";

Deno.test("hours with a box that kills each carrier at once are quiet", async () => {
  await using world = new MuxWorld({ pipe: { delayMs: 5 } });
  world.open();
  world.network.onPipe = (pipe) => pipe.bToA.cutAfter(190);
  await world.clock.advance(3_600_000);
  const before = world.network.pipes.length;
  await world.clock.advance(3_600_000);
  assertLessOrEqual(world.network.pipes.length - before, 3_600 / 7);
  assertLessOrEqual(world.log.filter((line) => line.startsWith("client")).length, 40);
});
