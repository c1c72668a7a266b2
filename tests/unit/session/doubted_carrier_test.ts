/** Silence that only a guess excuses: the client looks whether another connection gets through. */
import { assert, assertEquals, assertGreaterOrEqual, assertLessOrEqual } from "@std/assert";
import { TeleError } from "../../../lib/net/error.ts";
import type { SessionServer } from "../../../lib/session/session_server.ts";
import type { MemoryPipeOptions } from "../../support/memory_pipe.ts";
import type { ByteLayer } from "../../support/byte_layer.ts";
import { SessionWorld, type SessionWorldOptions } from "../../support/session_world.ts";

/** More than the first bound, which on the slowest path there is needs 16 s. */
const MUCH = 100_000;

/**
 * A client whose carrier has {@linkcode MUCH} under way and has been silent just long enough to be doubted; its server
 * hears it.
 */
async function doubted(network: Omit<MemoryPipeOptions, "clock"> = {}): Promise<SessionWorld> {
  const world = await SessionWorld.attached({ network });
  world.network.last!.bToA.hold();
  world.here.send(MUCH);
  await world.clock.advanceUntil(() => world.network.dials === 2, 6_000, "another connection");
  return world;
}

/** What a person reads at the client. */
function told(world: SessionWorld): string[] {
  return world.lines.filter((line) => line.startsWith("client") && !line.includes(" debug: "));
}

Deno.test("a doubted carrier that is heard again goes on, and of the attempts beside it nothing is left", async () => {
  for (const dialing of ["up", "unreachable", "refusing"] as const) {
    const world = await SessionWorld.attached();
    const before = told(world);
    const { carrier } = world.here.session!;
    world.network.last!.bToA.hold();
    world.network.state = dialing;
    world.here.send(MUCH);
    await world.clock.advance(3_700);
    assertGreaterOrEqual(world.network.dials, 2);
    assertEquals([world.client.isAttached, world.client.outageMs], [true, undefined]);
    world.network.pipes[0].bToA.release();
    await world.clock.advance(10_000);
    const { dials } = world.network;
    world.network.state = "up";
    await world.clock.advance(10_000);
    assert(world.isDelivered);
    assertEquals(world.here.session!.carrier, carrier);
    assertEquals(world.network.dials, dials);
    assert(world.network.pipes.slice(1).every((pipe) => pipe.isOver));
    assertEquals(told(world), before);
    world.assertUnbroken();
    await world.end();
    assertEquals(world.clock.pendingTimers, 0);
  }
});

Deno.test("a doubted carrier beside which another connection gets through is lost in seconds", async () => {
  for (const delayMs of [0, 40, 400]) {
    const world = await SessionWorld.attached({ network: { delayMs } });
    world.network.blackHole();
    world.here.send(MUCH);
    const startMs = world.clock.now();
    const { dials } = world.network;
    await world.untilDelivered(20_000);
    // The next carrier begins with small pieces, since of this one nothing large was acknowledged.
    assertLessOrEqual(world.clock.now() - startMs, 5_000 + 17 * delayMs);
    assertEquals(world.linesWith("while another connection gets through; trying to resume").length, 1);
    assertEquals(world.linesWith("client info: resumed after").length, 1);
    assertLessOrEqual(world.network.dials - dials, delayMs > 100 ? 3 : 1);
    world.assertUnbroken();
    await world.end();
  }
});

Deno.test("a carrier on which only the way there is dead is replaced in seconds, whatever still comes", async () => {
  // Takes less than the first bound: the write waits, and no question is sent whose answer could wait behind what comes.
  const world = await SessionWorld.attached({ network: { delayMs: 20, bufferBytes: 16_384 } });
  world.network.last!.aToB.hold();
  const startMs = world.clock.now();
  world.here.send(MUCH);
  for (let n = 0; n < 80 && world.network.dials < 2; n++) {
    world.there.send(1_000);
    await world.clock.advance(250);
  }
  await world.untilDelivered(5_000);
  assertLessOrEqual(world.clock.now() - startMs, 16_000);
  assertEquals(world.linesWith("client warn: link lost: nothing acknowledged for").length, 1);
  assertEquals(world.linesWith("while another connection gets through").length, 1);
  world.assertUnbroken();
  await world.end();
});

Deno.test("a download whose acknowledgements do not get there moves to another carrier in seconds", async () => {
  const world = await SessionWorld.attached({ network: { delayMs: 20 } });
  world.network.last!.aToB.hold();
  const startMs = world.clock.now();
  world.there.send(MUCH);
  await world.untilDelivered(15_000);
  await world.clock.advanceUntil(() => world.there.session!.budget.heldBytes === 0, 15_000, "the acknowledgement");
  assertLessOrEqual(world.clock.now() - startMs, 15_000);
  assertEquals(world.linesWith("client warn: link lost: no answer for").length, 1);
  world.assertUnbroken();
  await world.end();
});

Deno.test("where nothing gets through, a doubted carrier has the time that a guess gives it", async () => {
  const world = await SessionWorld.attached();
  const before = told(world);
  world.network.blackHole();
  world.network.state = "unreachable";
  world.here.send(MUCH);
  await world.clock.advance(20_000);
  assertEquals([told(world), world.client.isAttached, world.client.outageMs], [before, true, undefined]);
  await world.clock.advance(1_000);
  assertEquals(world.linesWith("client warn: link lost: nothing acknowledged for 20.5 s").length, 1);
  assert(!world.client.isAttached);
  world.network.state = "up";
  await world.untilDelivered(1_500);
  world.assertUnbroken();
  await world.end();
});

Deno.test("beside a doubted carrier a refusal is no news, and there is one attempt a second at the most", async () => {
  const world = await SessionWorld.attached();
  const before = told(world);
  world.network.blackHole();
  world.network.state = "refusing";
  world.here.send(MUCH);
  await world.clock.advance(3_500);
  for (let user = 0; user < 30; user++) {
    world.client.hurry();
    await world.clock.advance(500);
  }
  assertLessOrEqual(world.network.dials - 1, 16);
  assertGreaterOrEqual(world.network.dials - 1, 14);
  assertEquals(told(world), before);
  await world.clock.advance(6_000);
  world.network.state = "up";
  await world.untilDelivered(2_000);
  world.assertUnbroken();
  await world.end();
});

Deno.test("beside a doubted carrier there is an attempt each second, however long ago the last outage was", async () => {
  const world = await SessionWorld.attached();
  for (let minutes = 0; minutes < 11; minutes++) {
    // In use, so that its silence tells something.
    world.here.send(10);
    await world.clock.advance(60_000 - 1_000);
    world.here.send(10);
    await world.clock.advance(1_000);
  }
  world.network.blackHole();
  world.network.state = "refusing";
  const { dials } = world.network;
  world.here.send(MUCH);
  // Beyond the guess the carrier is dead.
  await world.clock.advanceUntil(() => !world.client.isAttached, 60_000, "the verdict");
  assertGreaterOrEqual(world.network.dials - dials, 16);
  world.network.state = "up";
  await world.untilDelivered(2_000);
  world.assertUnbroken();
  await world.end();
});

Deno.test("the longer another connection takes, the longer a doubted carrier may be silent behind it", async () => {
  for (const [spokenAfterMs, isKept] of [[3_500, true], [5_500, false]] as const) {
    const world = await SessionWorld.attached();
    world.network.onPipe = ({ aToB, bToA }) => aToB.delayMs = bToA.delayMs = 2_000;
    world.network.last!.bToA.hold();
    world.here.send(MUCH);
    await world.clock.advanceUntil(() => world.network.dials === 2, 6_000, "another connection");
    await world.clock.advance(4_000 + spokenAfterMs);
    world.network.pipes[0].bToA.release();
    await world.clock.advance(20_000);
    assertEquals(world.linesWith("gets through").length, isKept ? 0 : 1);
    assert(world.isDelivered);
    world.assertUnbroken();
    await world.end();
  }
});

/** The server is started anew, and what the old carrier carried vanishes: no reset tells its client. */
async function forgotten(
  token?: Uint8Array,
  after: SessionWorldOptions["server"] = {},
): Promise<{ world: SessionWorld; before: SessionServer<ByteLayer> }> {
  const world = await SessionWorld.attached({ server: { token }, client: { token } });
  const before = world.server;
  world.network.last!.bToA.hold();
  world.server = world.makeServer(after);
  return { world, before };
}

const TOKEN = new TextEncoder().encode("sixteen bytes or more");

Deno.test("a server that has proven to know nothing of the session gets a new one in seconds, however silent the old carrier is", async () => {
  for (const token of [undefined, TOKEN]) {
    const { world, before } = await forgotten(token);
    const startMs = world.clock.now();
    world.here.send(MUCH);
    await world.clock.advanceUntil(() => world.linesWith("link up: new session").length === 2, 60_000, "a new session");
    assertLessOrEqual(world.clock.now() - startMs, 6_000);
    assertEquals(world.linesWith("client warn: link lost: silent for").length, 1);
    assertEquals(world.linesWith("while the tele server has forgotten the session").length, 1);
    assertEquals(world.linesWith("client warn: session lost: the tele server does not know the session").length, 1);
    await world.exchange(1_000);
    assertEquals(world.network.pipes.filter((pipe) => !pipe.isOver).length, 1);
    await world.end();
    await before.stop("the test ends");
    assertEquals(world.clock.pendingTimers, 0);
  }
});

Deno.test("a server that knows nothing of the session and has no room for another has forgotten it as well", async () => {
  const { world, before } = await forgotten(undefined, { maxSessions: 0 });
  world.here.send(MUCH);
  await world.clock.advance(6_000);
  assertEquals(world.linesWith("client warn: session lost: the tele server does not know the session").length, 1);
  assertEquals(world.linesWith("takes no more sessions").length, 1);
  world.server = world.makeServer();
  await world.clock.advanceUntil(() => world.client.isAttached, 20_000, "a new session");
  await world.end();
  await before.stop("the test ends");
});

Deno.test("a carrier that speaks within its second keeps its session, whatever a server says that does not know it", async () => {
  const { world, before } = await forgotten();
  world.here.send(MUCH);
  await world.clock.advanceUntil(() => world.network.dials === 2, 6_000, "another connection");
  await world.clock.advance(700);
  world.network.pipes[0].bToA.release();
  await world.untilDelivered(1_000);
  await world.clock.advance(5_000);
  world.assertUnbroken();
  assertEquals(world.linesWith("lost"), []);
  await world.end();
  await before.stop("the test ends");
});

Deno.test("a carrier that speaks while a new session is asked for keeps the old one", async () => {
  const { world, before } = await forgotten();
  world.here.send(MUCH);
  await world.clock.advanceUntil(() => world.network.pipes.length === 2, 6_000, "another connection");
  await world.clock.advance(100);
  world.network.pipes[1].bToA.hold();
  await world.clock.advance(3_000);
  assertEquals([world.server.sessionCount, world.client.isAttached], [1, true], "the accept is on its way");
  world.network.pipes[0].bToA.release();
  await world.clock.advance(1_000);
  assert(world.network.pipes[1].isOver);
  world.network.pipes[1].bToA.release();
  await world.clock.advance(5_000);
  assertEquals([world.clientUsers.length, world.here.error], [1, undefined]);
  assertEquals(world.serverUsers[0].received, world.here.told);
  await world.end();
  await before.stop("the test ends");
});

Deno.test("beside a doubted carrier too, a server that proves nothing ends no session", async () => {
  // It has another token: its "unknown" comes without a proof.
  const { world, before } = await forgotten(TOKEN, { token: new TextEncoder().encode("another one of sixteen") });
  world.here.send(MUCH);
  await world.clock.advance(18_000);
  assertGreaterOrEqual(world.network.dials, 5);
  assertEquals(world.linesWith("lost"), []);
  world.network.pipes[0].bToA.release();
  await world.untilDelivered(1_000);
  world.assertUnbroken();
  await world.end();
  await before.stop("the test ends");
});

Deno.test("a process that was suspended in doubt hears what waits before it gives the carrier up", async () => {
  const world = await doubted();
  await world.clock.advance(300);
  await world.clock.stall(60_000);
  world.network.pipes[0].bToA.release();
  await world.untilDelivered(1_000);
  await world.clock.advance(5_000);
  assertEquals(world.linesWith("lost"), []);
  await world.end();
});

Deno.test("a client that ends in doubt leaves no attempt behind", async () => {
  const world = await doubted({ delayMs: 20 });
  assertEquals(world.network.pipes.length, 1, "the other connection is not there yet");
  let hasStopped = false;
  world.client.stop("the test ends").then(() => hasStopped = true);
  world.network.pipes[0].bToA.release();
  await world.clock.advanceUntil(() => hasStopped, 5_000, "the end");
  await world.clock.advance(60_000);
  assertEquals([world.network.dials, world.there.error?.message], [2, "the test ends"]);
  assert(world.network.pipes.every((pipe) => pipe.isOver));
  await world.end();
  assertEquals(world.clock.pendingTimers, 0);
});

Deno.test("a session that ends in doubt makes way for another, and no attempt for it is left", async () => {
  const world = await doubted();
  await world.clock.advance(100);
  world.here.session!.end(new TeleError("fault", "the test ends it"));
  await world.clock.advanceUntil(() => world.clientUsers.length === 2 && world.client.isAttached, 5_000, "the next");
  await world.clock.advance(30_000);
  assertEquals(world.network.pipes.filter((pipe) => !pipe.isOver).length, 1);
  assertEquals(world.linesWith("link up").length, 2);
  await world.end();
});

Deno.test("an address that goes in doubt takes carrier and attempts along", async () => {
  const world = await doubted({ localAddress: "10.0.0.1", delayMs: 20 });
  world.client.addressesChanged(() => false);
  assert(!world.client.isAttached);
  assertEquals(world.network.dials, 3);
  await world.untilDelivered(1_000);
  await world.clock.advance(30_000);
  assertEquals(world.network.pipes.filter((pipe) => !pipe.isOver).length, 1);
  world.assertUnbroken();
  await world.end();
});

Deno.test("a wake-up in doubt starts over, and costs the carrier a second as ever", async () => {
  const world = await doubted({ delayMs: 20 });
  world.network.state = "unreachable";
  world.client.wokeUp();
  assertEquals(world.network.dials, 3);
  await world.clock.advance(1_300);
  assertEquals(world.linesWith("no sign of life after this machine was suspended").length, 1);
  world.network.state = "up";
  await world.untilDelivered(2_000);
  world.assertUnbroken();
  await world.end();
});

Deno.test("a doubted carrier that is cut is replaced by the attempt beside it", async () => {
  const world = await doubted({ delayMs: 100 });
  await world.clock.advance(300);
  world.network.pipes[0].cut();
  await world.untilDelivered(2_000);
  assertEquals(world.network.dials, 2);
  world.assertUnbroken();
  await world.end();
});

Deno.test("what a server has on a carrier in doubt goes on the next one as soon as that was heard, and on the first no more", async () => {
  const world = await SessionWorld.attached({ network: { delayMs: 20 }, client: { carriers: 6 } });
  world.network.blackHole();
  world.network.state = "unreachable";
  for (const end of [world.here, world.there]) end.send(4_600);
  const { attached } = world.there.session!.carriers;
  const [first] = attached.all;
  await world.clock.advanceUntil(() => first.isDoubted, 10_000, "the server's doubt");
  world.network.state = "up";
  const { handed } = first.carrier.log;
  await world.clock.advanceUntil(() => attached.all.length === 2, 2_000, "the next carrier");
  world.there.send(1_000);
  assert(!attached.all[1].isHeard);
  await world.clock.advance(100);
  assertLessOrEqual(first.carrier.log.handed - handed, 1_100, "what is new, and nothing again");
  assert(world.isDelivered);
  world.assertUnbroken();
  await world.end();
});

Deno.test("a server only waits in doubt, and its client has another carrier long before it is done", async () => {
  const world = await SessionWorld.attached();
  world.network.blackHole();
  world.there.send(30_000);
  await world.untilDelivered(5_000);
  await world.clock.advance(100);
  assertEquals(world.linesWith("server warn"), []);
  world.network.state = "unreachable";
  world.network.blackHole();
  world.there.send(30_000);
  // What 30 kB need at 16 kbit/s, and 9 s.
  await world.clock.advance(20_000);
  assertEquals(world.linesWith("lost its link"), []);
  await world.clock.advance(5_000);
  assertEquals(world.linesWith("lost its link").length, 1);
  await world.end();
});
