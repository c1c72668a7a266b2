/** The server's end of a link: what its owner sees of sessions and streams. */
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { duplexPair } from "../../../lib/net/pipe.ts";
import { TeleError } from "../../../lib/net/error.ts";
import { MuxWorld, text } from "../../support/mux_world.ts";
import { readText } from "../../support/reading.ts";

Deno.test("a server counts its sessions and the streams in them", async () => {
  const counts: number[] = [];
  await using world = new MuxWorld({ server: { onSessionCount: (count) => void counts.push(count) } });
  assertEquals([world.server.sessionCount, world.server.streamCount, world.server.isDraining], [0, 0, false]);
  for (const words of ["one", "two"]) {
    const { user } = world.open();
    await world.run(user.write(text(words)));
    await world.clock.advanceUntil(() => world.upstream.length > 0, 1_000, "the user's server");
    assertEquals(await world.run(readText(world.upstream.pop()!, 3)), words);
  }
  assertEquals([world.server.sessionCount, world.server.streamCount, counts], [1, 2, [1]]);
});

Deno.test("a user whose service no client offers is refused at once", async () => {
  await using world = new MuxWorld({ server: { listensFor: ["db"] } });
  await world.attached();
  assertThrows(() => world.server.open(duplexPair()[0], "db"), TeleError, "no tele client offers db at the moment");
});

Deno.test("a stream that the token does not allow is refused like one for a service that is not there", async () => {
  await using world = new MuxWorld({ server: { hasServices: true, services: ["web"] } });
  await world.attached();
  for (const service of ["db", "web"]) world.client.open(duplexPair()[0], service);
  await world.clock.advance(500);
  const [end, ...others] = world.ends.client;
  assertEquals([end?.kind, others.length], ["reset", 0]);
  assertStringIncludes(end?.kind === "reset" ? end.message : "", "the tele server has no service db for this client");
  assertEquals(world.upstream.length, 1);
});
