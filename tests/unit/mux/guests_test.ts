/** Guests: peers that were accepted and mean no good. What they do costs others nothing that can be felt. */
import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import {
  CUTS_A_TURN,
  DIALS_A_SECOND,
  DIALS_A_TURN,
  MOST_DIALS_AT_ONCE,
  OPEN_COST,
} from "../../../lib/mux/mux_constants.ts";
import type { Duplex } from "../../../lib/net/duplex.ts";
import { FrameType, MOST_TURN_COST, OPEN_FRAME_BYTES } from "../../../lib/session/session_constants.ts";
import { ClientHandshake } from "../../../lib/session/handshake/client_handshake.ts";
import { readReceipts, receiptsField } from "../../../lib/session/handshake/fields.ts";
import type { Commit } from "../../../lib/session/handshake/messages.ts";
import { framed } from "../../../lib/ping/codec.ts";
import { concat } from "@std/bytes/concat";
import { dataFrame, endFrame, openFrame, resetFrame } from "../../support/frames.ts";
import { frameOf, u64 } from "../../support/hand_made.ts";
import { echo, MuxWorld, text } from "../../support/mux_world.ts";
import { collect, readText } from "../../support/reading.ts";

const GOODBYE = framed(new Uint8Array([FrameType.goodbye, 0, 1]));

/** The number of the stream that a client opens as its `n`th. */
function idOf(n: number): number {
  return 2 * n - 1;
}

/** `count` streams are opened, the first as the `from`th, and reset at once if `resets`. */
function opens(from: number, count: number, resets: boolean): Uint8Array {
  const frames = [];
  for (let n = from; n < from + count; n++) {
    frames.push(openFrame(idOf(n), { send: 0, receive: 0 }));
    if (resets) frames.push(resetFrame(idOf(n), 0, 2, ""));
  }
  return concat(frames);
}

/** An acknowledgement of so many counted bytes. */
function acknowledge(taken: number): Uint8Array {
  return frameOf(FrameType.acknowledge, u64(taken));
}

/** Begins a session. */
const FRESH: Commit = { kind: "new", number: 0, lane: "quiet", fields: new Map() };

/** A guest that has its session, and reads nothing. */
async function guest(world: MuxWorld): Promise<Duplex> {
  await world.attached();
  const carrier = await world.network.dial();
  const handshake = await ClientHandshake.begin(carrier);
  await handshake.commit(FRESH, new Uint8Array(0));
  return carrier;
}

Deno.test("streams that are opened and reset in one read are dialled for by nobody", async () => {
  await using world = new MuxWorld();
  const rogue = await guest(world);
  await rogue.write(opens(1, 300, true));
  await world.clock.advance(1_000);
  // But for those whose frames the end of a small read, or of a turn, may part.
  assertLessOrEqual(world.upstream.length, 3);
  assertEquals(world.ends.server.length, 300);
  rogue.close();
});

Deno.test("thousands of opens in one read are taken in turns, and another client's echo goes in between", async () => {
  await using world = new MuxWorld({ serve: echo });
  const { user } = world.open();
  await world.attached();
  await world.run(user.write(text("hello")));
  assertEquals(await world.run(readText(user, 5)), "hello");
  const rogue = await guest(world);
  await world.clock.advance(100);
  // The first reads of a carrier are small.
  const count = 1_500;
  await rogue.write(opens(1, count, true));
  await world.clock.settle();
  const most = MOST_TURN_COST / OPEN_COST + 1;
  assertLessOrEqual(world.ends.server.length, most);
  let before = world.ends.server.length;
  await world.run(user.write(text("between")));
  assertEquals(await world.run(readText(user, 7)), "between");
  assertLessOrEqual(world.ends.server.length, count / 2, "it was heard before the flood was over");
  for (let turn = 0; turn < 20; turn++) {
    await world.clock.advance(1);
    assertLessOrEqual(world.ends.server.length - before, 2 * most);
    before = world.ends.server.length;
  }
  await world.clock.advance(2_000);
  assertEquals(world.ends.server.length, count, "nothing is lost");
  rogue.close();
});

Deno.test("what came in front of a goodbye counts, also if it was too much for one turn", async () => {
  await using world = new MuxWorld();
  const rogue = await guest(world);
  await rogue.write(openFrame(1, { send: 1_000, receive: 1_000 }));
  await world.clock.advance(10);
  const [upstream] = world.upstream;
  const received = collect(upstream);
  await upstream.closeWrite();
  await world.clock.advance(10);
  // A fin: the stream is complete when the client has taken it, and the server its own.
  await rogue.write(acknowledge(endFrame(1, 0).length));
  const last = concat([dataFrame(1, 0, text("the last words")), endFrame(1, 14)]);
  await rogue.write(concat([opens(2, 200, true), last, GOODBYE]));
  await world.clock.advance(10);
  const { bytes, end } = await world.run(received);
  assertEquals([new TextDecoder().decode(bytes), end], ["the last words", "end"]);
  assertEquals(world.server.sessionCount, 1);
  rogue.close();
});

Deno.test("opens in front of a goodbye are taken in turns, and dialled for by few", async () => {
  await using world = new MuxWorld();
  const rogue = await guest(world);
  await world.run(rogue.write(concat([opens(1, 500, false), GOODBYE])));
  let before = 0;
  for (let turn = 0; turn < 20; turn++) {
    await world.clock.settle();
    assertLessOrEqual(world.upstream.length - before, DIALS_A_TURN);
    before = world.upstream.length;
    await world.clock.advance(1);
  }
  assertEquals(world.server.sessionCount, 1);
  assertLessOrEqual(world.upstream.length, 500 / 2, "who has gone needs no user");
  assertEquals(world.ends.server.length, 500);
  rogue.close();
});

for (const how of ["says goodbye", "breaks a rule"]) {
  Deno.test(`thousands of streams of a guest that ${how} are cut in turns`, async () => {
    await using world = new MuxWorld();
    const rogue = await guest(world);
    for (let from = 1; from < 2_000; from += 500) await world.run(rogue.write(opens(from, 500, false)));
    await world.clock.advanceUntil(() => world.upstream.length === 2_000, 10_000, "all are open");
    await rogue.write(how === "says goodbye" ? GOODBYE : openFrame(2, { send: 0, receive: 0 }));
    let before = 0;
    for (let turn = 0; turn < 2 * 2_000 / CUTS_A_TURN; turn++) {
      await world.clock.settle();
      assertLessOrEqual(world.ends.server.length - before, CUTS_A_TURN);
      before = world.ends.server.length;
      await world.clock.advance(1);
    }
    assertEquals(world.ends.server.length, 2_000, "none is forgotten");
    rogue.close();
  });
}

Deno.test("a server that ends while streams of a lost session are still to be cut cuts these as well", async () => {
  const world = new MuxWorld();
  const rogue = await guest(world);
  for (let from = 1; from < 2_000; from += 500) await world.run(rogue.write(opens(from, 500, false)));
  await world.clock.advanceUntil(() => world.upstream.length === 2_000, 10_000, "all are open");
  await rogue.write(GOODBYE);
  await world.clock.settle();
  assertEquals(world.ends.server.length, CUTS_A_TURN);
  const disposing = world[Symbol.asyncDispose]();
  assertEquals(world.ends.server.length, 2_000, "what the system closed for it could look like a clean end");
  rogue.close();
  await disposing;
});

Deno.test("carriers that take over while a read of the one before waits do not add theirs to it", async () => {
  await using world = new MuxWorld({ server: { maxStreams: 10 } });
  await world.attached();
  const first = await world.network.dial();
  const { accept: { sessionId }, joinSecret } = await (await ClientHandshake.begin(first))
    .commit(FRESH, new Uint8Array(0));
  let counted = 0;
  for (let number = 1; number <= 20; number++) {
    const carrier = await world.network.dial();
    const handshake = await ClientHandshake.begin(carrier, sessionId);
    // Nothing was taken of any; the server tells what it has of the one before.
    const former = new Map(receiptsField([{ number: number - 1, taken: 0 }]));
    const { accept } = await handshake.commit({ kind: "join", number, lane: "quiet", fields: former }, joinSecret);
    counted += readReceipts(accept.fields).at(-1)?.taken ?? 0;
    await world.run(carrier.write(opens(Math.floor(counted / OPEN_FRAME_BYTES) + 1, 1_000, false)));
    await world.clock.settle();
  }
  assertLessOrEqual(counted, 3 * 1_000 * OPEN_FRAME_BYTES, "a read each would be eight times as much");
});

Deno.test("a peer that breaks a rule in a later turn ends its session loudly", async () => {
  await using world = new MuxWorld();
  const rogue = await guest(world);
  await rogue.write(concat([opens(1, 100, false), openFrame(8, { send: 0, receive: 0 })]));
  await world.clock.advance(100);
  assertEquals(world.server.sessionCount, 1);
  assert(world.log.some((line) => line.includes("a stream with the number 8")), world.log.join("\n"));
  rogue.close();
});

Deno.test("users are dialled for a burst of streams at once, and for so many a second beyond it", async () => {
  await using world = new MuxWorld({ server: { maxStreams: 100_000 } });
  const rogue = await guest(world);
  const count = MOST_DIALS_AT_ONCE + DIALS_A_SECOND;
  for (let from = 1; from <= count; from += 1_000) {
    await world.run(rogue.write(opens(from, Math.min(1_000, count + 1 - from), false)));
  }
  const startMs = world.clock.now();
  await world.clock.advanceUntil(() => world.upstream.length >= MOST_DIALS_AT_ONCE, 10_000, "the burst");
  await world.clock.advanceUntil(() => world.upstream.length === count, 10_000, "the rest");
  const tookMs = world.clock.now() - startMs;
  assert(tookMs >= 400, `${tookMs} ms`);
  rogue.close();
});

Deno.test("dials for streams that were carried to their end do not count against those that follow", async () => {
  await using world = new MuxWorld({ server: { maxStreams: 100_000 } });
  const rogue = await guest(world);
  for (let from = 1; from <= MOST_DIALS_AT_ONCE; from += 1_024) await world.run(rogue.write(opens(from, 1_024, false)));
  await world.clock.advanceUntil(() => world.upstream.length === MOST_DIALS_AT_ONCE, 10_000, "the burst");
  const ends = Array.from({ length: MOST_DIALS_AT_ONCE }, (_, at) => endFrame(idOf(at + 1), 0));
  await world.run(rogue.write(concat(ends)));
  await Promise.all(world.upstream.map((upstream) => upstream.closeWrite()));
  await world.clock.advance(10);
  await rogue.write(acknowledge(endFrame(1, 0).length * MOST_DIALS_AT_ONCE));
  await world.clock.settle();
  assertEquals(world.ends.server.length, MOST_DIALS_AT_ONCE);
  const startMs = world.clock.now();
  await world.run(rogue.write(opens(MOST_DIALS_AT_ONCE + 1, DIALS_A_SECOND, false)));
  const count = MOST_DIALS_AT_ONCE + DIALS_A_SECOND;
  await world.clock.advanceUntil(() => world.upstream.length === count, 10_000, "the next");
  const tookMs = world.clock.now() - startMs;
  assert(tookMs < 200, `${tookMs} ms`);
  rogue.close();
});

Deno.test("many handshakes that succeed, and their ends, make a few lines of each kind, and a last one that counts", async () => {
  await using world = new MuxWorld({ server: { maxSessions: 50 } });
  for (let made = 0; made < 150; made++) {
    const carrier = await guest(world);
    await world.clock.advance(1);
    carrier.close();
  }
  await world.clock.advance(1);
  const lines = world.log.filter((line) => line.startsWith("server"));
  assertLessOrEqual(lines.length, 100);
  await world.clock.advance(60_000);
  const more = world.log.filter((line) => / more sessions (began|ended) in the last minute$/.test(line));
  assertEquals(more.length, 2, world.log.join("\n"));
});
