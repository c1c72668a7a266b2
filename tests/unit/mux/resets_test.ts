/** Resets, of streams that the peer may never have heard of, and those that do not fit. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { MuxWorld, text } from "../../support/mux_world.ts";
import { withRogue } from "../../support/rogue_client.ts";
import { dataFrame, openFrame, resetFrame } from "../../support/frames.ts";

const CREDITS = { send: 4096, receive: 4096 };

Deno.test("a reset goes behind the open that is to be sent again: the session goes on", async () => {
  await using world = new MuxWorld({ pipe: { delayMs: 5 } });
  await world.attached();
  world.network.last!.aToB.blackHole();
  const streams = Array.from({ length: 20 }, () => world.open());
  for (const { user } of streams) user.write(new Uint8Array(3_000)).catch(() => {});
  await world.clock.advance(50);
  world.network.state = "unreachable";
  world.network.cut();
  await world.clock.advance(100);
  // So many that what is to be sent again needs more than one write.
  for (const { user } of streams.slice(1)) user.abort(new Error("the user resets"));
  await world.clock.advance(100);
  world.network.state = "up";
  await world.clock.advanceUntil(() => world.ends.server.length === 19, 20_000, "the resets");
  assert(world.ends.server.every(({ kind }) => kind === "reset"));
  assertEquals([world.client.streamCount, world.server.sessionCount], [1, 1]);
  assertEquals(world.log.filter((line) => line.includes("session ended")), []);
});

Deno.test("a stream that was reset behind data which never comes ends with its session", async () => {
  await withRogue(async ({ rogue, clock, upstream, ends }) => {
    rogue.send(openFrame(1, CREDITS), dataFrame(1, 0, text("first")), resetFrame(1, 100, 2, "a reset"));
    await clock.advance(50);
    assertEquals([upstream.length, ends.length], [1, 0]);
    // Data of a stream that never was ends the session.
    rogue.send(dataFrame(99, 0, text("?")));
    await clock.advance(1_000);
    assertEquals(ends, [{ kind: "reset", code: 2, message: "a reset", by: "peer" }]);
  });
});

Deno.test("two resets of one stream with different offsets end the session", async () => {
  await withRogue(async ({ rogue, clock }) => {
    rogue.send(openFrame(1, CREDITS), resetFrame(1, 100, 2, "one"), resetFrame(1, 99, 2, "other"));
    await clock.advance(1_000);
    assertStringIncludes(rogue.error!.message, "ended a stream at 100, and then at 99");
  });
});
