/** What comes is put in order within the window and written to the user, and the end behind it. */
import { assertEquals, assertThrows } from "@std/assert";
import { CreditPool, ReceiveWindow } from "../../../lib/mux/credit.ts";
import { GapBudget } from "../../../lib/mux/gap_budget.ts";
import { ReceivingHalf } from "../../../lib/mux/receiving_half.ts";
import { TeleError } from "../../../lib/net/error.ts";
import { duplexPair } from "../../../lib/net/pipe.ts";
import { Segment, SegmentPool } from "../../../lib/session/segment_pool.ts";
import { FakeClock, settle } from "../../support/fake_clock.ts";
import { text } from "../../support/mux_world.ts";

/** A half whose peer may send `credit` bytes. */
function setUp(credit = 100) {
  const pool = new SegmentPool({ plenty: 9 });
  const gaps = new GapBudget();
  const told: string[] = [];
  let step = 0;
  const half: ReceivingHalf = new ReceivingHalf(new ReceiveWindow(credit, new CreditPool(0)), {
    host: {
      pool,
      get step() {
        return ++step;
      },
    },
    written: (bytes) => void told.push(`wrote ${bytes}`),
    allWritten: () => void told.push("finished"),
    writeFailed: (error) => void told.push(`failed: ${(error as Error).message}`),
  }, { isEndSent: false });
  const [user, program] = duplexPair();
  const take = (offset: number, words: string) => {
    const bytes = text(words);
    half.take(offset, bytes, new Segment(bytes), { gaps, pool });
  };
  /** What the user's program reads next. */
  const read = async () => {
    const into = new Uint8Array(100);
    const count = await program.read(into);
    return count === null ? null : new TextDecoder().decode(into.subarray(0, count));
  };
  return { half, gaps, told, user, program, take, read };
}

Deno.test("what comes early waits for what is in front of it, and what comes twice is left out", async () => {
  const { half, user, gaps, take, read } = setUp();
  take(3, "lo");
  assertEquals([half.waitingBytes, gaps.gaps], [0, 1]);
  take(0, "hel");
  take(1, "ello");
  assertEquals([half.waitingBytes, gaps.gaps], [5, 0]);
  half.start(user);
  assertEquals(await read(), "hello");
  await settle();
  assertEquals(half.waitingBytes, 0);
});

Deno.test("the end has arrived with the last byte in front of it, and is told when it was written", async () => {
  const { half, user, told, take, read } = setUp();
  half.start(user);
  half.end(2);
  assertEquals([half.hasArrived, half.isEnding], [false, false]);
  take(0, "ok");
  assertEquals([half.hasArrived, half.isEnding], [true, false]);
  half.finish();
  half.finish();
  assertEquals([half.isEnding, half.isFinished], [true, false]);
  assertEquals([await read(), await read()], ["ok", null]);
  await settle();
  assertEquals([half.isFinished, told], [true, ["wrote 2", "finished"]]);
});

Deno.test("beyond the credit, and beyond the end, the peer broke a rule", () => {
  const { half, take } = setUp(4);
  assertThrows(() => take(0, "hello"), TeleError, "credit");
  take(0, "hell");
  half.end(4);
  assertThrows(() => half.end(3), TeleError);
  assertThrows(() => take(4, "o"), TeleError);
});

Deno.test("what the user took is granted anew, less what it costs to keep what is early", () => {
  const clock = new FakeClock();
  const plain = setUp(1_000);
  assertEquals(plain.half.consumed(600, clock, 10), true);
  assertEquals(plain.half.window.granted, 1_600);
  const gappy = setUp(1_000);
  gappy.take(900, "early");
  gappy.half.consumed(900, clock, 10);
  assertEquals(gappy.half.window.granted < 1_900, true);
});

Deno.test("dropped, it writes nothing more; closed, nothing of what was early is kept", async () => {
  const { half, gaps, user, told, take, program } = setUp();
  take(0, "first");
  take(9, "early");
  half.drop();
  half.start(user);
  take(5, "more");
  assertEquals([half.waitingBytes, half.hasArrived], [0, false]);
  take(20, "early");
  assertEquals(gaps.gaps, 1);
  half.close();
  assertEquals([gaps.gaps, gaps.costBytes], [0, 0]);
  program.close();
  await settle();
  assertEquals(told, []);
});

Deno.test("in another session it begins with the window of that", () => {
  const { half } = setUp(10);
  const pool = new CreditPool(1_000);
  const other = new ReceiveWindow(50, pool);
  half.restart(other);
  assertEquals([half.window === other, half.window.granted], [true, 50]);
});
