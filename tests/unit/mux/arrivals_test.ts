/** What has arrived of one direction of a stream: each byte once and in order, whatever came twice or early. */
import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Arrivals } from "../../../lib/mux/arrivals.ts";
import { GapBudget } from "../../../lib/mux/gap_budget.ts";
import { MOST_GAPS_A_STREAM } from "../../../lib/mux/mux_constants.ts";
import { TeleError } from "../../../lib/net/error.ts";
import { Segment, SegmentPool } from "../../../lib/session/segment_pool.ts";
import { Returns } from "../../support/returns.ts";

const SEED = 15;
const GRANTED = 100_000;

/** The bytes of the stream. */
const SEQUENCE = Uint8Array.from({ length: GRANTED + 1 }, (_, at) => at * 31 + (at >> 8) * 7);

/** The receiving end of a stream. */
class Receiver {
  readonly arrivals = new Arrivals();
  readonly gaps = new GapBudget();
  readonly pool = new SegmentPool({ plenty: 1000 });
  readonly lender = new Returns();
  /** What its user got. */
  readonly got: number[] = [];

  /** A carrier brings the bytes from `start` to `end`. Returns what is due of them, or what was early before. */
  bring(start: number, end: number, granted = GRANTED): void {
    const segment = this.lender.lend(SEQUENCE.slice(start, end));
    try {
      const due = this.arrivals.take(start, segment.memory, segment, granted, this);
      if (due !== undefined) this.got.push(...due);
    } finally {
      segment.release();
    }
    for (let due = this.arrivals.next(); due !== undefined; due = this.arrivals.next()) {
      this.got.push(...due.bytes);
      due.segment.release();
    }
  }

  /** The user got the stream's bytes up to `received`, and nothing else. */
  assertReceived(received: number): void {
    assertEquals(this.arrivals.received, received);
    assertEquals(this.got, [...SEQUENCE.subarray(0, received)]);
  }
}

/** Asserts that `act` ends the session with a sentence that has `words` in it. */
function assertBroken(act: () => void, words: string): void {
  assertEquals(assertThrows(act, TeleError, words).code, "protocol");
}

Deno.test("data in order is handed on as it came, without a copy", () => {
  const { arrivals, gaps, pool } = new Receiver();
  const bytes = SEQUENCE.subarray(0, 10);
  const segment = new Segment(bytes);
  assertStrictEquals(arrivals.take(0, bytes, segment, GRANTED, { gaps, pool }), bytes);
  assertEquals([arrivals.received, arrivals.hasEarly, segment.isExclusive], [10, false, true]);
  assertEquals(arrivals.take(0, bytes, segment, GRANTED, { gaps, pool }), undefined, "nothing of it is new");
});

Deno.test("what came before is left out, byte by byte", () => {
  const receiver = new Receiver();
  for (const [start, end] of [[0, 10], [0, 10], [3, 7], [0, 4], [5, 12], [11, 13], [13, 13]]) {
    receiver.bring(start, end);
  }
  receiver.assertReceived(13);
});

Deno.test("early data waits until what is in front of it has come, and is handed over once", () => {
  const receiver = new Receiver();
  receiver.bring(10, 20);
  receiver.bring(30, 40);
  assertEquals([receiver.got.length, receiver.arrivals.hasEarly, receiver.gaps.gaps], [0, true, 2]);
  receiver.bring(0, 15);
  receiver.assertReceived(20);
  receiver.bring(20, 30);
  receiver.assertReceived(40);
  assertEquals([receiver.arrivals.hasEarly, receiver.gaps.gaps], [false, 0]);
  receiver.bring(10, 40);
  receiver.assertReceived(40);
});

Deno.test("data may come up to the credit, early too, and not beyond it", () => {
  const receiver = new Receiver();
  receiver.bring(0, 10, 20);
  receiver.bring(15, 20, 20);
  assertBroken(() => receiver.bring(10, 21, 20), "data up to 21 on a stream with credit up to 20");
  assertBroken(() => receiver.bring(20, 21, 20), "credit up to 20");
  receiver.bring(10, 15, 20);
  receiver.assertReceived(20);
});

Deno.test("a stream that nothing early came of is held to its credit as well", () => {
  const receiver = new Receiver();
  receiver.bring(0, 10, 10);
  assertBroken(() => receiver.bring(10, 11, 10), "data up to 11 on a stream with credit up to 10");
});

Deno.test("an end below data that came early, before anything was known of an end, is an error", () => {
  const receiver = new Receiver();
  receiver.bring(20, 30);
  assertBroken(() => receiver.arrivals.end(25, GRANTED), "data up to 30");
});

Deno.test("a stream is complete when everything up to its end was handed over, whichever comes first", () => {
  for (const isEndFirst of [false, true]) {
    const receiver = new Receiver();
    const { arrivals } = receiver;
    receiver.bring(0, 10);
    if (isEndFirst) arrivals.end(20, GRANTED);
    receiver.bring(15, 20);
    if (!isEndFirst) arrivals.end(20, GRANTED);
    assertEquals(arrivals.isComplete, false);
    receiver.bring(10, 15);
    assert(arrivals.isComplete);
    arrivals.end(20, GRANTED);
    receiver.assertReceived(20);
  }
});

Deno.test("a stream without bytes may end, and is complete at once", () => {
  const { arrivals } = new Receiver();
  arrivals.end(0, GRANTED);
  assert(arrivals.isComplete);
});

Deno.test("no end is below what came, early or in order, above the credit, or another than before", () => {
  const receiver = new Receiver();
  const { arrivals } = receiver;
  receiver.bring(0, 10);
  assertBroken(() => arrivals.end(9, GRANTED), "ended a stream at 9");
  receiver.bring(20, 30);
  assertBroken(() => arrivals.end(25, GRANTED), "data up to 30");
  assertBroken(() => arrivals.end(GRANTED + 1, GRANTED), "credit");
  arrivals.end(40, GRANTED);
  assertBroken(() => arrivals.end(41, GRANTED), "ended a stream at 40, and then at 41");
});

Deno.test("no data is beyond the end, in order or early, and what came before the end may come again", () => {
  const receiver = new Receiver();
  receiver.bring(0, 10);
  receiver.arrivals.end(20, GRANTED);
  receiver.bring(0, 10);
  assertBroken(() => receiver.bring(10, 21), "ended at 20");
  assertBroken(() => receiver.bring(19, 21), "ended at 20");
  receiver.bring(10, 20);
  receiver.assertReceived(20);
});

Deno.test("too many gaps end the session, and nothing of what came is lost before that", () => {
  const receiver = new Receiver();
  for (let gap = 0; gap < MOST_GAPS_A_STREAM; gap++) receiver.bring(2 * gap + 1, 2 * gap + 2);
  assertBroken(() => receiver.bring(9_999, 10_000), "gaps in a stream");
  receiver.bring(0, 2 * MOST_GAPS_A_STREAM);
  receiver.assertReceived(2 * MOST_GAPS_A_STREAM);
});

Deno.test("what is early is let go of when it is not wanted any more", () => {
  const receiver = new Receiver();
  receiver.bring(10, 20);
  receiver.bring(30_000, 96_000);
  receiver.arrivals.drop();
  assertEquals([receiver.gaps.gaps, receiver.arrivals.hasEarly], [0, false]);
  assertEquals(receiver.lender.came.size, 2);
});

Deno.test("early data of no bytes is nothing", () => {
  const receiver = new Receiver();
  receiver.bring(10, 10);
  assertEquals([receiver.arrivals.hasEarly, receiver.gaps.gaps], [false, 0]);
});

Deno.test("any cuts, orders and repeats give the bytes of the stream, each once, and every segment back (fuzz)", () => {
  const total = 70_000;
  const offset = fc.oneof(fc.nat(total), fc.nat(100));
  const piece = fc.tuple(offset, offset).map(([one, other]) => [Math.min(one, other), Math.max(one, other)] as const);
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), fc.nat(30), (pieces, endAt) => {
      const receiver = new Receiver();
      const came = new Uint8Array(total);
      let received = 0;
      for (const [at, [start, end]] of pieces.entries()) {
        if (at === endAt) receiver.arrivals.end(total, GRANTED);
        receiver.bring(start, end);
        came.fill(1, start, end);
        while (came[received] === 1) received++;
        assertEquals(receiver.arrivals.received, received);
        assertEquals(receiver.arrivals.isComplete, at >= endAt && received === total);
      }
      receiver.bring(0, total);
      receiver.arrivals.end(total, GRANTED);
      assert(receiver.arrivals.isComplete && !receiver.arrivals.hasEarly);
      assertEquals(receiver.got.length, total);
      assert(receiver.got.every((byte, at) => byte === SEQUENCE[at]));
      assertEquals([receiver.lender.came.size, receiver.gaps.gaps], [receiver.lender.lent, 0]);
    }),
    { seed: SEED, numRuns: 60 },
  );
});
