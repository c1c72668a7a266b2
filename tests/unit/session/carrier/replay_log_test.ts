import { assert, assertEquals, assertLessOrEqual, assertThrows } from "@std/assert";
import fc from "fast-check";
import { TeleError } from "../../../../lib/net/error.ts";
import { MemoryPool } from "../../../../lib/session/memory_pool.ts";
import { Segment, SegmentPool } from "../../../../lib/session/segment_pool.ts";
import { FrameDecoder } from "../../../../lib/ping/codec.ts";
import {
  DATA_HEADER_BYTES,
  FrameType,
  HEADROOM_BYTES,
  MAX_SESSION_FRAME_BYTES,
} from "../../../../lib/session/session_constants.ts";
import { PIECE_BYTES, ReplayLog } from "../../../../lib/session/carrier/replay_log.ts";
import { WriteHold } from "../../../../lib/session/carrier/write_hold.ts";
import { viewOf } from "../../../support/random.ts";

const SEED = 2013;
const KIB = 1024;

/** The byte at `offset` of the counted stream: a sequence with a long period, so that no shift goes unseen. */
function byteAt(offset: number): number {
  return (offset * 31 + (offset >> 8) * 7 + (offset >> 16)) & 0xff;
}

/** The sequence from its beginning, as far as it was asked for. */
let beginning = new Uint8Array(0);

/** `length` bytes of the sequence, a view. */
function sequence(offset: number, length: number): Uint8Array {
  if (offset + length > beginning.length) {
    beginning = Uint8Array.from({ length: 2 * (offset + length) }, (_, at) => byteAt(at));
  }
  return beginning.subarray(offset, offset + length);
}

function fillSequence(memory: Uint8Array, start: number, end: number, offset: number): void {
  memory.set(sequence(offset, end - start), start);
}

/** Remembers what came back. */
class Returns extends SegmentPool {
  readonly came: Set<Segment> = new Set();

  override giveBack(segment: Segment): void {
    segment.memory.fill(0xdd);
    this.came.add(segment);
  }
}

/** A write of an older carrier that has not settled: it reads its frame when it likes. */
interface Waiting {
  hold: WriteHold;
  frame: Uint8Array;
  before: Uint8Array;
}

/** A log, and what a plain array of bytes would say of it. */
class Model {
  readonly log: ReplayLog;
  end = 0;
  sent = 0;
  highestSent = 0;
  acknowledged = 0;
  readonly segments: { segment: Segment; end: number }[] = [];
  readonly pool = new Returns({ plenty: 0 });
  /** Writes of older carriers, oldest first. */
  readonly waiting: Waiting[] = [];
  /** That of the present carrier. */
  #write: Waiting | undefined;
  #hold = new WriteHold();

  constructor(limitBytes = 1 << 20) {
    this.log = new ReplayLog({ limitBytes });
  }

  reserve(bytes: number): void {
    const at = this.log.reserve(bytes);
    fillSequence(this.log.arena, at, at + bytes, this.end);
    this.end += bytes;
  }

  adopt(bytes: number): void {
    const memory = new Uint8Array(HEADROOM_BYTES + bytes + 10);
    fillSequence(memory, HEADROOM_BYTES, HEADROOM_BYTES + bytes, this.end);
    const segment = new Segment(memory, this.pool);
    this.log.adopt(memory, HEADROOM_BYTES, HEADROOM_BYTES + bytes, segment);
    segment.release();
    this.end += bytes;
    this.segments.push({ segment, end: this.end });
  }

  /**
   * The write under way is done; takes the next frame, checks its bytes, and scribbles over the room in front of it.
   */
  write(maxBytes?: number, leastBytes?: number): number {
    this.settle();
    const frame = this.log.nextWrite(this.#hold, maxBytes, leastBytes);
    if (this.sent === this.end) {
      assertEquals(frame, undefined);
      return 0;
    }
    assert(frame !== undefined, "bytes wait, so there is a frame");
    const payload = payloadOf(frame);
    assert(payload.length > 0);
    assert(viewOf(payload).equals(sequence(this.sent, payload.length)), `bytes behind ${this.sent} are damaged`);
    const spare = ReplayLog.SPARE_HEADROOM;
    new Uint8Array(frame.buffer, frame.byteOffset - spare, spare).fill(0xee);
    this.#write = { hold: this.#hold, frame, before: frame.slice() };
    this.sent += payload.length;
    this.highestSent = Math.max(this.highestSent, this.sent);
    return payload.length;
  }

  /** The write under way is done. */
  settle(): void {
    this.#hold.release();
    this.#write = undefined;
  }

  /** So is the oldest one of an older carrier. */
  settleOldest(): void {
    this.waiting.shift()?.hold.release();
  }

  acknowledge(offset: number): void {
    this.log.acknowledge(offset);
    this.acknowledged = offset;
  }

  rewind(offset: number): void {
    assertEquals(this.log.rewind(offset), this.highestSent - offset);
    this.acknowledged = this.sent = offset;
    if (this.#write !== undefined) this.waiting.push(this.#write);
    this.#write = undefined;
    this.#hold = new WriteHold();
  }

  /** Whether a write that has not settled reads `segment`. */
  #isBorrowed(segment: Segment): boolean {
    return this.#underWay.some(({ frame }) => frame.buffer === segment.memory.buffer);
  }

  get #underWay(): Waiting[] {
    return this.#write === undefined ? this.waiting : [...this.waiting, this.#write];
  }

  check(): void {
    const { log } = this;
    assertEquals(
      [log.acknowledged, log.sent, log.end, log.heldBytes, log.hasUnsent],
      [this.acknowledged, this.sent, this.end, this.end - this.acknowledged, this.sent < this.end],
    );
    for (const { frame, before } of this.#underWay) {
      assert(viewOf(frame).equals(before), "a frame was changed while a write has it");
    }
    for (const { segment, end } of this.segments) {
      const isHeld = end > this.acknowledged || this.#isBorrowed(segment);
      assertEquals(this.pool.came.has(segment), !isHeld, "held until it is acknowledged and no write has it");
    }
  }
}

function payloadOf(frame: Uint8Array): Uint8Array {
  const pieces: Uint8Array[] = [];
  let frames = 0;
  const decoder = new FrameDecoder(MAX_SESSION_FRAME_BYTES, {
    frameStart: () => frames++,
    frameData: (bytes) => pieces.push(bytes),
    frameEnd: () => {},
  });
  decoder.push(frame);
  assert(decoder.atBoundary && frames === 1, "exactly one frame");
  assertEquals(frame[4], FrameType.data);
  return frame.subarray(DATA_HEADER_BYTES);
}

Deno.test("an empty log has nothing to send and takes up to its limit", () => {
  const log = new ReplayLog({ limitBytes: 100 });
  assertEquals([log.nextWrite(new WriteHold()), log.hasUnsent, log.room, log.heldBytes], [undefined, false, 100, 0]);
});

Deno.test("a log sends what was added, in order, each byte once", () => {
  const model = new Model();
  model.reserve(3);
  model.adopt(10_000);
  model.reserve(5);
  while (model.write() > 0) model.check();
  assertEquals(model.sent, 10_008);
});

Deno.test("small records added one after the other leave in one frame", () => {
  const model = new Model();
  for (let i = 0; i < 20; i++) model.reserve(7);
  assertEquals(model.write(), 140);
});

Deno.test("small pieces that wait together leave in one frame", () => {
  const model = new Model();
  for (let i = 0; i < 5; i++) {
    model.adopt(100);
    model.reserve(9);
  }
  assertEquals(model.write(), 545);
});

Deno.test("a record added behind one that was sent is not taken for sent", () => {
  const model = new Model();
  model.reserve(4);
  assertEquals(model.write(), 4);
  model.reserve(4);
  assertEquals(model.write(), 4);
  model.rewind(2);
  model.reserve(4);
  model.check();
  while (model.write() > 0);
  assertEquals(model.sent, 12);
});

Deno.test("a piece of any size is sent again from any byte of it", () => {
  for (const bytes of [1, 2, 70, 300]) {
    for (let from = 0; from <= bytes; from++) {
      const model = new Model();
      model.reserve(13);
      model.adopt(bytes);
      model.reserve(13);
      while (model.write() > 0);
      model.rewind(13 + from);
      model.check();
      while (model.write() > 0);
      assertEquals(model.sent, bytes + 26);
    }
  }
});

Deno.test("where only small pieces pass, a piece that others are gathered of is cut too", () => {
  const model = new Model();
  for (const bytes of [3 * KIB, 500, 400]) {
    model.reserve(bytes);
    model.adopt(bytes);
  }
  const sizes = [];
  for (let bytes = model.write(KIB, KIB); bytes > 0; bytes = model.write(KIB, KIB)) sizes.push(bytes);
  assertEquals(sizes.slice(0, 6), Array(6).fill(KIB));
  assert(sizes.every((bytes) => bytes <= KIB));
  assertEquals(model.sent, 6 * KIB + 1_800);
});

Deno.test("a large piece is cut to what may be sent, but not into crumbs", () => {
  const model = new Model();
  model.adopt(200 * KIB);
  assertEquals(model.write(10 * KIB), 10 * KIB);
  assertEquals(model.write(1), 4 * KIB);
  assertEquals(model.write(0), 4 * KIB);
  while (model.write() > 0) model.check();
  assertEquals(model.sent, 200 * KIB);
});

Deno.test("a cut piece survives a resume in the middle of it", () => {
  const model = new Model();
  model.adopt(100 * KIB);
  model.write(20 * KIB);
  model.write(20 * KIB);
  model.rewind(20 * KIB + 17);
  model.write(20 * KIB);
  model.rewind(20 * KIB + 18);
  while (model.write() > 0) model.check();
  assertEquals(model.sent, 100 * KIB);
});

Deno.test("frames stay below the largest that a peer takes", () => {
  const model = new Model();
  model.adopt(256 * KIB);
  for (let i = 0; i < 3000; i++) model.reserve(40);
  for (let bytes = model.write(); bytes > 0; bytes = model.write()) {
    assertLessOrEqual(bytes + 1, MAX_SESSION_FRAME_BYTES);
  }
});

Deno.test("room shrinks with what is held, and with what it takes to hold it, and never goes below zero", () => {
  const each = PIECE_BYTES;
  const model = new Model(1000 + each);
  model.adopt(600);
  assertEquals(model.log.room, 400);
  model.adopt(500);
  assertEquals(model.log.room, 0);
  model.reserve(10); // control records always fit
  model.write();
  assertEquals([model.log.room, model.log.heldBytes, model.log.excessBytes], [0, 1110, 110 + 2 * each]);
  model.acknowledge(600);
  assertEquals(model.log.room, 490 - each);
});

Deno.test("small records that leave one by one count by their memory, which is many times their bytes", () => {
  const memory = new MemoryPool(64 * 1024 * KIB);
  const log = new ReplayLog({ limitBytes: 1024 * KIB, memory });
  for (let ends = 0; ends < 10_000; ends++) {
    log.reserve(5);
    const hold = new WriteHold();
    log.nextWrite(hold);
    hold.release();
  }
  assertEquals(log.heldBytes, 50_000);
  assertEquals(log.room, 0, "no more data");
  assert(log.excessBytes > 500_000, "a peer that acknowledges none of them is told from one that does");
  assert(memory.used > 1024 * KIB, "and it counts among what all sessions hold");
});

Deno.test("a count that cannot be throws and changes nothing", () => {
  const model = new Model();
  model.reserve(10);
  model.adopt(90);
  model.reserve(10);
  model.write(); // all of it, in one frame
  model.reserve(50);
  model.acknowledge(40);
  for (const offset of [39, 0, -1, 111, 160, 1e9, NaN, Infinity]) {
    assertEquals(assertThrows(() => model.log.acknowledge(offset), TeleError).code, "protocol");
    assertEquals(assertThrows(() => model.log.rewind(offset), TeleError).code, "protocol");
    model.check();
  }
});

Deno.test("after a resume, what was only sent before cannot be acknowledged until it is sent again", () => {
  const model = new Model();
  model.adopt(5000);
  model.adopt(5000);
  while (model.write() > 0);
  model.rewind(100);
  assertThrows(() => model.log.acknowledge(101), TeleError);
  model.write();
  model.acknowledge(model.sent);
  // A later carrier may still learn that the peer had got more in its time.
  model.rewind(10_000);
  model.check();
});

Deno.test("clear lets go of every segment", () => {
  const model = new Model();
  for (let i = 0; i < 10; i++) model.adopt(5000);
  model.write();
  model.acknowledge(5000);
  model.settle();
  model.log.clear();
  assertEquals([model.log.heldBytes, model.log.hasUnsent, model.log.nextWrite(new WriteHold())], [0, false, undefined]);
  assertEquals(model.pool.came.size, 10);
});

Deno.test("what a write has under way outlives acknowledgement, resume and clear", () => {
  for (const end of ["acknowledge", "rewind", "clear"] as const) {
    const model = new Model();
    model.adopt(5000);
    model.adopt(5000);
    model.write();
    model.write();
    if (end === "clear") model.log.clear();
    else model[end](10_000);
    assertEquals(model.pool.came.size, 1, end);
    if (end === "rewind") model.settleOldest();
    else model.settle();
    assertEquals(model.pool.came.size, 2, end);
  }
});

Deno.test("bytes that an older carrier's write has are copied for the next one, and its frame stays as it was", () => {
  const model = new Model();
  model.adopt(100 * KIB);
  assertEquals(model.write(), 100 * KIB);
  model.rewind(50 * KIB);
  model.check();
  assertEquals(model.write(), 32 * KIB);
  model.check();
  model.settleOldest();
  model.check();
  while (model.write() > 0) model.check();
  assertEquals(model.sent, 100 * KIB);
});

Deno.test("no frame is made while the one before is under way", () => {
  const log = new ReplayLog({ limitBytes: 100 });
  const hold = new WriteHold();
  log.reserve(5);
  log.nextWrite(hold);
  log.reserve(5);
  assertThrows(() => log.nextWrite(hold), Error, "under way");
  assertEquals(log.sent, 5);
  hold.release();
  assertEquals(log.nextWrite(hold)?.length, 10);
});

Deno.test("a log that is used for long keeps nothing that was acknowledged", () => {
  const model = new Model();
  for (let round = 0; round < 2000; round++) {
    model.reserve(20);
    model.adopt(50);
    model.write();
    if (round % 3 === 0) model.acknowledge(model.sent);
  }
  model.acknowledge(model.sent);
  assertEquals(model.log.heldBytes, model.end - model.sent);
});

type Step = (model: Model) => void;

/** A whole number between two marks, both included, chosen by `part` of 2^16. */
function between(low: number, high: number, part: number): number {
  return low + Math.floor((high - low + 1) * part / 0x1_0000);
}

Deno.test("any interleaving of adding, sending, acknowledging and resuming equals a plain array of bytes (fuzz)", () => {
  const part = fc.nat(0xffff);
  const size = fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 9000 }));
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 1, max: 60 }).map((bytes): Step => (model) => model.reserve(bytes)) },
    { weight: 1, arbitrary: size.map((bytes): Step => (model) => model.reserve(bytes)) },
    { weight: 3, arbitrary: size.map((bytes): Step => (model) => model.adopt(bytes)) },
    { weight: 1, arbitrary: fc.constant<Step>((model) => model.adopt(70 * KIB)) },
    { weight: 5, arbitrary: fc.constant<Step>((model) => void model.write()) },
    { weight: 3, arbitrary: fc.nat(40_000).map((max): Step => (model) => void model.write(max)) },
    { weight: 2, arbitrary: fc.nat(5_000).map((max): Step => (model) => void model.write(max + 1, max + 1)) },
    { weight: 1, arbitrary: fc.constant<Step>((model) => model.settle()) },
    { weight: 1, arbitrary: fc.constant<Step>((model) => model.settleOldest()) },
    { weight: 3, arbitrary: part.map((at): Step => (m) => m.acknowledge(between(m.acknowledged, m.sent, at))) },
    { weight: 2, arbitrary: part.map((at): Step => (m) => m.rewind(between(m.acknowledged, m.highestSent, at))) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80, size: "max" }), (steps) => {
      const model = new Model();
      for (const take of steps) {
        take(model);
        model.check();
      }
      model.rewind(model.acknowledged);
      while (model.write() > 0);
      assertEquals(model.sent, model.end);
      model.acknowledge(model.end);
      model.check();
    }),
    { seed: SEED, numRuns: 200 },
  );
});
