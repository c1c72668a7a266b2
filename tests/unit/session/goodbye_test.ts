import { assert, assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import { HandshakeChannel } from "../../../lib/session/handshake/channel.ts";
import { decodeEnding } from "../../../lib/session/ending.ts";
import { TeleError } from "../../../lib/net/error.ts";
import { SessionWorld } from "../../support/session_world.ts";

const MBIT = 125_000;
const MANY_BYTES = 8 << 20;

/** A world in the middle of a transfer, on a path whose system buffers a lot. */
async function transferring(flow: "upload" | "download" | "both", rate: number, delayMs = 25): Promise<SessionWorld> {
  const network = { bytesPerSecond: rate * MBIT, delayMs, bufferBytes: 1 << 20 };
  const world = await SessionWorld.attached({ network, client: { replayBufferBytes: 1 << 24 } });
  if (flow !== "download") world.here.send(MANY_BYTES);
  if (flow !== "upload") world.there.send(MANY_BYTES);
  // Until the path is full; on the slower one that takes longer.
  await world.clock.advance(rate < 10 ? 2_000 : 1_000);
  return world;
}

for (const flow of ["upload", "download", "both"] as const) {
  for (const rate of [2, 20]) {
    Deno.test(`a client's goodbye arrives in the middle of a transfer at ${rate} Mbit/s: ${flow}`, async () => {
      const world = await transferring(flow, rate);
      world.client.stop("the tele client ends");
      const startMs = world.clock.now();
      await world.clock.advanceUntil(() => world.there.error !== undefined, 5_000, "the server's end");
      assertEquals(world.there.error!.message, "the tele client ends");
      await world.end();
      assertLessOrEqual(world.clock.now() - startMs, 5_000, "and the client does not stay");
      await world.clock.advance(1_000);
      assertEquals(world.clock.pendingTimers, 0);
    });

    Deno.test(`a server's goodbye arrives in the middle of a transfer at ${rate} Mbit/s: ${flow}`, async () => {
      const world = await transferring(flow, rate);
      const { here } = world;
      world.network.state = "unreachable";
      world.server.stop("the tele server ends");
      await world.clock.advanceUntil(() => here.error !== undefined, 5_000, "the client's end");
      assertEquals(here.error!.message, "the tele server ends");
      await world.end();
    });

    Deno.test(`both say goodbye at once in the middle of a transfer at ${rate} Mbit/s, and none stays: ${flow}`, async () => {
      const world = await transferring(flow, rate);
      const pipe = world.network.last!;
      let ended = 0;
      world.client.stop("the tele client ends").then(() => ended++);
      world.server.stop("the tele server ends").then(() => ended++);
      await world.clock.advanceUntil(() => ended === 2, 5_000, "both ends");
      assert(pipe.isOver);
      await world.end();
    });
  }
}

Deno.test("a goodbye arrives though the rate has fallen since it was measured: the peer is still heard", async () => {
  const world = await transferring("upload", 20);
  const pipe = world.network.last!;
  pipe.aToB.bytesPerSecond = 2 * MBIT;
  await world.clock.advance(100);
  world.client.stop("the tele client ends");
  await world.clock.advanceUntil(() => world.there.error !== undefined, 25_000, "the server's end");
  assertEquals(world.there.error!.message, "the tele client ends");
  await world.end();
});

Deno.test("a goodbye arrives though what is in front of it takes most of a minute: it is acknowledged bit by bit", async () => {
  const world = await transferring("upload", 20);
  const { aToB } = world.network.last!;
  aToB.bytesPerSecond = 4_000;
  await world.clock.advance(100);
  const startMs = world.clock.now();
  world.client.stop("the tele client ends");
  await world.clock.advanceUntil(() => world.there.error !== undefined, 100_000, "the server's end");
  assertEquals(world.there.error!.message, "the tele client ends");
  assertGreater(world.clock.now() - startMs, 40_000);
  await world.end();
});

Deno.test("who breaks the rules in the middle of a transfer is told so", async () => {
  const world = await transferring("both", 2);
  const { here, there } = world;
  there.refusal = new TeleError("protocol", "that was against the rules");
  await world.clock.advanceUntil(() => here.error !== undefined, 5_000, "the client's end");
  assertEquals(here.error!.message, "that was against the rules");
  await world.end();
});

Deno.test("a refusal arrives though its reader says more than is read, and reads late", async () => {
  const world = new SessionWorld({ network: { bytesPerSecond: 2 * MBIT, delayMs: 25 } });
  const connecting = world.network.dial();
  await world.clock.advance(100);
  const duplex = await connecting;
  const channel = new HandshakeChannel(duplex);
  // No tele client: its first frame is a wrong one, and much follows.
  const asking = duplex.write(new Uint8Array(20_000).fill(1)).catch(() => {});
  await world.clock.advance(300);
  // It comes to read only now.
  const answer = channel.receive().then(decodeEnding);
  await world.clock.advance(2_000);
  assertEquals((await answer).message, "this is not how a tele client begins: it speaks another protocol");
  duplex.close();
  await asking;
  await world.end();
});

const MINUTE_MS = 60_000;

Deno.test("a client that stops says goodbye: the server's session ends at once", async () => {
  const world = await SessionWorld.attached();
  const stopping = world.client.stop("the tele client ends");
  await world.clock.advance(1);
  await stopping;
  assertEquals([world.there.error?.message, world.server.sessionCount], ["the tele client ends", 0]);
  assertEquals([world.here.error?.code, world.network.last!.isOver], ["closed", true]);
  await world.clock.advance(MINUTE_MS);
  assertEquals([world.network.pipes.length, world.clock.pendingTimers], [1, 0]);
});

Deno.test("a server that stops says goodbye: the client's session ends, and a new one begins when it is back", async () => {
  const world = await SessionWorld.attached();
  const former = world.here;
  world.network.state = "refusing";
  const stopping = world.server.stop("the tele server ends");
  await world.clock.advance(1);
  await stopping;
  assertEquals([former.error?.message, former.error?.code], ["the tele server ends", "refused"]);
  world.server = world.makeServer();
  world.network.state = "up";
  await world.untilAttached();
  await world.exchange(100);
  await world.end();
});

Deno.test("stopping takes little time when the carrier takes nothing, and none in an outage", async () => {
  const world = await SessionWorld.attached({ network: { bufferBytes: 10 } });
  world.network.last!.hold();
  world.here.send(1000);
  await world.clock.advance(10);
  let stopped = false;
  world.client.stop("the tele client ends").then(() => stopped = true);
  await world.clock.advance(499);
  assertEquals(stopped, false);
  await world.clock.advance(2_500);
  assertEquals(stopped, true);
  await world.end();

  const away = await SessionWorld.attached();
  away.network.state = "unreachable";
  away.network.cut();
  await away.clock.advance(5_000);
  await away.client.stop("the tele client ends");
  await away.end();
  assertEquals(away.clock.pendingTimers, 0);
});
