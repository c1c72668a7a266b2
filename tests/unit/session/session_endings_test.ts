import { concat } from "@std/bytes/concat";
import { writeU64 } from "../../../lib/net/bytes.ts";
import { assert, assertEquals, assertGreater, assertLessOrEqual, assertRejects } from "@std/assert";
import type { Duplex } from "../../../lib/net/duplex.ts";
import { TeleError } from "../../../lib/net/error.ts";
import { SegmentPool } from "../../../lib/net/segment_pool.ts";
import { EndCode, FrameType } from "../../../lib/session/session_constants.ts";
import { fullField } from "../../../lib/session/handshake/fields.ts";
import { type Accepted, ClientHandshake } from "../../../lib/session/handshake/client_handshake.ts";
import { HandshakeChannel } from "../../../lib/session/handshake/channel.ts";
import { ServerHandshake } from "../../../lib/session/handshake/server_handshake.ts";
import { type Identity, makeIdentityKeys } from "../../../lib/session/handshake/keys.ts";
import { type Commit, encodeAccept } from "../../../lib/session/handshake/messages.ts";
import { decodeEnding, encodeEnding, RefusalError } from "../../../lib/session/ending.ts";
import { FullError } from "../../../lib/session/handshake/client_handshake.ts";
import { Session } from "../../../lib/session/session.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { type MemoryPipe, memoryPipe } from "../../support/memory_network.ts";
import { ByteUser, CryptoGate, World } from "../../support/session_world.ts";

const MINUTE_MS = 60_000;

function framed(...payload: (number | Uint8Array)[]): Uint8Array {
  const body = concat(payload.map((part) => typeof part === "number" ? new Uint8Array([part]) : part));
  const header = new Uint8Array(4);
  new DataView(header.buffer).setUint32(0, body.length);
  return concat([header, body]);
}

function u64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  writeU64(bytes, 0, value);
  return bytes;
}

async function someIdentity(): Promise<Identity> {
  return { keys: await makeIdentityKeys(), slot: 0 };
}

/** Answers like a tele server that does not know the session, and does `then` with the commit. */
async function sayUnknown(duplex: Duplex, then: (handshake: ServerHandshake) => unknown): Promise<void> {
  const handshake = new ServerHandshake(duplex);
  await handshake.hello();
  await handshake.challenge("unknown");
  await handshake.channel.receive();
  await then(handshake);
}

const IMPOSTORS: Record<string, (duplex: Duplex) => unknown> = {
  "a hotel portal": (duplex) =>
    duplex.write(new TextEncoder().encode("HTTP/1.1 302 Found\r\n\r\n")).then(() => duplex.close()),
  "garbage": (duplex) => duplex.write(new Uint8Array(300).fill(0xab)),
  "a balancer without servers, that closes at once": (duplex) => duplex.close(),
  "a listener that says nothing": () => {},
  "unknown session, without completing a handshake": (duplex) => sayUnknown(duplex, () => {}),
  "unknown session, then close": (duplex) => sayUnknown(duplex, () => duplex.close()),
  "unknown session, then an accept without a proof": (duplex) =>
    sayUnknown(
      duplex,
      ({ channel }) => channel.send(concat([new Uint8Array([FrameType.accept]), new Uint8Array(16 + 8 + 1 + 32)])),
    ),
  "unknown session, then no room, without a proof": (duplex) =>
    sayUnknown(duplex, ({ channel }) => {
      const body = { sessionId: new Uint8Array(16), received: 0, fields: fullField() };
      return channel.send(concat([encodeAccept(body), new Uint8Array(32)]));
    }),
  "unknown session, then a refusal": (duplex) =>
    sayUnknown(duplex, ({ channel }) => channel.send(encodeEnding("refuse", { code: EndCode.full, message: "full" }))),
  "a known session, then an accept without a proof": async (duplex) => {
    const handshake = new ServerHandshake(duplex);
    await handshake.hello();
    await handshake.challenge("ready");
    await handshake.channel.receive();
    await duplex.write(framed(FrameType.accept, new Uint8Array(16 + 8 + 1 + 32)));
  },
  "a goodbye in place of a challenge": (duplex) =>
    duplex.write(framed(encodeEnding("goodbye", { code: EndCode.replaced, message: "go" }))),
};
for (const [name, code] of Object.entries(EndCode)) {
  IMPOSTORS[`a refusal: ${name}`] = (duplex) => duplex.write(framed(encodeEnding("refuse", { code, message: name })));
}

for (const [name, answer] of Object.entries(IMPOSTORS)) {
  Deno.test(`during an outage a minute of wrong answers ends nothing: ${name}`, async () => {
    const world = await World.attached();
    world.onConnection = (duplex) => void Promise.resolve(answer(duplex)).catch(() => {});
    world.network.cut();
    world.here.send(1000);
    await world.clock.advance(MINUTE_MS);
    assertGreater(world.network.pipes.length, 5);
    assertLessOrEqual(world.linesWith("client warn").length, 8, "no flood in the log");
    world.onConnection = world.toServer;
    world.client.wokeUp();
    await world.untilAttached();
    await world.exchange(1000);
    world.assertUnbroken();
    await world.end();
  });
}

Deno.test("a restarted server proves that it does not know the session: the old ends, a new one works", async () => {
  const world = await World.attached();
  const former = world.here;
  world.here.send(2000);
  world.restartServer();
  await world.clock.advance(1_000);
  assertEquals(former.error?.code, "unknown-session");
  assertEquals(world.clientUsers.length, 2);
  assertEquals(world.linesWith("client warn: session lost").length, 1);
  await world.exchange(1000);
  assertEquals(world.here.error, undefined);
  await world.end();
});

Deno.test("after the unknown session's end there is one session on either side, and it resumes", async () => {
  const world = await World.attached();
  world.restartServer();
  await world.clock.advance(1_000);
  world.network.cut();
  await world.exchange(50_000);
  assertEquals([world.clientUsers.length, world.server.sessionCount], [2, 1]);
  await world.end();
});

Deno.test("what an old carrier delivers after the takeover is dropped, what it delivers before is counted once", async () => {
  for (let releaseAtMs = 0; releaseAtMs <= 80; releaseAtMs += 5) {
    const world = await World.attached({ network: { delayMs: 10, localAddress: "192.0.2.1" } });
    const old = world.network.last!;
    old.hold();
    world.here.send(30_000);
    world.there.send(30_000);
    await world.clock.advance(50);
    world.client.addressesChanged(() => false);
    await world.clock.advance(releaseAtMs);
    old.release();
    await world.untilDelivered();
    await world.clock.advance(100);
    assertEquals(world.network.pipes.length, 2);
    world.assertUnbroken();
    await world.end();
  }
});

/** A tele client by hand: handshakes that a test can order as it likes. */
async function handMade(world: World) {
  const dial = async (sessionId?: Uint8Array) => {
    const handshake = await ClientHandshake.begin(await world.network.dial(), sessionId);
    return { handshake, pipe: world.network.last! };
  };
  const first = await dial();
  const fresh: Commit = { kind: "new", attempt: 0, received: 0, fields: new Map() };
  const { accept, resumeSecret } = await first.handshake.commit(fresh, new Uint8Array(0));
  await first.pipe.a.write(framed(FrameType.data, 0));
  await world.clock.settle();
  const resume = (handshake: ClientHandshake, attempt: number, received = 0): Promise<Accepted> =>
    handshake.commit({ kind: "resume", attempt, received, fields: new Map() }, resumeSecret);
  return { dial, resume, pipe: first.pipe, sessionId: accept.sessionId };
}

/** Two attempts, both challenged. */
async function twoAttempts() {
  const world = new World();
  const { dial, resume, pipe: original, sessionId } = await handMade(world);
  const older = await dial(sessionId);
  const newer = await dial(sessionId);
  assertEquals([older.handshake.status, newer.handshake.status], ["ready", "ready"]);
  return { world, resume, original, older, newer };
}

/** The newer attempt's carrier is the session's, and all others are closed. */
async function assertNewerAttached(world: World, newer: MemoryPipe, others: MemoryPipe[]): Promise<void> {
  // Who is refused may read why for a second.
  await world.clock.advance(1_000);
  assertEquals([newer.isOver, ...others.map((pipe) => pipe.isOver)], [false, ...others.map(() => true)]);
  const before = world.there.received;
  await newer.a.write(framed(FrameType.acknowledge, u64(0)));
  await world.clock.settle();
  assertEquals([world.there.received, world.there.error, world.server.sessionCount], [before, undefined, 1]);
  await world.end();
}

Deno.test("commits that arrive in order: the older attaches and is then taken over", async () => {
  const { world, resume, original, older, newer } = await twoAttempts();
  assertEquals((await resume(older.handshake, 1)).accept.received, 1);
  assertEquals((await resume(newer.handshake, 2)).accept.received, 1);
  await assertNewerAttached(world, newer.pipe, [original, older.pipe]);
});

Deno.test("commits that arrive in the wrong order: the older is refused as stale, quietly", async () => {
  const { world, resume, original, older, newer } = await twoAttempts();
  await resume(newer.handshake, 2);
  const error = await assertRejects(() => resume(older.handshake, 1), RefusalError);
  assertEquals(error.endCode, EndCode.stale);
  assertEquals(world.linesWith("before it was attached"), []);
  await assertNewerAttached(world, newer.pipe, [original, older.pipe]);
});

Deno.test("a number that was used before is stale", async () => {
  const { world, resume, original, older, newer } = await twoAttempts();
  await resume(newer.handshake, 2);
  const error = await assertRejects(() => resume(older.handshake, 2), RefusalError);
  assertEquals(error.endCode, EndCode.stale);
  await assertNewerAttached(world, newer.pipe, [original, older.pipe]);
});

Deno.test("commits whose proofs are checked at the same time: the newer one is attached whichever ends first", async () => {
  for (const order of [[0, 1], [1, 0]]) {
    const { world, resume, original, older, newer } = await twoAttempts();
    using gate = new CryptoGate("verify", (call) => call < 2);
    const results = Promise.allSettled([resume(older.handshake, 1), resume(newer.handshake, 2)]);
    while (gate.held.length < 2) await world.clock.settle();
    for (const call of order) {
      gate.release(call);
      await world.clock.settle();
    }
    const [, second] = await results;
    assertEquals(second.status, "fulfilled");
    await assertNewerAttached(world, newer.pipe, [original, older.pipe]);
  }
});

Deno.test("accepts that are made at the same time: the older one's is dropped, even if it is ready last", async () => {
  for (const order of [[0, 1], [1, 0]]) {
    const { world, resume, original, older, newer } = await twoAttempts();
    // Calls of sign: the two clients' proofs are made first, then the two accepts.
    using gate = new CryptoGate("sign", (call) => call === 1 || call === 3);
    const first = Promise.allSettled([resume(older.handshake, 1)]);
    while (gate.held.length < 1) await world.clock.settle();
    const second = Promise.allSettled([resume(newer.handshake, 2)]);
    while (gate.held.length < 2) await world.clock.settle();
    for (const at of order) {
      gate.release([1, 3][at]);
      await world.clock.settle();
    }
    const outcomes = [...await first, ...await second].map(({ status }) => status);
    assertEquals(outcomes, ["rejected", "fulfilled"]);
    await assertNewerAttached(world, newer.pipe, [original, older.pipe]);
  }
});

Deno.test("once a resume is taken, what the old carrier delivers is not counted, though the accept is still made", async () => {
  const world = new World();
  const { dial, resume, pipe: original, sessionId } = await handMade(world);
  const { handshake, pipe } = await dial(sessionId);
  using gate = new CryptoGate("sign", (call) => call === 1);
  const resuming = resume(handshake, 1);
  while (gate.held.length < 1) await world.clock.settle();
  await original.a.write(framed(FrameType.data, new Uint8Array(100))).catch(() => {});
  await world.clock.settle();
  gate.release(1);
  assertEquals([(await resuming).accept.received, world.there.session!.received], [1, 1]);
  await assertNewerAttached(world, pipe, [original]);
});

Deno.test("an accept that is verified after its attempt was given up attaches nothing", async () => {
  // Calls of verify: server, client, server, client. The clients' wait.
  using gate = new CryptoGate("verify", (call) => call % 2 === 1);
  const world = new World();
  world.client;
  await world.clock.settle();
  assertEquals(gate.held, [1]);
  await world.clock.advance(1_000);
  assertEquals(world.network.pipes.length, 2);
  await world.clock.advance(600);
  assertEquals(gate.held, [1, 3], "the second attempt was committed");
  gate.release(1);
  await world.clock.settle();
  gate.release(3);
  await world.clock.settle();
  assert(world.client.isAttached);
  assertEquals(world.network.pipes.map((pipe) => pipe.isOver), [true, false, true]);
  assertEquals(world.clientUsers.length, 1);
  assertEquals(world.linesWith("lost"), []);
  await world.end();
});

Deno.test("a commit that was given up and arrives late does not end the session that the client has", async () => {
  const identity: Identity = { keys: await makeIdentityKeys(), slot: 0 };
  const world = new World({ client: { identity } });
  let late: MemoryPipe | undefined;
  world.network.onPipe = (pipe, index) => {
    if (index === 0) late = pipe;
  };
  world.onConnection = (duplex) => {
    world.toServer(duplex);
    if (world.network.pipes.length === 1) world.clock.setTimer(() => late!.aToB.hold(), 0);
  };
  // The hello passes, the commit is held: the network begins to hold once the challenge was sent.
  const gate = new CryptoGate("sign", (call) => call === 0);
  world.client;
  await world.clock.advance(1);
  assertEquals(gate.held, [0]);
  gate.release(0);
  gate[Symbol.dispose]();
  await world.untilAttached();
  assertGreater(world.network.pipes.length, 1);
  await world.exchange(1000);
  const there = world.there;
  late!.release();
  await world.clock.advance(5_000);
  assertEquals(world.serverUsers.length, 2, "the late commit did arrive");
  world.here.send(1000);
  await world.clock.advance(1000);
  assertEquals([there.received, there.error, world.here.error], [2000, undefined, undefined]);
  await world.end();
});

Deno.test("a new session whose accept is lost is forgotten by both", async () => {
  const world = new World();
  world.network.onPipe = (pipe, index) => {
    if (index === 0) pipe.bToA.cutAfter(120); // inside the accept
  };
  world.here.send(100);
  await world.untilAttached();
  await world.untilDelivered();
  assertEquals([world.clientUsers.length, world.serverUsers.length], [1, 2]);
  await world.clock.advance(61 * MINUTE_MS);
  assertEquals(world.server.sessionCount, 1);
  assert(world.serverUsers[0].error !== undefined);
  assertEquals(world.linesWith("lost"), []);
  await world.end();
});

Deno.test("a client that was killed and comes back ends its older session at once", async () => {
  const keys = await makeIdentityKeys();
  const world = await World.attached({ client: { identity: { keys, slot: 0 } } });
  world.network.blackHole(); // The killed client says nothing any more.
  const left = world.there;
  world.addClient({ identity: { keys, slot: 0 } });
  await world.clock.advance(100);
  assertEquals(left.error?.message, "a newer session of the same client took its place");
  assertEquals([world.server.sessionCount, world.there.error], [1, undefined]);
  await world.end();
});

Deno.test("a client that comes back with fewer slots ends its older sessions in all others", async () => {
  const keys = await makeIdentityKeys();
  const world = new World();
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

Deno.test("a client that nobody could know again is waited for an hour, whatever it has under way; both ends agree", async () => {
  const world = await World.attached();
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
  const world = await World.attached({ client: { identity: { keys, slot: 0 } } });
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
  const world = await World.attached({ client: { identity } });
  const second = world.addClient({ identity });
  await world.clock.advance(MINUTE_MS);
  assertEquals(world.server.sessionCount, 2);
  assertEquals([world.client.isAttached, second.isAttached], [true, true]);
  assertLessOrEqual(world.serverUsers.length, 3);
  await world.end();
});

Deno.test("the smaller resume timeout of both sides ends a session on both sides", async () => {
  for (const [serverMs, clientMs] of [[20_000, 3_600_000], [3_600_000, 20_000]]) {
    const world = await World.attached({
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
  const world = await World.attached({ client: { resumeTimeoutMs: 20_000 } });
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
    const world = await World.attached({ client: { identity: await someIdentity() } });
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

Deno.test("a session without streams is not empty before the peer has taken its last bytes", async () => {
  const world = await World.attached({ client: { identity: await someIdentity() } });
  world.network.blackHole();
  world.network.state = "unreachable";
  world.there.send(5_000);
  await world.clock.advance(100);
  world.there.streamCount = 0;
  await world.clock.advance(150 * MINUTE_MS);
  assertEquals([world.server.sessionCount, world.there.error], [1, undefined]);
  world.network.state = "up";
  await world.untilDelivered();
  world.assertUnbroken();
  await world.end();
});

Deno.test("a client without streams whose last bytes were not taken tries as often as one with streams", async () => {
  const world = await World.attached();
  world.network.blackHole();
  world.network.state = "refusing";
  world.here.send(5_000);
  world.here.streamCount = 0;
  await world.clock.advance(60_000);
  const before = world.network.dials;
  await world.clock.advance(30_000);
  assertGreater(world.network.dials - before, 30);
  world.network.state = "up";
  await world.untilDelivered();
  await world.end();
});

Deno.test("a session that loses its last stream in an outage of more than an hour goes within the next minute", async () => {
  const world = await World.attached({ client: { identity: await someIdentity() } });
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
  const world = await World.attached();
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
async function fullServer(without: number[], streams: number): Promise<World> {
  const world = new World({ server: { maxSessions: 3 } });
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
async function newcomer(world: World): Promise<void> {
  const handshake = await ClientHandshake.begin(await connect(world));
  await handshake.commit({ kind: "new", attempt: 0, received: 0, fields: new Map() }, new Uint8Array(0));
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

Deno.test("a session with streams, or with bytes that its client has not taken, never makes room", async () => {
  const world = await fullServer([0, 1, 2], 1);
  world.serverUsers[0].streamCount = 0;
  world.serverUsers[0].session!.log.reserve(1);
  await world.clock.advance(24 * 60 * MINUTE_MS);
  await assertRejects(() => newcomer(world), FullError);
  assertEquals([world.server.sessionCount, world.linesWith("too many sessions")], [3, []]);
  await world.end();
});

Deno.test("one who leaves session after session keeps nobody out", async () => {
  const world = new World({ server: { maxSessions: 20 } });
  for (let left = 30; left > 0; left--) {
    const handshake = await ClientHandshake.begin(await connect(world));
    await handshake.commit({ kind: "new", attempt: 0, received: 0, fields: new Map() }, new Uint8Array(0));
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
  const world = await World.attached({ server: { maxSessions: 1 }, client: { identity } });
  world.network.blackHole();
  const again = world.addClient();
  await world.clock.advance(1_000);
  assertEquals([again.isAttached, world.server.sessionCount], [true, 1]);
  await world.end();
});

/** A connection to the server past a network that is down for everyone else. */
function connect(world: World): Promise<Duplex> {
  const { a, b } = memoryPipe({ names: ["guest", "server"] });
  world.toServer(b);
  return Promise.resolve(a);
}

Deno.test("when all sessions have their carriers, one more is refused, and told which option helps", async () => {
  const world = await World.attached({ server: { maxSessions: 1 } });
  const second = world.addClient();
  const user = second.user;
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

Deno.test("a client whose session is gone from a full server tells its users, and goes on trying", async () => {
  for (const isAbandoned of [false, true]) {
    const world = await World.attached({ server: { maxSessions: 1 } });
    const user = world.here;
    if (isAbandoned) user.streamCount = 0;
    world.network.state = "unreachable";
    world.restartServer();
    const other = await ClientHandshake.begin(await connect(world));
    await other.commit({ kind: "new", attempt: 0, received: 0, fields: new Map() }, new Uint8Array(0));
    world.network.state = "up";
    await world.clock.advance(3_000);
    assertEquals([user.error?.code, world.client.isAttached], ["unknown-session", false]);
    // Whoever comes now is told what the matter is, and within seconds.
    const next = world.here;
    world.client.hurry();
    await world.clock.advance(1_000);
    assertEquals(next.error?.code, "refused");
    assert(next.error!.message.includes("--max-sessions"), next.error!.message);
    other.duplex.close();
    await world.clock.advance(200_000);
    assertEquals([world.client.isAttached, world.server.sessionCount], [true, 1]);
    await world.end();
  }
});

Deno.test("a client that stops says goodbye: the server's session ends at once", async () => {
  const world = await World.attached();
  const stopping = world.client.stop("the tele client ends");
  await world.clock.advance(1);
  await stopping;
  assertEquals([world.there.error?.message, world.server.sessionCount], ["the tele client ends", 0]);
  assertEquals([world.here.error?.code, world.network.last!.isOver], ["closed", true]);
  await world.clock.advance(MINUTE_MS);
  assertEquals([world.network.pipes.length, world.clock.pendingTimers], [1, 0]);
});

Deno.test("a server that stops says goodbye: the client's session ends, and a new one begins when it is back", async () => {
  const world = await World.attached();
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
  const world = await World.attached({ network: { bufferBytes: 10 } });
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

  const away = await World.attached();
  away.network.state = "unreachable";
  away.network.cut();
  await away.clock.advance(5_000);
  await away.client.stop("the tele client ends");
  await away.end();
  assertEquals(away.clock.pendingTimers, 0);
});

Deno.test("a count that is impossible ends the session loudly on both sides, on resume and in an acknowledgement", async () => {
  const world = new World();
  const { dial, resume, sessionId } = await handMade(world);
  const { handshake } = await dial(sessionId);
  const error = await assertRejects(() => resume(handshake, 1, 5_000), RefusalError, "received 5000 bytes");
  assertEquals([error.endCode, world.there.error?.code], [EndCode.protocol, "protocol"]);
  assertEquals(world.server.sessionCount, 0);
  assertGreater(world.linesWith("which cannot be").length, 0);

  const second = await handMade(world);
  await second.pipe.a.write(framed(FrameType.acknowledge, u64(1_000_000)));
  const ending = await goodbyeOn(second.pipe.a);
  assertEquals(ending.code, EndCode.protocol);
  assertEquals(world.there.error?.code, "protocol");
  await world.end();
});

/** The goodbye that comes behind whatever else comes. */
async function goodbyeOn(duplex: Duplex) {
  const channel = new HandshakeChannel(duplex);
  for (;;) {
    const frame = await channel.receive();
    if (frame[0] === FrameType.goodbye) return decodeEnding(frame);
  }
}

Deno.test("an unknown frame or a control frame that is too large ends its carrier only", async () => {
  const tooLarge = framed(FrameType.hint, new Uint8Array(17 * 1024));
  for (const bad of [framed(0x77), framed(FrameType.probe, 1), framed(FrameType.acknowledge, 1), tooLarge]) {
    const world = await World.attached();
    const carrier = world.network.last!;
    await carrier.a.write(bad);
    await world.clock.advance(100);
    assertEquals(carrier.isOver, true);
    await world.exchange(1000);
    world.assertUnbroken();
    await world.end();
  }
});

Deno.test("a user that refuses what came ends the session with a goodbye that says why", async () => {
  const world = await World.attached();
  world.there.refusal = new TeleError("protocol", "the peer sent more than it may");
  const [here, there] = [world.here, world.there];
  here.send(10);
  await world.clock.advance(100);
  assertEquals([there.error?.message, here.error?.message], Array(2).fill("the peer sent more than it may"));
  assertEquals(there.error?.code, "protocol");
  await world.end();
});

Deno.test("bytes that came with the handshake and break a rule end session and carrier", async () => {
  for (const refused of ["data", "goodbye"]) {
    const clock = new FakeClock();
    const user = new ByteUser(1);
    if (refused === "data") user.refusal = new TeleError("protocol", "not allowed");
    const ended: string[] = [];
    const session = new Session({
      clock,
      pool: new SegmentPool({ plenty: 4 }),
      user,
      replayBufferBytes: 1000,
      pingIntervalMs: 30_000,
      onDetached: () => ended.push("detached"),
      onEnded: (_, error) => ended.push(error.message),
    });
    const pipe = memoryPipe();
    const leftover = refused === "data"
      ? framed(FrameType.data, 7)
      : framed(encodeEnding("goodbye", { code: EndCode.shutdown, message: "not allowed" }));
    session.attach({ duplex: pipe.a, peerReceived: 0, leftover });
    await clock.advance(1_000);
    assertEquals(ended, ["not allowed"]);
    assertEquals([pipe.isOver, clock.pendingTimers, session.carrier], [true, 0, undefined]);
  }
});

Deno.test("strangers end their carrier only: one log line each, within 10 s, and nothing stays", async () => {
  const strangers: Record<string, (duplex: Duplex) => Promise<void>> = {
    garbage: (duplex) => duplex.write(new Uint8Array(5000).fill(0xab)),
    http: (duplex) => duplex.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: tele\r\n\r\n")),
    truncated: (duplex) => duplex.write(framed(FrameType.hello, new TextEncoder().encode("tele")).subarray(0, 6)),
    cut: (duplex) => duplex.write(new Uint8Array([0, 0])).then(() => duplex.close()),
    huge: (duplex) => duplex.write(new Uint8Array([255, 255, 255, 255])),
    pings: (duplex) => duplex.write(new Uint8Array(400)),
    "deaf and slow": (duplex) => duplex.write(new Uint8Array([0])),
  };
  for (const [name, act] of Object.entries(strangers)) {
    const world = await World.attached();
    const before = world.lines.length;
    const pipe = memoryPipe({ names: ["198.51.100.1:1", "server"] });
    world.toServer(pipe.b);
    await act(pipe.a);
    await world.clock.advance(10_000);
    const told = world.lines.slice(before);
    assertEquals([pipe.isOver, told.length], [true, 1], `${name}: ${told}`);
    assert(told[0].includes("carrier from 198.51.100.1:1 ended before it was attached"), told[0]);
    await world.exchange(100);
    assertEquals(world.server.sessionCount, 1);
    world.assertUnbroken();
    await world.end();
    assertEquals(world.clock.pendingTimers, 0);
  }
});

Deno.test("a carrier that closes before its first byte is counted, not logged", async () => {
  const world = new World();
  for (let i = 0; i < 20; i++) {
    const { a, b } = memoryPipe();
    world.toServer(b);
    if (i % 2 === 0) a.close();
    else a.abort();
  }
  await world.clock.advance(100);
  assertEquals([world.server.silentCarriers, world.lines], [20, []]);
  await world.end();
});

Deno.test("a refusal at first contact ends the waiting users with the server's words, and is tried again", async () => {
  const world = new World();
  world.onConnection = (duplex) =>
    void duplex.write(framed(encodeEnding("refuse", { code: 3, message: "use the same release" })));
  const user = world.here;
  await world.clock.advance(100);
  assertEquals(user.error?.code, "refused");
  assert(user.error!.message.includes("use the same release"));
  world.onConnection = world.toServer;
  await world.untilAttached();
  await world.exchange(100);
  await world.end();
});

Deno.test("at first contact an end that an outage makes as well is a refusal only the fifth time in a row", async () => {
  const doubted = new TeleError("doubted", "it ended right after the TLS handshake");
  const lost = new TeleError("carrier-lost", "connection reset by peer");
  const four = Array<TeleError>(4).fill(doubted);
  for (const [failures, code] of [[[...four, lost, ...four], undefined], [[...four, doubted], "refused"]] as const) {
    const left = [...failures];
    const world: World = new World({
      client: {
        dial(signal) {
          const failure = left.shift();
          return failure === undefined ? world.network.dial(signal) : Promise.reject(failure);
        },
      },
    });
    const user = world.here;
    await world.untilAttached();
    assertEquals([left.length, user.error?.code], [0, code]);
    await world.exchange(100);
    await world.end();
  }
});
