/** What a carrier has sent: whole frames, in order, each byte kept until it was acknowledged and no write has it. */
import { assert, assertEquals, assertLessOrEqual, assertThrows } from "@std/assert";
import { concat } from "@std/bytes/concat";
import fc from "fast-check";
import { TeleError } from "../../../../lib/net/error.ts";
import { FrameDecoder } from "../../../../lib/ping/codec.ts";
import { FrameLog } from "../../../../lib/session/carrier/frame_log.ts";
import type { FrameOwner } from "../../../../lib/session/carrier/piece_queue.ts";
import { WriteHold } from "../../../../lib/session/carrier/write_hold.ts";
import { LogBudget } from "../../../../lib/session/log_budget.ts";
import type { Segment } from "../../../../lib/session/segment_pool.ts";
import {
  DATA_HEADER_BYTES,
  HEADROOM_BYTES,
  MAX_SESSION_FRAME_BYTES,
} from "../../../../lib/session/session_constants.ts";
import { dataFrame } from "../../../support/frames.ts";
import { Returns } from "../../../support/returns.ts";
import { viewOf } from "../../../support/random.ts";

const SEED = 2013;
const KIB = 1024;
const LIMIT_BYTES = 1024 * KIB;

/** What data is made of: a sequence with a long period, so that no shift goes unseen. */
const SEQUENCE = Uint8Array.from({ length: 400 * KIB }, (_, at) => at * 31 + (at >> 8) * 7 + (at >> 16));

/** A write that has not settled: it reads its bytes when it likes. */
interface Write {
  bytes: Uint8Array;
  before: Uint8Array;
}

/** Whose frame it is, and whether it is held. */
class Owner implements FrameOwner {
  openLog: object | undefined;
  readonly isQuiet = false;
  readonly isUnwanted = false;
  held = 0;
  taken = 0;

  frameHeld(): void {
    this.held++;
  }

  frameTaken(): void {
    this.taken++;
  }

  frameMoved(): void {
    throw new Error("not by a log");
  }

  frameQueued(): void {
    throw new Error("not by a log");
  }

  frameUnqueued(): void {
    throw new Error("not by a log");
  }
}

/** A frame that was added. */
interface Added {
  frame: Uint8Array;
  end: number;
  owner: Owner;
  segment: Segment | undefined;
}

/** A log, and what a plain array of frames says of it. */
class Model {
  readonly budget = new LogBudget({ limitBytes: LIMIT_BYTES });
  readonly log = new FrameLog(this.budget);
  readonly pool = new Returns();
  readonly added: Added[] = [];
  end = 0;
  handed = 0;
  acknowledged = 0;
  #bytes = new Uint8Array(256 * KIB);
  #write: Write | undefined;
  readonly #hold = new WriteHold();

  /** All frames behind one another. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.end);
  }

  /** A frame of `bytes` bytes, header included, put into the log's own memory. */
  reserve(bytes: number): void {
    const frame = this.#next(bytes);
    const owner = new Owner();
    const at = this.log.reserve(frame.length, owner);
    this.log.arena.set(frame, at);
    this.added.push({ frame, end: this.end, owner, segment: undefined });
  }

  /** The same, in a segment. */
  adopt(bytes: number, headroom = HEADROOM_BYTES): void {
    const frame = this.#next(bytes);
    const owner = new Owner();
    const memory = new Uint8Array(HEADROOM_BYTES + bytes + 10);
    memory.set(frame, HEADROOM_BYTES);
    const segment = this.pool.lend(memory);
    this.log.adopt(memory, HEADROOM_BYTES, HEADROOM_BYTES + bytes, { segment, owner, headroom });
    segment.release();
    this.added.push({ frame, end: this.end, owner, segment });
  }

  #next(bytes: number): Uint8Array {
    const from = this.end % 251;
    const frame = dataFrame(1, this.end, SEQUENCE.subarray(from, from + bytes - DATA_HEADER_BYTES));
    if (this.end + bytes > this.#bytes.length) this.#bytes = concat([this.#bytes, new Uint8Array(bytes + this.end)]);
    this.#bytes.set(frame, this.end);
    this.end += bytes;
    return frame;
  }

  /** The write under way is done; takes the next, checks its bytes, and scribbles over the room in front of it. */
  write(maxBytes?: number): number {
    this.settle();
    const { headroom } = this.log;
    const bytes = this.log.nextWrite(this.#hold, maxBytes);
    if (this.handed === this.end) {
      assertEquals(bytes, undefined);
      return 0;
    }
    assert(bytes !== undefined, "frames wait, so there is a write");
    const expected = this.bytes.subarray(this.handed, this.handed + bytes.length);
    assert(viewOf(bytes).equals(expected), `bytes behind ${this.handed} are damaged`);
    const frames = wholeFrames(bytes);
    assert(frames === 1 || bytes.length <= (maxBytes ?? Infinity), "no more than was asked for, but for one frame");
    new Uint8Array(bytes.buffer, bytes.byteOffset - headroom, headroom).fill(0xee);
    this.#write = { bytes, before: bytes.slice() };
    this.handed += bytes.length;
    return bytes.length;
  }

  /** The write under way is done. */
  settle(): void {
    this.#hold.release();
    this.#write = undefined;
  }

  acknowledge(offset: number): void {
    this.log.acknowledge(offset);
    this.acknowledged = offset;
  }

  check(): void {
    const { log, budget } = this;
    assertEquals(
      [log.acknowledged, log.handed, log.end, log.hasUnsent],
      [this.acknowledged, this.handed, this.end, this.handed < this.end],
    );
    assert(budget.heldBytes >= this.end - this.acknowledged, "what is not acknowledged is held");
    if (this.acknowledged === this.end) assertEquals([budget.heldBytes, budget.room], [0, LIMIT_BYTES]);
    this.#checkWrite();
    for (const { end, owner, segment } of this.added) {
      const isKept = end > this.acknowledged;
      // A piece of several frames goes as one.
      if (isKept) assertEquals([owner.held, owner.taken], [1, 0]);
      if (segment !== undefined) {
        assertEquals(owner.taken, isKept ? 0 : 1);
        const isHeld = isKept || this.#write?.bytes.buffer === segment.memory.buffer;
        assertEquals(this.pool.came.has(segment), !isHeld, "held until it is acknowledged and no write has it");
      }
    }
  }

  #checkWrite(): void {
    if (this.#write === undefined) return;
    assert(viewOf(this.#write.bytes).equals(this.#write.before), "a frame was changed while a write has it");
  }

  /** The carrier is gone: what remains are the frames from the first on that has a byte that was not acknowledged. */
  checkRemains(): void {
    const held = this.budget.heldBytes;
    const remains = this.log.handOver();
    assertEquals([remains.acknowledged, remains.handed], [this.acknowledged, this.handed]);
    const pieces = remains.pieces.map(({ memory, start, end }) => memory.subarray(start, end));
    const bytes = concat(pieces);
    assertEquals(bytes.length, held, "what is left counts");
    assertEquals(this.budget.heldBytes, held, "as long as nobody took it over");
    assert(viewOf(bytes).equals(this.bytes.subarray(this.end - bytes.length)));
    const owners = remains.pieces.flatMap((piece) => piece.owners);
    assertEquals(owners, this.added.slice(this.added.length - owners.length).map(({ owner }) => owner));
    this.#checkWrite();
    for (const { segment } of remains.pieces) segment?.release();
    this.settle();
    for (const { segment } of this.added) assert(segment === undefined || this.pool.came.has(segment));
  }
}

/** How many frames these are, all of them whole. */
function wholeFrames(bytes: Uint8Array): number {
  let frames = 0;
  const decoder = new FrameDecoder(MAX_SESSION_FRAME_BYTES, {
    frameStart: () => frames++,
    frameData: () => {},
    frameEnd: () => {},
  });
  decoder.push(bytes);
  assert(decoder.atBoundary && frames > 0, "whole frames");
  return frames;
}

/** Writes all that waits, `maxBytes` at a time; returns the sizes. */
function writeAll(model: Model, maxBytes?: number): number[] {
  const sizes = [];
  for (let bytes = model.write(maxBytes); bytes > 0; bytes = model.write(maxBytes)) {
    model.check();
    sizes.push(bytes);
  }
  return sizes;
}

Deno.test("an empty log has nothing to send", () => {
  const log = new FrameLog(new LogBudget({ limitBytes: 100 }));
  assertEquals([log.nextWrite(new WriteHold()), log.hasUnsent, log.end, log.headroom], [undefined, false, 0, 0]);
});

Deno.test("a log sends what was added, in order, each byte once", () => {
  const model = new Model();
  model.reserve(20);
  model.adopt(10_000);
  model.reserve(25);
  assertEquals(writeAll(model), [20, 10_000, 25]);
});

Deno.test("small frames added one after the other leave in one write", () => {
  const model = new Model();
  for (let i = 0; i < 20; i++) model.reserve(27);
  assertEquals(writeAll(model), [540]);
});

Deno.test("small pieces that wait together leave in one write", () => {
  const model = new Model();
  for (let i = 0; i < 5; i++) {
    model.adopt(100);
    model.reserve(19);
  }
  assertEquals(writeAll(model), [595]);
});

Deno.test("a frame added behind one that was sent is not taken for sent, nor written into its memory", () => {
  const model = new Model();
  model.reserve(24);
  assertEquals(model.write(), 24);
  model.reserve(24);
  model.check();
  assertEquals(writeAll(model), [24]);
});

Deno.test("a frame goes into another arena when there is no room, and those in the former stay as they are", () => {
  const model = new Model();
  model.reserve(20 * KIB);
  model.reserve(20 * KIB);
  model.reserve(100 * KIB);
  model.reserve(20);
  model.check();
  assertEquals(writeAll(model), [20 * KIB, 20 * KIB, 100 * KIB, 20]);
});

Deno.test("what is left of an arena must have room for the headroom too", () => {
  for (const left of [20, 83, 84, 85]) {
    const model = new Model();
    model.reserve(32 * KIB - HEADROOM_BYTES - left);
    assertEquals(model.write(), 32 * KIB - HEADROOM_BYTES - left);
    model.reserve(20);
    model.reserve(20);
    assertEquals(writeAll(model).reduce((sum, bytes) => sum + bytes, 0), 40);
  }
});

Deno.test("where little may be sent frames stay whole: as many as fit leave in one write, and one that is larger alone", () => {
  const model = new Model();
  for (const bytes of [500, 500, 25, 1_024, 3_000, 1_000, 24]) model.reserve(bytes);
  assertEquals(writeAll(model, KIB), [1_000, 25, 1_024, 3_000, 1_024]);
  for (const bytes of [500, 524, 100]) model.reserve(bytes);
  assertEquals(writeAll(model, KIB), [1_024, 100], "just as many");
  for (const bytes of [700, 300, 30]) model.adopt(bytes);
  assertEquals(writeAll(model, KIB), [1_000, 30]);
  model.adopt(10_000);
  assertEquals(writeAll(model, 1), [10_000]);
});

Deno.test("a large piece that is written in parts has no headroom but in front of the first", () => {
  const model = new Model();
  for (let i = 0; i < 3; i++) model.reserve(600);
  assertEquals(model.log.headroom, HEADROOM_BYTES);
  assertEquals(model.write(600), 600);
  assertEquals(model.log.headroom, 0);
  model.check();
  assertEquals(writeAll(model), [1_200]);
});

Deno.test("headroom is what whoever added the piece said, and what is gathered has its own", () => {
  const model = new Model();
  model.adopt(10_000, 7);
  assertEquals(model.log.headroom, 7);
  model.write();
  model.adopt(100, 7);
  model.adopt(100, 7);
  assertEquals(model.log.headroom, 7, "of the first, as long as nothing else is known");
  assertEquals(model.write(), 200);
});

Deno.test("frames stay below the largest that a peer takes when they leave together", () => {
  const model = new Model();
  model.adopt(256 * KIB);
  for (let i = 0; i < 3000; i++) model.reserve(40);
  for (const bytes of writeAll(model)) assertLessOrEqual(bytes, MAX_SESSION_FRAME_BYTES);
});

Deno.test("a frame is held until its last byte was acknowledged, and its owner is told once", () => {
  for (let offset = 0; offset <= 100; offset++) {
    const model = new Model();
    model.adopt(30);
    model.adopt(70);
    model.write();
    model.settle();
    model.acknowledge(offset);
    model.check();
    assertEquals(model.added.map(({ owner }) => owner.taken), [offset >= 30 ? 1 : 0, offset >= 100 ? 1 : 0]);
    model.checkRemains();
  }
});

Deno.test("owners of frames that lie together are told in their order, when the last of them was acknowledged", () => {
  const model = new Model();
  for (let i = 0; i < 3; i++) model.reserve(20);
  model.write();
  model.acknowledge(59);
  assertEquals(model.added.map(({ owner }) => owner.taken), [0, 0, 0]);
  model.acknowledge(60);
  assertEquals(model.added.map(({ owner }) => owner.taken), [1, 1, 1]);
});

Deno.test("a count that cannot be throws and changes nothing", () => {
  const model = new Model();
  model.reserve(20);
  model.adopt(90);
  model.reserve(20);
  model.write(); // all of it
  model.reserve(50);
  model.acknowledge(40);
  for (const offset of [39, 0, -1, 131, 180, 1e9, NaN, Infinity]) {
    assertEquals(assertThrows(() => model.log.acknowledge(offset), TeleError).code, "protocol");
    model.check();
  }
  model.acknowledge(40);
  model.check();
});

Deno.test("what a write has under way outlives acknowledgement and the end of the carrier", () => {
  for (const end of ["acknowledge", "gone"] as const) {
    const model = new Model();
    model.adopt(5000);
    model.adopt(5000);
    model.write();
    model.write();
    if (end === "gone") { for (const { segment } of model.log.handOver().pieces) segment?.release(); }
    else model.acknowledge(10_000);
    assertEquals(model.pool.came.size, 1, end);
    model.settle();
    assertEquals(model.pool.came.size, 2, end);
  }
});

Deno.test("nothing is written while the write before is under way", () => {
  const log = new FrameLog(new LogBudget({ limitBytes: 100 }));
  const hold = new WriteHold();
  const add = () => {
    const frame = dataFrame(1, 0, new Uint8Array(3));
    const at = log.reserve(frame.length);
    log.arena.set(frame, at);
  };
  add();
  log.nextWrite(hold);
  add();
  assertThrows(() => log.nextWrite(hold), Error, "under way");
  assertEquals(log.handed, 20);
  hold.release();
  assertEquals(log.nextWrite(hold)?.length, 20);
});

Deno.test("a log that is used for long keeps nothing that was acknowledged", () => {
  const model = new Model();
  for (let round = 0; round < 500; round++) {
    model.reserve(20);
    model.adopt(50);
    model.write();
    if (round % 3 === 0) model.acknowledge(model.handed);
  }
  model.acknowledge(model.handed);
  assertEquals(model.budget.heldBytes, model.end - model.handed);
  assertEquals(model.log.handOver().pieces.length, 0);
});

Deno.test("a log that is gone has nothing to send", () => {
  const model = new Model();
  model.reserve(100);
  model.log.handOver();
  assertEquals([model.log.hasUnsent, model.log.nextWrite(new WriteHold())], [false, undefined]);
});

type Step = (model: Model) => void;

/** A whole number between two marks, both included, chosen by `part` of 2^16. */
function between(low: number, high: number, part: number): number {
  return low + Math.floor((high - low + 1) * part / 0x1_0000);
}

Deno.test("any interleaving of adding, sending and acknowledging equals a plain array of frames (fuzz)", () => {
  const part = fc.nat(0xffff);
  const size = fc.oneof(
    fc.integer({ min: DATA_HEADER_BYTES, max: 100 }),
    fc.integer({ min: DATA_HEADER_BYTES, max: 9000 }),
  );
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 4, arbitrary: fc.nat(60).map((more): Step => (model) => model.reserve(DATA_HEADER_BYTES + more)) },
    { weight: 1, arbitrary: size.map((bytes): Step => (model) => model.reserve(bytes)) },
    { weight: 3, arbitrary: size.map((bytes): Step => (model) => model.adopt(bytes)) },
    { weight: 1, arbitrary: size.map((bytes): Step => (model) => model.adopt(bytes, 0)) },
    { weight: 1, arbitrary: fc.constant<Step>((model) => model.adopt(70 * KIB)) },
    { weight: 5, arbitrary: fc.constant<Step>((model) => void model.write()) },
    { weight: 3, arbitrary: fc.nat(40_000).map((max): Step => (model) => void model.write(max)) },
    { weight: 2, arbitrary: fc.nat(5_000).map((max): Step => (model) => void model.write(max + 1)) },
    { weight: 1, arbitrary: fc.constant<Step>((model) => model.settle()) },
    { weight: 3, arbitrary: part.map((at): Step => (m) => m.acknowledge(between(m.acknowledged, m.handed, at))) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: "max" }), fc.boolean(), (steps, isGone) => {
      const model = new Model();
      for (const take of steps) {
        take(model);
        model.check();
      }
      if (isGone) return model.checkRemains();
      writeAll(model);
      assertEquals(model.handed, model.end);
      model.acknowledge(model.end);
      model.settle();
      model.check();
    }),
    { seed: SEED, numRuns: 300 },
  );
});

Deno.test("an owner is told of each frame that it put into the log", () => {
  const model = new Model();
  for (const add of [() => model.reserve(20), () => model.reserve(20), () => model.adopt(5_000)]) add();
  assertEquals(model.added.map(({ owner }) => owner.held), [1, 1, 1]);
});
