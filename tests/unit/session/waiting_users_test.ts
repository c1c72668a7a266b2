/** Users who come in an outage and wait: no end of the session is theirs, since its peer has never heard of them. */
import { assertEquals } from "@std/assert";
import { FrameType } from "../../../lib/session/session_constants.ts";
import { makeIdentityKeys } from "../../../lib/session/handshake/keys.ts";
import { framed } from "../../../lib/ping/codec.ts";
import { echo, MuxWorld, text } from "../../support/mux_world.ts";
import { collect, readText } from "../../support/reading.ts";

/** Takes less than the first bound: a write waits where nobody reads, and the next one behind it. */
const SHORT_BUFFER = { bufferBytes: 16_384 };

/** A user that opens while the carrier takes nothing any more, or is gone: its open stays here. */
async function waitingUser(world: MuxWorld) {
  const { user } = world.open();
  await user.write(text("hello"));
  await world.clock.settle();
  return user;
}

/** Fills the carrier, so that nothing of who comes next goes into the log. */
async function block(world: MuxWorld): Promise<void> {
  world.network.last!.aToB.hold();
  const { user } = world.open();
  (async () => {
    for (;;) await user.write(new Uint8Array(65_536));
  })().catch(() => {});
  await world.clock.advance(500);
}

async function assertServed(world: MuxWorld, user: Awaited<ReturnType<typeof waitingUser>>): Promise<void> {
  assertEquals(await world.run(readText(user, 5)), "hello");
  const received = collect(user);
  await user.closeWrite();
  assertEquals((await world.run(received)).end, "end");
}

Deno.test("users who wait in an outage outlive the session's resume timeout", async () => {
  await using world = new MuxWorld({ serve: echo, client: { resumeTimeoutMs: 60_000 } });
  await world.attached();
  await world.clock.advance(1_000);
  const { user: known } = world.open();
  await known.write(text("known"));
  await world.clock.advance(100);
  const knownEnd = collect(known);
  world.network.state = "unreachable";
  world.network.cut();
  await world.clock.advance(50_000);
  const user = await waitingUser(world);
  await world.clock.advance(300_000);
  assertEquals(world.ends.client.map(({ kind }) => kind), ["cut"], "only who was known is cut");
  world.network.state = "up";
  await assertServed(world, user);
  await world.run(knownEnd);
});

Deno.test("users who wait outlive a server that ends as asked, and come to the next one", async () => {
  await using world = new MuxWorld({ serve: echo, pipe: SHORT_BUFFER });
  await world.attached();
  await world.clock.advance(1_000);
  await block(world);
  const user = await waitingUser(world);
  const stopping = world.server.stop("the tele server restarts");
  await world.clock.advance(700);
  await stopping;
  assertEquals(world.ends.client.map(({ kind }) => kind), ["cut"], "only the upload under way");
  world.restartServer();
  await assertServed(world, user);
});

Deno.test("users who wait outlive a session that another process with the same identity replaced", async () => {
  const identity = { keys: await makeIdentityKeys(), slot: 0 };
  await using world = new MuxWorld({ serve: echo, pipe: SHORT_BUFFER, client: { identity } });
  await world.attached();
  await world.clock.advance(1_000);
  await block(world);
  const user = await waitingUser(world);
  await using twin = new MuxWorld({
    client: { identity, clock: world.clock, dial: (signal) => world.network.dial(signal) },
  });
  await world.clock.advance(1_000);
  assertEquals(world.ends.client.map(({ kind }) => kind), ["cut"]);
  await assertServed(world, user);
  await twin.client.stop("the test ends");
});

Deno.test("users who wait outlive a session whose peer breaks the protocol", async () => {
  await using world = new MuxWorld({ serve: echo, pipe: SHORT_BUFFER });
  await world.attached();
  await world.clock.advance(1_000);
  await block(world);
  const user = await waitingUser(world);
  const impossible = new Uint8Array(9);
  impossible.set([FrameType.acknowledge, 0, 0, 1]);
  await world.network.last!.b.write(framed(impossible));
  await world.clock.advance(100);
  assertEquals(world.ends.client.map(({ kind }) => kind), ["cut"]);
  await assertServed(world, user);
});

Deno.test("a client that ends itself cuts everyone, also those who wait", async () => {
  await using world = new MuxWorld({ client: { resumeTimeoutMs: 60_000 } });
  await world.attached();
  world.network.state = "unreachable";
  world.network.cut();
  await world.clock.advance(1_000);
  const user = await waitingUser(world);
  const received = collect(user);
  await world.run(world.client.stop("told to end"));
  assertEquals((await world.run(received)).end, "told to end");
});
