/** Which attempt's carrier a session gets, in whatever order commits and accepts come, and what it counts. */
import { assert, assertEquals, assertGreater, assertRejects } from "@std/assert";
import { EndCode, FrameType } from "../../../lib/session/session_constants.ts";
import { type Identity, makeIdentityKeys } from "../../../lib/session/handshake/keys.ts";
import { TeleError } from "../../../lib/net/error.ts";
import { RefusalError } from "../../../lib/session/ending.ts";
import type { MemoryPipe } from "../../support/memory_pipe.ts";
import { BYTES_ID } from "../../support/byte_layer.ts";
import { CryptoGate } from "../../support/crypto_gate.ts";
import { frameOf, handMade, u64 } from "../../support/hand_made.ts";
import { SessionWorld } from "../../support/session_world.ts";
import { readReceipts } from "../../../lib/session/handshake/fields.ts";
import type { Accepted } from "../../../lib/session/handshake/client_handshake.ts";
import { dataFrame } from "../../support/frames.ts";

Deno.test("what an old carrier delivers after the takeover is dropped, what it delivers before is counted once", async () => {
  for (let releaseAtMs = 0; releaseAtMs <= 80; releaseAtMs += 5) {
    const world = await SessionWorld.attached({ network: { delayMs: 10, localAddress: "192.0.2.1" } });
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

/** Two attempts, both challenged. */
async function twoAttempts() {
  const world = new SessionWorld();
  const { dial, join, pipe: original, sessionId } = await handMade(world);
  const older = await dial(sessionId);
  const newer = await dial(sessionId);
  assertEquals([older.handshake.status, newer.handshake.status], ["ready", "ready"]);
  return { world, join, original, older, newer };
}

/** Counted bytes that a server says it took of the first carrier: all that {@linkcode handMade} sent on it. */
const FIRST = [{ number: 0, taken: dataFrame(BYTES_ID, 0, new Uint8Array(1)).length }];

/** A client that has the first carrier, and took nothing of it, wants to know. */
const WANTED = [{ number: 0, taken: 0 }];

/** What the server says it took of carriers that are gone. */
function receiptsOf({ accept }: Accepted) {
  return readReceipts(accept.fields);
}

/** The newer attempt's carrier is the session's, and all others are closed. */
async function assertNewerAttached(world: SessionWorld, newer: MemoryPipe, others: MemoryPipe[]): Promise<void> {
  // Who is refused may read why for a second.
  await world.clock.advance(1_000);
  assertEquals([newer.isOver, ...others.map((pipe) => pipe.isOver)], [false, ...others.map(() => true)]);
  const before = world.there.received;
  await newer.a.write(frameOf(FrameType.acknowledge, u64(0)));
  await world.clock.settle();
  assertEquals([world.there.received, world.there.error, world.server.sessionCount], [before, undefined, 1]);
  await world.end();
}

Deno.test("commits that arrive in order: the older attaches and is then taken over", async () => {
  const { world, join, original, older, newer } = await twoAttempts();
  assertEquals(receiptsOf(await join(older.handshake, 1, WANTED)), FIRST);
  assertEquals(receiptsOf(await join(newer.handshake, 2, WANTED)), FIRST);
  await assertNewerAttached(world, newer.pipe, [original, older.pipe]);
});

Deno.test("commits that arrive in the wrong order: the older is refused as stale, quietly", async () => {
  const { world, join, original, older, newer } = await twoAttempts();
  await join(newer.handshake, 2);
  const error = await assertRejects(() => join(older.handshake, 1), RefusalError);
  assertEquals(error.endCode, EndCode.stale);
  assertEquals(world.linesWith("before it was attached"), []);
  await assertNewerAttached(world, newer.pipe, [original, older.pipe]);
});

Deno.test("a number that was used before is stale", async () => {
  const { world, join, original, older, newer } = await twoAttempts();
  await join(newer.handshake, 2);
  const error = await assertRejects(() => join(older.handshake, 2), RefusalError);
  assertEquals(error.endCode, EndCode.stale);
  await assertNewerAttached(world, newer.pipe, [original, older.pipe]);
});

Deno.test("a join that names the attached carrier as live is one carrier too many: it is refused, the other goes on", async () => {
  const { world, join, original, older, newer } = await twoAttempts();
  const error = await assertRejects(() => join(older.handshake, 1, [], [0]), RefusalError, "one carrier at a time");
  assertEquals([error.endCode, original.isOver], [EndCode.protocol, false]);
  const used = await assertRejects(() => join(newer.handshake, 1), RefusalError);
  assertEquals(used.endCode, EndCode.stale, "its number was taken all the same");
  await assertNewerAttached(world, original, [older.pipe, newer.pipe]);
});

Deno.test("a join whose session ends while its proof is checked is closed without a word", async () => {
  const { world, join, older } = await twoAttempts();
  using gate = new CryptoGate("verify", (call) => call === 0);
  const joining = join(older.handshake, 1);
  while (gate.held.length === 0) await world.clock.settle();
  world.there.session!.end(new TeleError("closed", "the test ends it"));
  gate.release(0);
  const error = await assertRejects(() => joining, TeleError);
  assertEquals([error.code, world.linesWith("before it was attached")], ["carrier-lost", []]);
  await world.end();
});

Deno.test("commits whose proofs are checked at the same time: the newer one is attached whichever ends first", async () => {
  for (const order of [[0, 1], [1, 0]]) {
    const { world, join, original, older, newer } = await twoAttempts();
    using gate = new CryptoGate("verify", (call) => call < 2);
    const results = Promise.allSettled([join(older.handshake, 1), join(newer.handshake, 2)]);
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
    const { world, join, original, older, newer } = await twoAttempts();
    // Calls of sign: the two clients' proofs are made first, then the two accepts.
    using gate = new CryptoGate("sign", (call) => call === 1 || call === 3);
    const first = Promise.allSettled([join(older.handshake, 1)]);
    while (gate.held.length < 1) await world.clock.settle();
    const second = Promise.allSettled([join(newer.handshake, 2)]);
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
  const world = new SessionWorld();
  const { dial, join, pipe: original, sessionId } = await handMade(world);
  const { handshake, pipe } = await dial(sessionId);
  using gate = new CryptoGate("sign", (call) => call === 1);
  const joining = join(handshake, 1, WANTED);
  while (gate.held.length < 1) await world.clock.settle();
  await original.a.write(dataFrame(BYTES_ID, 1, new Uint8Array(100))).catch(() => {});
  await world.clock.settle();
  gate.release(1);
  assertEquals([receiptsOf(await joining), world.there.received], [FIRST, 1]);
  await assertNewerAttached(world, pipe, [original]);
});

Deno.test("an accept that is verified after its attempt was given up attaches nothing", async () => {
  // Calls of verify: server, client, server, client. The clients' wait.
  using gate = new CryptoGate("verify", (call) => call % 2 === 1);
  const world = new SessionWorld();
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
  const world = new SessionWorld({ client: { identity } });
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
