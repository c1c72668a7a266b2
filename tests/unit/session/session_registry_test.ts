/** Which sessions a server keeps: replaced, expired, pushed out, refused. */
import { assert, assertEquals, assertLessOrEqual, assertRejects } from "@std/assert";
import type { Duplex } from "../../../lib/net/duplex.ts";
import { ClientHandshake, FullError } from "../../../lib/session/handshake/client_handshake.ts";
import { type Identity, makeIdentityKeys } from "../../../lib/session/handshake/keys.ts";
import { SessionEntry } from "../../../lib/session/session_entry.ts";
import { type MemoryPipe, memoryPipe } from "../../support/memory_pipe.ts";
import { someIdentity } from "../../support/hand_made.ts";
import { SessionWorld } from "../../support/session_world.ts";

const MINUTE_MS = 60_000;

Deno.test("a client that was killed and comes back ends its older session at once", async () => {
  const keys = await makeIdentityKeys();
  const world = await SessionWorld.attached({ client: { identity: { keys, slot: 0 } } });
  world.network.blackHole(); // The killed client says nothing any more.
  const left = world.there;
  world.addClient({ identity: { keys, slot: 0 } });
  await world.clock.advance(100);
  assertEquals(left.error?.message, "a newer session of the same client took its place");
  assertEquals([world.server.sessionCount, world.there.error], [1, undefined]);
  await world.end();
});

Deno.test("who comes is compared with the sessions of its own client alone, however many there are", async () => {
  const { isReplacedBy } = SessionEntry.prototype;
  let compared = 0;
  SessionEntry.prototype.isReplacedBy = function (newer) {
    compared++;
    return isReplacedBy.call(this, newer);
  };
  try {
    const world = new SessionWorld({ server: { maxSessions: 50 } });
    const identities = await Promise.all(Array.from({ length: 20 }, () => someIdentity()));
    for (const identity of identities) world.addClient({ identity });
    await world.clock.advanceUntil(() => world.server.sessionCount === 20, 5_000, "all");
    await world.clock.advance(100);
    assertEquals(compared, 0);
    world.addClient({ identity: identities[0] });
    await world.clock.advance(100);
    assertEquals(compared, 2, "for its room, and when it was heard");
    await world.end();
  } finally {
    SessionEntry.prototype.isReplacedBy = isReplacedBy;
  }
});

Deno.test("a client that comes back with fewer slots ends its older sessions in all others", async () => {
  const keys = await makeIdentityKeys();
  const world = new SessionWorld();
  for (let slot = 0; slot < 4; slot++) {
    world.addClient({ identity: { keys, slot, lastSlot: 3 } });
    await world.clock.advance(100);
  }
  world.network.blackHole(); // It is killed.
  for (let slot = 0; slot < 2; slot++) {
    world.addClient({ identity: { keys, slot, lastSlot: 1 } });
    await world.clock.advance(100);
  }
  assertEquals(world.serverUsers.map(({ error }) => error === undefined), [false, false, false, false, true, true]);
  await world.end();
});

Deno.test("a newer session at another server ends the one that it is told of, with those of slots that its client has no more", async () => {
  const keys = await makeIdentityKeys();
  const world = new SessionWorld();
  for (const identity of [...[0, 1, 2].map((slot) => ({ keys, slot, lastSlot: 2 })), await someIdentity()]) {
    world.addClient({ identity });
    await world.clock.advance(100);
  }
  const { registry } = world.server;
  const [first, second, third, others] = registry.entries;
  const { client } = first!.identity!;
  const newer = { identity: { client, slot: 1, lastSlot: 1 }, tokenName: undefined };
  assertEquals(registry.outlives(new Uint8Array(16), newer), false, "nobody has it");
  assertEquals(registry.outlives(others!.session.id, newer), true, "it is another client's");
  assertEquals(registry.outlives(second!.session.id, { ...newer, tokenName: "alice" }), true, "with another token");
  assertEquals(registry.count, 4);
  assertEquals(registry.outlives(second!.session.id, newer), false);
  assertEquals(registry.entries, [first, third, others], "that of slot 2 began behind it");
  assertEquals(registry.outlives(third!.session.id, newer), false);
  assertEquals(registry.entries, [first, others]);
  await world.end();
});

Deno.test("a session that is heard late ends none in a higher slot that its client has begun since", async () => {
  const keys = await makeIdentityKeys();
  const world = new SessionWorld({ network: { delayMs: 10 } });
  world.addClient({ identity: { keys, slot: 0, lastSlot: 0 } });
  await world.clock.advanceUntil(() => world.serverUsers.length === 1, 1_000, "the commit");
  // What its client sends behind that stays on its way.
  world.network.pipes[0]!.aToB.hold();
  await world.clock.advance(100);
  world.addClient({ identity: { keys, slot: 1, lastSlot: 1 } });
  await world.clock.advance(100);
  world.network.pipes[0]!.aToB.release();
  await world.clock.advance(100);
  assertEquals(world.serverUsers.map(({ error }) => error), [undefined, undefined]);
  await world.end();
});

Deno.test("a client that nobody could know again is waited for an hour, whatever it has under way; both ends agree", async () => {
  const world = await SessionWorld.attached();
  const [here, there] = [world.here, world.there];
  world.network.state = "unreachable";
  world.network.cut();
  await world.clock.advance(59 * MINUTE_MS);
  assertEquals([here.error, there.error], [undefined, undefined]);
  await world.clock.advance(2 * MINUTE_MS);
  assertEquals([here.error?.code, there.error?.code, world.server.sessionCount], ["expired", "expired", 0]);
  await world.end();
});

Deno.test("another slot or another identity ends nobody's session", async () => {
  const keys = await makeIdentityKeys();
  const world = await SessionWorld.attached({ client: { identity: { keys, slot: 0 } } });
  world.addClient({ identity: { keys, slot: 1 } });
  world.addClient({ identity: { keys: await makeIdentityKeys(), slot: 0 } });
  world.addClient({ identity: undefined });
  await world.clock.advance(1_000);
  assertEquals(world.server.sessionCount, 4);
  assertEquals(world.serverUsers.map((user) => user.error), [undefined, undefined, undefined, undefined]);
  await world.end();
});

Deno.test("two live clients with a copied identity do not end each other in turns", async () => {
  const identity: Identity = { keys: await makeIdentityKeys(), slot: 0 };
  const world = await SessionWorld.attached({ client: { identity } });
  const second = world.addClient({ identity });
  await world.clock.advance(MINUTE_MS);
  assertEquals(world.server.sessionCount, 2);
  assertEquals([world.client.isAttached, second.isAttached], [true, true]);
  assertLessOrEqual(world.serverUsers.length, 3);
  await world.end();
});

Deno.test("the smaller resume timeout of both sides ends a session on both sides", async () => {
  for (const [serverMs, clientMs] of [[20_000, 3_600_000], [3_600_000, 20_000]]) {
    const world = await SessionWorld.attached({
      server: { resumeTimeoutMs: serverMs },
      client: { resumeTimeoutMs: clientMs },
    });
    const [here, there] = [world.here, world.there];
    world.network.state = "unreachable";
    world.network.cut();
    await world.clock.advance(19_900);
    assertEquals([here.error, there.error], [undefined, undefined]);
    await world.clock.advance(200);
    assertEquals([here.error?.code, there.error?.code], ["expired", "expired"]);
    assertEquals(world.server.sessionCount, 0);
    world.network.state = "up";
    await world.untilAttached();
    await world.exchange(1000);
    await world.end();
  }
});

Deno.test("a resume timeout counts each outage for itself", async () => {
  const world = await SessionWorld.attached({ client: { resumeTimeoutMs: 20_000 } });
  for (let outage = 0; outage < 4; outage++) {
    world.network.state = "refusing";
    world.network.cut();
    await world.clock.advance(15_000);
    world.network.state = "up";
    await world.untilAttached();
    await world.exchange(100);
  }
  world.assertUnbroken();
  await world.end();
});

Deno.test("a detached session without streams is kept for an hour, one with streams goes on", async () => {
  for (const streams of [0, 1]) {
    const world = await SessionWorld.attached({ client: { identity: await someIdentity() } });
    world.there.streamCount = streams;
    await world.clock.advance(100); // what was sent is acknowledged
    world.network.state = "unreachable";
    world.network.cut();
    await world.clock.advance(60 * MINUTE_MS - 1_000);
    assertEquals(world.server.sessionCount, 1);
    await world.clock.advance(2_000);
    assertEquals(world.server.sessionCount, streams);
    await world.end();
  }
});

Deno.test("a session that loses its last stream in an outage of more than an hour goes within the next minute", async () => {
  const world = await SessionWorld.attached({ client: { identity: await someIdentity() } });
  await world.clock.advance(100); // what was sent is acknowledged
  world.network.state = "unreachable";
  world.network.cut();
  await world.clock.advance(70 * MINUTE_MS);
  assertEquals(world.server.sessionCount, 1);
  world.there.streamCount = 0;
  await world.clock.advance(MINUTE_MS);
  assertEquals(world.server.sessionCount, 0);
  await world.end();
});

Deno.test("an idle session that comes back in time is kept", async () => {
  const world = await SessionWorld.attached();
  world.there.streamCount = 0;
  for (let outage = 0; outage < 3; outage++) {
    world.network.state = "refusing";
    world.network.cut();
    await world.clock.advance(50 * MINUTE_MS);
    world.network.state = "up";
    await world.untilAttached();
    await world.exchange(10);
  }
  await world.clock.advance(10 * MINUTE_MS);
  world.assertUnbroken();
  await world.end();
});

/** Three clients at a server that takes three; those `without` lose their carriers, in that order, a second apart. */
async function fullServer(without: number[], streams: number): Promise<SessionWorld> {
  const world = new SessionWorld({ server: { maxSessions: 3 } });
  const pipes: MemoryPipe[] = [];
  for (let i = 0; i < 3; i++) {
    world.addClient({ identity: await someIdentity() });
    await world.clock.advance(10);
    world.clientUsers[i].send(10);
    await world.clock.advance(100);
    world.serverUsers[i].streamCount = streams;
    pipes.push(world.network.last!);
  }
  world.network.state = "unreachable";
  for (const index of without) {
    pipes[index].cut();
    await world.clock.advance(1_000);
  }
  return world;
}

/** One more client, that asks for a session and has it unless this rejects. */
async function newcomer(world: SessionWorld): Promise<void> {
  const handshake = await ClientHandshake.begin(await connect(world));
  await handshake.commit({ kind: "new", number: 0, lane: "quiet", fields: new Map() }, new Uint8Array(0));
}

Deno.test("at a full server a newcomer is refused rather than one ended that is in a short outage", async () => {
  const world = await fullServer([1, 0, 2], 0);
  await assertRejects(() => newcomer(world), FullError, "--max-sessions");
  await world.clock.advance(100_000);
  await assertRejects(() => newcomer(world), FullError, "--max-sessions");
  assertEquals(world.serverUsers.slice(0, 3).map((user) => user.error), [undefined, undefined, undefined]);
  await world.end();
});

Deno.test("after minutes the empty session that has waited the longest makes room, with a log line", async () => {
  const world = await fullServer([1, 0], 0);
  await world.clock.advance(120_000);
  await newcomer(world);
  assertEquals(world.serverUsers.map((user) => user.error?.code), [undefined, "expired", undefined, undefined]);
  assertEquals(world.linesWith("too many sessions").length, 1);
  assertEquals(world.server.sessionCount, 3);
  await world.end();
});

Deno.test("a session with streams, or with a frame of one that its client has not taken, never makes room", async () => {
  const world = await fullServer([0, 1, 2], 1);
  world.serverUsers[0].streamCount = 0;
  world.serverUsers[0].session!.budget.change(17, 1, 1);
  // An empty one would make room after two minutes, and be gone after an hour.
  await world.clock.advance(3 * 60 * MINUTE_MS);
  await assertRejects(() => newcomer(world), FullError);
  assertEquals([world.server.sessionCount, world.linesWith("too many sessions")], [3, []]);
  await world.end();
});

Deno.test("one who leaves session after session keeps nobody out", async () => {
  const world = new SessionWorld({ server: { maxSessions: 20 } });
  for (let left = 30; left > 0; left--) {
    const handshake = await ClientHandshake.begin(await connect(world));
    await handshake.commit({ kind: "new", number: 0, lane: "quiet", fields: new Map() }, new Uint8Array(0));
    handshake.duplex.close();
    await world.clock.advance(10);
  }
  world.client;
  await world.untilAttached(1_000);
  await world.exchange(100);
  assertEquals(world.server.sessionCount, 20);
  await world.end();
});

Deno.test("a client that comes back after a kill needs no room of its own: it takes its older session's", async () => {
  const identity: Identity = { keys: await makeIdentityKeys(), slot: 0 };
  const world = await SessionWorld.attached({ server: { maxSessions: 1 }, client: { identity } });
  world.network.blackHole();
  const again = world.addClient();
  await world.clock.advance(1_000);
  assertEquals([again.isAttached, world.server.sessionCount], [true, 1]);
  await world.end();
});

/** A connection to the server past a network that is down for everyone else. */
function connect(world: SessionWorld): Promise<Duplex> {
  const { a, b } = memoryPipe({ names: ["guest", "server"] });
  world.toServer(b);
  return Promise.resolve(a);
}

Deno.test("when all sessions have their carriers, one more is refused, and told which option helps", async () => {
  const world = await SessionWorld.attached({ server: { maxSessions: 1 } });
  const second = world.addClient();
  const user = second.upper;
  await world.clock.advance(100);
  assertEquals(user.error?.code, "refused");
  assert(user.error!.message.includes("--max-sessions"), user.error!.message);
  assertEquals(world.linesWith("holds 1 session already; --max-sessions").length > 0, true, world.lines.join("\n"));
  assertEquals([world.server.sessionCount, second.isAttached], [1, false]);
  await world.client.stop("done");
  await world.clock.advance(20_000);
  assertEquals(second.isAttached, true, "it went on trying");
  await world.end();
});
