/** What is read is handed over once, in order and in turns, and nothing of it behind a stop. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { duplexPair } from "../../../../lib/net/pipe.ts";
import { type BytesTaker, ReadLoop } from "../../../../lib/session/carrier/read_loop.ts";
import { SegmentPool } from "../../../../lib/session/segment_pool.ts";
import { settle } from "../../../support/fake_clock.ts";
import { text } from "../../../support/mux_world.ts";

/** A loop whose taker writes down what happens. */
function setUp(changes: Partial<BytesTaker> = {}) {
  const [near, far] = duplexPair();
  const pool = new SegmentPool({ plenty: 1 });
  const seen: string[] = [];
  const taker: BytesTaker = {
    came: (bytes) => void seen.push(`${bytes} came`),
    isOver: () => false,
    take: (_segment, bytes) => {
      seen.push(`took ${new TextDecoder().decode(bytes)}`);
      return bytes.length;
    },
    turnEnded: () => undefined,
    ended: () => void seen.push("ended"),
    ...changes,
  };
  return { near, far, pool, seen, taker, loop: new ReadLoop({ duplex: near, pool, taker }) };
}

Deno.test("the leftover of the handshake comes first, then what is read, then the end", async () => {
  const { far, seen, loop } = setUp();
  const running = loop.run(text("left"));
  assertEquals(seen, [], "in a later step, when the session has its carrier");
  await far.write(text("read"));
  await far.closeWrite();
  await running;
  assertEquals(seen, ["4 came", "took left", "4 came", "took read", "ended"]);
});

Deno.test("nothing is handed over behind a stop, neither the leftover nor what a read brings", async () => {
  const early = setUp();
  const running = early.loop.run(text("left"));
  early.loop.stop();
  await running;
  assertEquals(early.seen, []);

  const late = setUp();
  const reading = late.loop.run(new Uint8Array(0));
  await settle();
  late.loop.stop();
  await late.far.write(text("late"));
  await reading;
  assertEquals([late.seen, late.loop.isStopped], [[], true]);
});

Deno.test("what is too much for a turn is taken in the next ones, and nothing is read meanwhile", async () => {
  const turns: PromiseWithResolvers<void>[] = [];
  const { far, seen, loop } = setUp({
    take: (_segment, bytes) => {
      seen.push(String.fromCharCode(bytes[0]));
      return 1;
    },
    turnEnded: () => {
      if (seen.length === 0) return undefined;
      turns.push(Promise.withResolvers());
      return turns.at(-1)!.promise;
    },
  });
  const running = loop.run(new Uint8Array(0));
  await far.write(text("abc"));
  const second = far.write(text("d"));
  for (const [at, taken] of ["a", "b", "c"].entries()) {
    await settle();
    assertEquals([seen.slice(1 + at), turns.length], [[taken], at + 1]);
    turns[at].resolve();
  }
  await second;
  await settle();
  assertEquals(seen.slice(4), ["1 came", "d"]);
  turns[3].resolve();
  await far.closeWrite();
  await running;
});

Deno.test("what came and counts no more is thrown away, the rest of a read too", async () => {
  let isOver = false;
  const { far, seen, loop } = setUp({
    isOver: () => isOver,
    take: () => {
      seen.push("took one");
      isOver = true;
      return 1;
    },
  });
  const running = loop.run(new Uint8Array(0));
  await far.write(text("abc"));
  await far.write(text("de"));
  await far.closeWrite();
  await running;
  assertEquals(seen, ["3 came", "took one", "2 came", "ended"]);
});

Deno.test("what the taker or the connection throws ends the loop, and its memory goes back", async () => {
  const { far, pool, loop } = setUp({
    take: (segment, bytes) => {
      if (segment.isPooled) throw new Error("no frame");
      return bytes.length;
    },
  });
  const running = loop.run(new Uint8Array(0));
  await far.write(new Uint8Array(8 * 1024));
  await settle();
  assert(pool.isScarce, "it reads into a large segment");
  const failed = assertRejects(() => running, Error, "no frame");
  await far.write(new Uint8Array(1));
  await failed;
  assert(!pool.isScarce);

  const cut = setUp();
  const reading = assertRejects(() => cut.loop.run(new Uint8Array(0)));
  await settle();
  cut.near.close();
  await reading;
});
