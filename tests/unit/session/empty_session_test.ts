/** What counts as an empty session: one whose end loses nothing. */
import { assertEquals } from "@std/assert";
import { makeIdentityKeys } from "../../../lib/session/handshake/keys.ts";
import { MuxWorld, text } from "../../support/mux_world.ts";
import { collect } from "../../support/reading.ts";

const MINUTE_MS = 60_000;

/** One without an identity would be waited for an hour only. */
async function worldOfAKnownClient(): Promise<MuxWorld> {
  return new MuxWorld({ client: { identity: { keys: await makeIdentityKeys(), slot: 0 } } });
}

Deno.test("an answer that waits for the network outlasts its stream: it is delivered after an outage of hours", async () => {
  await using world = await worldOfAKnownClient();
  const { user } = world.open();
  await world.attached();
  await world.run(user.write(text("request")));
  await user.closeWrite();
  await world.clock.advance(50);
  const [upstream] = world.upstream;
  await world.run(collect(upstream));
  world.network.blackHole();
  world.network.state = "unreachable";
  // The user's server answers in full and closes: its stream is over, its bytes wait in the log.
  await world.run(upstream.write(new Uint8Array(50_000).fill(7)));
  await upstream.closeWrite();
  await world.clock.advance(200 * MINUTE_MS);
  world.network.state = "up";
  const { bytes, end } = await world.run(collect(user));
  assertEquals([bytes.length, end], [50_000, "end"]);
});

Deno.test("a reset that waits for the network outlasts its stream: the peer's user hears it, with the reason", async () => {
  await using world = await worldOfAKnownClient();
  const { user } = world.open();
  await world.attached();
  await world.run(user.write(text("request")));
  const received = collect(user);
  world.network.state = "unreachable";
  world.network.cut();
  await world.clock.advance(1_000);
  world.upstream[0].abort(new Error("it broke"));
  await world.clock.advance(200 * MINUTE_MS);
  world.network.state = "up";
  assertEquals((await world.run(received)).end, "it broke");
});

Deno.test("what a client reset before it went keeps nothing of its session: it is empty", async () => {
  await using world = await worldOfAKnownClient();
  const { user } = world.open();
  await world.attached();
  await world.run(user.write(text("request")));
  await world.clock.advance(50);
  world.network.last!.bToA.hold();
  await world.run(world.upstream[0].write(new Uint8Array(50_000)));
  collect(world.upstream[0]);
  user.abort(new Error("enough"));
  await world.clock.advanceUntil(() => world.ends.server.length > 0, 1_000, "the reset");
  world.network.state = "unreachable";
  world.network.cut();
  await world.clock.advance(58 * MINUTE_MS);
  assertEquals(world.server.sessionCount, 1);
  await world.clock.advance(4 * MINUTE_MS);
  assertEquals(world.server.sessionCount, 0);
});
