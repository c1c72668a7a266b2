/** The data of a stream in whatever pieces and order carriers bring it: each byte once and in order. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { equals } from "@std/bytes/equals";
import fc from "fast-check";
import { JOINED_BYTES } from "../../../lib/mux/early_piece.ts";
import { GapBudget } from "../../../lib/mux/gap_budget.ts";
import { EARLY_PIECE_BYTES, MOST_GAPS, MOST_GAPS_A_STREAM } from "../../../lib/mux/mux_constants.ts";
import { Reassembly } from "../../../lib/mux/reassembly.ts";
import { TeleError } from "../../../lib/net/error.ts";
import { Segment, SegmentPool } from "../../../lib/session/segment_pool.ts";
import { generated, Random } from "../../support/random.ts";
// Memory that goes back to its pool is filled with a pattern.
import "../../support/lent_memory.ts";

const SEED = 13;
const KIB = 1024;
const BYTES = 32 * JOINED_BYTES;
const SOURCE = generated(BYTES, SEED);

/** Counts the segments that are out. */
class CountedPool extends SegmentPool {
  out = 0;

  override take(): Segment {
    this.out++;
    return super.take();
  }

  override giveBack(segment: Segment): void {
    this.out--;
    super.giveBack(segment);
  }
}

/** The receiving end of a stream, as a stream with a {@linkcode Reassembly} is to be. */
class Receiver {
  readonly budget = new GapBudget();
  readonly pool: CountedPool;
  readonly early: Reassembly;
  /** Bytes that its user got. */
  received = 0;

  /** Segments are scarce when `plenty` are out. */
  constructor(plenty = 1000) {
    this.pool = new CountedPool({ plenty });
    this.early = new Reassembly({ received: 0, budget: this.budget, pool: this.pool });
  }

  /** A carrier brings the bytes from `start` to `end` in a segment. */
  bring(start: number, end: number): void {
    this.#bring(start, end, this.pool.take());
  }

  /** The same in memory that is no pool's, and read into again at once. */
  bringFleeting(start: number, end: number): void {
    const segment = new Segment(new Uint8Array(1 + end - start));
    this.#bring(start, end, segment);
    segment.memory.fill(255);
  }

  #bring(start: number, end: number, segment: Segment): void {
    const bytes = segment.memory.subarray(1, 1 + end - start);
    bytes.set(SOURCE.subarray(start, end));
    if (start > this.received) {
      this.early.add(start, bytes, segment);
    } else if (end > this.received) {
      this.#deliver(bytes.subarray(this.received - start));
      this.drain();
    }
    segment.release();
  }

  /** Takes all that is due. */
  drain(): void {
    for (let due = this.early.next(this.received); due !== undefined; due = this.early.next(this.received)) {
      this.#deliver(due.bytes);
      due.segment.release();
    }
  }

  #deliver(bytes: Uint8Array): void {
    const end = this.received + bytes.length;
    assert(
      equals(bytes, SOURCE.subarray(this.received, end)),
      `other bytes than those from ${this.received} to ${end}`,
    );
    this.received = end;
  }

  /** Asserts that its user got the bytes up to `end`, and that nothing is left. */
  assertGot(end: number): void {
    assertEquals(this.received, end);
    this.assertEmpty();
  }

  assertEmpty(): void {
    const { early, budget } = this;
    assertEquals([early.isEmpty, early.gaps, early.heldBytes, early.costBytes], [true, 0, 0, 0]);
    assertEquals([budget.gaps, budget.costBytes], [0, 0]);
  }

  /** Asserts what is kept: gaps, bytes, and how many pieces. */
  assertKeeps(gaps: number, heldBytes: number, pieces: number): void {
    assertEquals([this.early.gaps, this.budget.gaps, this.early.heldBytes], [gaps, gaps, heldBytes]);
    const room = this.early.costBytes - pieces * EARLY_PIECE_BYTES;
    assert(room >= 0 && room <= heldBytes, `${this.early.costBytes} bytes for ${pieces} pieces`);
    assertEquals(this.budget.costBytes, this.early.costBytes, "the session's books have it");
  }
}

/** Asserts that `act` ends the session with a sentence that has `words` in it. */
function assertBroken(act: () => void, words: string): void {
  assertEquals(assertThrows(act, TeleError, words).code, "protocol");
}

Deno.test("what is early waits for what is in front of it", () => {
  const receiver = new Receiver();
  receiver.bring(10, 20);
  assertEquals(receiver.received, 0);
  receiver.assertKeeps(1, 10, 1);
  receiver.bring(0, 10);
  receiver.assertGot(20);
});

Deno.test("what comes again is left out byte by byte, kept or delivered", () => {
  const receiver = new Receiver();
  receiver.bring(10, 20);
  for (const [start, end] of [[10, 20], [12, 15], [8, 14], [18, 24], [6, 30], [7, 8]]) receiver.bring(start, end);
  receiver.assertKeeps(1, 24, 1);
  receiver.bring(0, 3);
  receiver.bring(0, 8);
  receiver.assertGot(30);
  receiver.bring(0, 30);
  receiver.assertGot(30);
});

Deno.test("one piece that covers many others fills what is missing between them", () => {
  const receiver = new Receiver();
  for (const start of [10, 30, 20, 40]) receiver.bring(start, start + 5);
  receiver.assertKeeps(4, 20, 4);
  receiver.bring(8, 50);
  receiver.assertKeeps(1, 42, 1);
  receiver.bring(0, 9);
  receiver.assertGot(50);
});

Deno.test("data in front that reaches into early pieces, or beyond them, is not followed by the same bytes", () => {
  const receiver = new Receiver();
  for (const start of [10, 20, 30]) receiver.bring(start, start + 5);
  receiver.bring(0, 22);
  assertEquals(receiver.received, 25);
  receiver.assertKeeps(1, 5, 1);
  receiver.bring(25, 40);
  receiver.assertGot(40);
});

Deno.test("a gap stays one while a part of it is filled", () => {
  const receiver = new Receiver();
  receiver.bring(10, 12);
  receiver.bring(0, 5);
  receiver.assertKeeps(1, 2, 1);
  receiver.bring(5, 9);
  receiver.bring(9, 10);
  receiver.assertGot(12);
});

Deno.test("what is in front of what was received is left out, and what begins there is due", () => {
  const receiver = new Receiver();
  const { early, budget } = receiver;
  receiver.bring(20, 22);
  receiver.bring(0, 10);
  const segment = new Segment(SOURCE.slice(4, 15));
  early.add(4, segment.memory, segment);
  receiver.assertKeeps(1, 7, 2);
  assertEquals(budget.gaps, 1, "the one in front of byte 20");
  receiver.drain();
  assertEquals(receiver.received, 15);
  receiver.bring(15, 20);
  receiver.assertGot(22);
});

Deno.test("early pieces that came in front as well are let go, and not handed over", () => {
  const receiver = new Receiver();
  receiver.bring(10, 12);
  receiver.bring(20, 20 + JOINED_BYTES);
  assertEquals(receiver.pool.out, 1);
  assertEquals(receiver.early.next(12), undefined);
  receiver.assertKeeps(1, JOINED_BYTES, 1);
  assertEquals(receiver.early.next(20 + JOINED_BYTES), undefined);
  receiver.assertEmpty();
  assertEquals(receiver.pool.out, 0);
});

Deno.test("data without bytes leaves no gap", () => {
  const receiver = new Receiver();
  receiver.bring(10, 10);
  receiver.assertEmpty();
});

Deno.test("a large piece stays in its segment, which is held until its bytes were taken", () => {
  const receiver = new Receiver();
  receiver.bring(10, 10 + JOINED_BYTES);
  receiver.assertKeeps(1, JOINED_BYTES, 1);
  assertEquals(receiver.pool.out, 1);
  const due = receiver.early.next(10)!;
  assert(equals(due.bytes, SOURCE.subarray(10, 10 + JOINED_BYTES)));
  assertEquals([due.segment.isPooled, due.segment.isExclusive, receiver.pool.out], [true, true, 1]);
  receiver.assertEmpty();
  due.segment.release();
  assertEquals(receiver.pool.out, 0);
});

Deno.test("a large piece in two parts holds its segment for each", () => {
  const receiver = new Receiver();
  receiver.bring(10 + JOINED_BYTES, 10 + JOINED_BYTES + KIB);
  receiver.bring(10, 10 + 3 * JOINED_BYTES);
  receiver.assertKeeps(1, 3 * JOINED_BYTES, 3);
  receiver.early.next(10)!.segment.release();
  assertEquals(receiver.pool.out, 1);
  receiver.bring(0, 10 + 2 * JOINED_BYTES);
  receiver.assertEmpty();
  assertEquals(receiver.pool.out, 0);
});

Deno.test("what is small, what is left of a large piece, and all when segments are scarce, is copied", () => {
  const [small, rest, scarce] = [new Receiver(), new Receiver(), new Receiver(1)];
  small.bring(10, 9 + JOINED_BYTES);
  rest.bring(10, 11);
  rest.bring(10, 10 + JOINED_BYTES);
  scarce.bring(10, 10 + 3 * JOINED_BYTES);
  small.assertKeeps(1, JOINED_BYTES - 1, 1);
  rest.assertKeeps(1, JOINED_BYTES, 1);
  scarce.assertKeeps(1, 3 * JOINED_BYTES, 1);
  for (const receiver of [small, rest, scarce]) assertEquals(receiver.pool.out, 0);
});

Deno.test("memory that is no pool's is soon read into again, and so is copied", () => {
  const receiver = new Receiver();
  receiver.bringFleeting(10, 10 + JOINED_BYTES);
  receiver.bring(0, 10);
  receiver.assertGot(10 + JOINED_BYTES);
});

Deno.test("small pieces in a row are one, in whatever order they come", () => {
  const random = new Random(SEED);
  const all = Array.from({ length: 1000 }, (_, at) => 10 + 7 * at);
  const places = new Map(all.map((start) => [start, random.next32()]));
  const shuffled = all.toSorted((a, b) => places.get(a)! - places.get(b)!);
  for (const order of [all, all.toReversed(), shuffled]) {
    const receiver = new Receiver();
    for (const start of order) receiver.bringFleeting(start, start + 7);
    receiver.assertKeeps(1, 7000, 1);
    receiver.bring(0, 10);
    receiver.assertGot(7010);
  }
});

Deno.test("a row of small pieces that is longer than one may be is as many as it needs", () => {
  const receiver = new Receiver();
  for (let start = BYTES - KIB; start > 0; start -= KIB) receiver.bringFleeting(start, start + KIB);
  receiver.assertKeeps(1, BYTES - KIB, BYTES / JOINED_BYTES);
  receiver.bring(0, KIB);
  receiver.assertGot(BYTES);
});

Deno.test("a stream may have as many gaps as the protocol allows, and one more ends the session", () => {
  const receiver = new Receiver();
  for (let gap = 1; gap <= MOST_GAPS_A_STREAM; gap++) receiver.bringFleeting(4 * gap, 4 * gap + 1);
  const end = 4 * MOST_GAPS_A_STREAM + 1;
  assertBroken(() => receiver.bringFleeting(end + 2, end + 3), "more than 2048 gaps in a stream");
  assertBroken(() => receiver.bringFleeting(2, 3), "more than 2048 gaps");
  receiver.assertKeeps(MOST_GAPS_A_STREAM, MOST_GAPS_A_STREAM, MOST_GAPS_A_STREAM);
  // What opens none is taken: behind a piece, in front of one, and what fills a gap.
  receiver.bringFleeting(end, end + 2);
  receiver.bringFleeting(7, 8);
  receiver.bringFleeting(9, 12);
  receiver.assertKeeps(MOST_GAPS_A_STREAM - 1, MOST_GAPS_A_STREAM + 6, MOST_GAPS_A_STREAM - 1);
  receiver.bringFleeting(end + 4, end + 5);
  receiver.bringFleeting(0, end + 4);
  receiver.assertGot(end + 5);
});

Deno.test("the streams of a session share its gaps, and give back what they had when they are over", () => {
  const budget = new GapBudget();
  const pool = new SegmentPool({ plenty: 9 });
  const segment = new Segment(new Uint8Array(1));
  const streams = Array.from({ length: MOST_GAPS / 2000 + 1 }, () => new Reassembly({ received: 0, budget, pool }));
  const fill = (early: Reassembly) => {
    for (let gap = 1; gap <= 2000; gap++) early.add(2 * gap, segment.memory, segment);
  };
  assertBroken(() => streams.forEach(fill), "more than 16384 gaps");
  assertEquals([budget.gaps, streams.at(-1)!.gaps], [MOST_GAPS, MOST_GAPS % 2000]);
  streams[0].drop();
  assertEquals(budget.gaps, MOST_GAPS - 2000);
  for (const early of streams) early.drop();
  assertEquals(budget.gaps, 0);
});

Deno.test("a stream that is over lets go of all segments, once", () => {
  const receiver = new Receiver();
  for (const start of [10, 11 + JOINED_BYTES]) receiver.bring(start, start + JOINED_BYTES);
  receiver.bring(4, 6);
  assertEquals(receiver.pool.out, 2);
  receiver.early.drop();
  receiver.early.drop();
  receiver.assertEmpty();
  assertEquals(receiver.pool.out, 0);
});

Deno.test("to have received less than before is a fault of the stream", () => {
  const receiver = new Receiver();
  receiver.bring(10, 20);
  receiver.bring(0, 10);
  assertThrows(() => receiver.early.next(19), Error, "received less than it had");
});

Deno.test("random cuts, orders, repeats and overlaps of few bytes: all that is told of them is true", () => {
  const length = 120;
  const part = fc.record({ start: fc.nat(length - 1), bytes: fc.oneof(fc.nat(3), fc.nat(30)) });
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 80, size: "max" }), (parts) => {
      const receiver = new Receiver();
      const has = new Array<boolean>(length).fill(false);
      for (const { start, bytes } of parts) {
        const end = Math.min(length, start + bytes);
        receiver.bringFleeting(start, end);
        has.fill(true, start, end);
        const received = has.indexOf(false) === -1 ? length : has.indexOf(false);
        assertEquals(receiver.received, received);
        const runs = has.filter((there, at) => there && at > received && !has[at - 1]).length;
        receiver.assertKeeps(runs, has.filter((there, at) => there && at > received).length, runs);
      }
      receiver.bring(0, length);
      receiver.assertGot(length);
    }),
    { seed: SEED, numRuns: 150 },
  );
});

/** Cuts the bytes up to `end` anyhow, has some of them twice and some overlap, and puts all in another order. */
function shuffledParts(end: number, random: Random, disorder: number): [start: number, end: number][] {
  const parts: { place: number; start: number; end: number }[] = [];
  const smallest = random.between(0, 3);
  for (let start = 0; start < end;) {
    const most = [40, 3 * KIB, 40 * KIB, 200 * KIB][random.between(smallest, 3)];
    // Parts of one size in a row, as a carrier brings them.
    for (let row = random.between(1, 30); row > 0 && start < end; row--) {
      const stop = Math.min(end, start + random.between(1, most));
      const front = random.chance(0.3) ? Math.max(0, start - random.between(0, most)) : start;
      for (let times = random.chance(0.2) ? 2 : 1; times > 0; times--) {
        parts.push({ place: start + random.between(0, disorder), start: Math.max(front, stop - 256 * KIB), end: stop });
      }
      start = stop;
    }
  }
  return parts.sort((a, b) => a.place - b.place).map(({ start, end }) => [start, end]);
}

Deno.test("random cuts, orders, repeats and overlaps of many bytes: exactly those, within bounds, every segment back", () => {
  fc.assert(
    fc.property(
      fc.integer(),
      fc.integer({ min: BYTES / 2, max: BYTES }),
      fc.constantFrom(10 * KIB, 300 * KIB, BYTES),
      fc.constantFrom(1, 4, 1000),
      (seed, end, disorder, plenty) => {
        const random = new Random(seed);
        const receiver = new Receiver(plenty);
        const { early, pool } = receiver;
        for (const [start, stop] of shuffledParts(end, random, disorder)) {
          if (random.chance(0.8)) receiver.bring(start, stop);
          else receiver.bringFleeting(start, stop);
          const most = early.gaps + 2 * early.heldBytes / JOINED_BYTES;
          assert(early.costBytes <= most * EARLY_PIECE_BYTES + early.heldBytes, `${early.costBytes} of ${most} pieces`);
          assert(pool.out <= Math.min(plenty, early.heldBytes / JOINED_BYTES), `${pool.out} segments are held`);
        }
        receiver.assertGot(end);
        assertEquals(pool.out, 0);
      },
    ),
    { seed: SEED, numRuns: 60 },
  );
});

Deno.test("what is said to be held is the memory that is held", () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const receiver = new Receiver(1);
      for (const [start, end] of shuffledParts(4 * JOINED_BYTES, new Random(seed), BYTES)) {
        if (end > 1) receiver.bring(Math.max(1, start), end);
      }
      const { early } = receiver;
      let said = early.heldBytes + early.costBytes;
      receiver.received = 1;
      for (let due = early.next(1); due !== undefined; due = early.next(receiver.received)) {
        receiver.received += due.bytes.length;
        said -= due.segment.memory.length + EARLY_PIECE_BYTES;
        assertEquals(said, early.heldBytes + early.costBytes);
      }
      assertEquals([receiver.received, said], [4 * JOINED_BYTES, 0]);
    }),
    { seed: SEED, numRuns: 30 },
  );
});
