/** A log is copied from its front into another: whichever carrier brings a frame, and whichever dies, it comes. */
import { concat } from "@std/bytes/concat";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { FrameLog, type Remains } from "../../../../lib/session/carrier/frame_log.ts";
import type { SessionFrameReader } from "../../../../lib/session/carrier/frame_reader.ts";
import { type CopyLimits, LogCopy } from "../../../../lib/session/carrier/log_copy.ts";
import { WriteHold } from "../../../../lib/session/carrier/write_hold.ts";
import { LogBudget } from "../../../../lib/session/log_budget.ts";
import { MemoryPool } from "../../../../lib/session/memory_pool.ts";
import { ResendQueue } from "../../../../lib/session/resend_queue.ts";
import { FrameType, HEADROOM_BYTES } from "../../../../lib/session/session_constants.ts";
import { framed } from "../../../../lib/ping/codec.ts";
import { CountingOwner } from "../../../support/frame_owners.ts";
import { Sender, TakingPeer } from "../../../support/frame_senders.ts";
import { dataFrame, openFrame, windowsFrame } from "../../../support/frames.ts";
import { viewOf } from "../../../support/random.ts";
import { Returns } from "../../../support/returns.ts";

const SEED = 2041;
const KIB = 1024;
const LIMIT_BYTES = 1 << 24;

function budgetOf(memory?: MemoryPool): LogBudget {
  return new LogBudget({ limitBytes: LIMIT_BYTES, memory });
}

function add(log: FrameLog, frame: Uint8Array): void {
  const at = log.reserve(frame.length);
  log.arena.set(frame, at);
}

function adopt(log: FrameLog, frame: Uint8Array): void {
  log.adopt(frame, 0, frame.length, { headroom: 0 });
}

/** All that a log has to write, in pieces. */
function writesOf(log: FrameLog): Uint8Array[] {
  const hold = new WriteHold();
  const writes: Uint8Array[] = [];
  for (let bytes = log.nextWrite(hold); bytes !== undefined; bytes = log.nextWrite(hold)) {
    writes.push(bytes.slice());
    hold.release();
  }
  return writes;
}

Deno.test("all that was not acknowledged is copied, in its order, what was not yet handed to a write as well", () => {
  const budget = budgetOf();
  const [from, to] = [new FrameLog(budget), new FrameLog(budget)];
  for (let at = 0; at < 4; at++) adopt(from, dataFrame(1, at * 5000, new Uint8Array(5000)));
  from.nextWrite(new WriteHold());
  from.nextWrite(new WriteHold());
  from.acknowledge(5017);
  const copy = new LogCopy(from, to);
  assert(copy.hasMore);
  assertEquals(copy.copy({ mostBytes: 1e9 }), 3 * 5017);
  assert(!copy.hasMore);
  assertEquals(writesOf(to).map((bytes) => bytes.subarray(13, 17)), [5000, 10_000, 15_000].map(offsetBytes));
  assertEquals(budget.heldBytes, 3 * 5017, "once");
});

function offsetBytes(offset: number): Uint8Array {
  return new Uint8Array([0, 0, offset >> 8, offset & 0xff]);
}

Deno.test("what comes behind the copy is copied when it is asked for again, and nothing twice", () => {
  const budget = budgetOf();
  const [from, to] = [new FrameLog(budget), new FrameLog(budget)];
  const copy = new LogCopy(from, to);
  assertEquals(copy.copy({ mostBytes: 100 }), 0);
  add(from, dataFrame(1, 0, new Uint8Array(10)));
  assertEquals([copy.copy({ mostBytes: 100 }), copy.copy({ mostBytes: 100 })], [27, 0]);
  add(from, dataFrame(1, 10, new Uint8Array(10)));
  assertEquals([copy.copy({ mostBytes: 100 }), copy.copy({ mostBytes: 100 })], [27, 0]);
});

Deno.test("a second copy of a log into the same one has nothing to do", () => {
  const budget = budgetOf();
  const [from, to] = [new FrameLog(budget), new FrameLog(budget)];
  add(from, dataFrame(1, 0, new Uint8Array(10)));
  assertEquals(new LogCopy(from, to).copy({ mostBytes: 100 }), 27);
  assertEquals(new LogCopy(from, to).copy({ mostBytes: 100 }), 0);
});

Deno.test("a frame does not join one that another log has as well", () => {
  const budget = budgetOf();
  const [from, to] = [new FrameLog(budget), new FrameLog(budget)];
  add(from, dataFrame(1, 0, new Uint8Array(10)));
  new LogCopy(from, to).copy({ mostBytes: 100 });
  add(from, dataFrame(1, 10, new Uint8Array(10)));
  assertEquals(writesOf(to).map(({ length }) => length), [27]);
});

Deno.test("no more is copied than fits, but one piece; data that is too large is passed over, and copied by others", () => {
  const budget = budgetOf();
  const [from, to] = [new FrameLog(budget), new FrameLog(budget)];
  for (const bytes of [100, 100, 3000, 100]) adopt(from, dataFrame(1, 0, new Uint8Array(bytes)));
  const copy = new LogCopy(from, to);
  assertEquals(copy.copy({ mostBytes: 1 }), 117);
  assertEquals(copy.copy({ mostBytes: 1e9, mostPieceBytes: 1400 }), 2 * 117);
  assertEquals([copy.copy({ mostBytes: 1e9 }), new LogCopy(from, to).copy({ mostBytes: 1e9 })], [0, 3017]);
});

Deno.test("nothing is copied behind a large piece that may hold an open, until that was taken", () => {
  const budget = budgetOf();
  const [from, to] = [new FrameLog(budget), new FrameLog(budget)];
  const many = concat(Array.from({ length: 100 }, (_, at) => dataFrame(1, at, new Uint8Array(1))));
  for (const piece of [many, dataFrame(1, 100, new Uint8Array(100))]) adopt(from, piece);
  const copy = new LogCopy(from, to);
  assertEquals(copy.copy({ mostBytes: 1e9, mostPieceBytes: 1400 }), 0);
  writesOf(from);
  from.acknowledge(many.length);
  assertEquals(copy.copy({ mostBytes: 1e9, mostPieceBytes: 1400 }), 117);
});

Deno.test("data that is too long is passed over with what follows it of its stream, until it was taken; others go", () => {
  const budget = budgetOf();
  const [from, to] = [new FrameLog(budget), new FrameLog(budget)];
  const [one, other] = [new CountingOwner(true), new CountingOwner(true)];
  const send = (owner: CountingOwner, bytes: number) => {
    from.adopt(dataFrame(1, 0, new Uint8Array(bytes)), 0, 17 + bytes, { owner, headroom: 0 });
    writesOf(from);
  };
  for (const [owner, bytes] of [[one, 2_000], [one, 100], [other, 200], [one, 100]] as const) send(owner, bytes);
  const copy = new LogCopy(from, to);
  const limits = { mostBytes: 1e9, mostFrameBytes: 1024 };
  assertEquals([copy.copy(limits), copy.copy(limits)], [217, 0]);
  from.acknowledge(2_017);
  send(one, 300);
  assertEquals(copy.copy(limits), 0, "what was passed over is missing still");
  from.acknowledge(from.handed);
  send(one, 400);
  assertEquals(copy.copy(limits), 417);
});

Deno.test("a piece of many frames goes, however long it is, and waits behind data of its streams that was passed over", () => {
  for (const { bytes, copied } of [{ bytes: [], copied: 3_700 }, { bytes: [2_000], copied: 0 }]) {
    const budget = budgetOf();
    const [from, to] = [new FrameLog(budget), new FrameLog(budget)];
    const owner = new CountingOwner(true);
    const send = (frame: Uint8Array) => {
      const at = from.reserve(frame.length, owner);
      from.arena.set(frame, at);
    };
    for (const large of bytes) send(dataFrame(1, 0, new Uint8Array(large)));
    writesOf(from);
    for (let at = 0; at < 100; at++) send(dataFrame(1, at, new Uint8Array(20)));
    assertEquals(new LogCopy(from, to).copy({ mostBytes: 3_700, mostFrameBytes: 1024 }), copied);
  }
});

Deno.test("what is no data and alone goes, also behind data of its stream that was passed over", () => {
  const budget = budgetOf();
  const [from, to] = [new FrameLog(budget), new FrameLog(budget)];
  const owner = new CountingOwner(true);
  for (const frame of [dataFrame(1, 0, new Uint8Array(2_000)), windowsFrame([1, 5])]) {
    from.adopt(frame, 0, frame.length, { owner, headroom: 0 });
    writesOf(from);
  }
  assertEquals(new LogCopy(from, to).copy({ mostBytes: 1e9, mostFrameBytes: 1024 }), 17);
});

Deno.test("a front piece with a frame that is too long stays", () => {
  const budget = budgetOf();
  const [from, to] = [new FrameLog(budget), new FrameLog(budget)];
  adopt(from, dataFrame(1, 0, new Uint8Array(1_007)));
  const copy = new LogCopy(from, to);
  assertEquals([copy.copyFront(1e9, 1, 1_023), copy.copyFront(1e9, 1, 1_024)], [0, 1_024]);
});

Deno.test("a piece that a former copy brought is passed over", () => {
  const budget = budgetOf();
  const [from, to, third] = [new FrameLog(budget), new FrameLog(budget), new FrameLog(budget)];
  for (const bytes of [100, 200]) adopt(from, dataFrame(1, 0, new Uint8Array(bytes)));
  assertEquals(new LogCopy(from, to).copyFront(1e9, 1), 117);
  writesOf(to);
  to.acknowledge(117);
  assertEquals(new LogCopy(from, third).copy({ mostBytes: 1e9 }), 217);
});

Deno.test("of a log only the front piece is copied, once into each other, and the next when it was taken", () => {
  const budget = budgetOf();
  const [from, to, third] = [new FrameLog(budget), new FrameLog(budget), new FrameLog(budget)];
  adopt(from, framed(new Uint8Array([FrameType.lane, 0, 0, 0, 3, 0])));
  for (const bytes of [100, 200]) adopt(from, dataFrame(1, 0, new Uint8Array(bytes)));
  const copy = new LogCopy(from, to);
  assertEquals([copy.copyFront(116, 1), copy.copyFront(117, 1), copy.copyFront(1e9, 9)], [0, 117, 0]);
  const other = new LogCopy(from, third);
  assertEquals([other.copyFront(1e9, 1), other.copyFront(1e9, 2)], [0, 117], "as often as it may");
  writesOf(third);
  third.acknowledge(117);
  assertEquals([copy.copyFront(1e9, 1), copy.copyFront(1e9, 1)], [217, 0]);
  writesOf(to);
  to.acknowledge(117 + 217);
  assertEquals(copy.copyFront(1e9, 1), 0, "nothing is left");
});

Deno.test("what so many logs have is not copied, nor what is behind it", () => {
  const budget = budgetOf();
  const [from, to, third] = [new FrameLog(budget), new FrameLog(budget), new FrameLog(budget)];
  for (const bytes of [100, 200]) adopt(from, dataFrame(1, 0, new Uint8Array(bytes)));
  new LogCopy(from, to).copyFront(1e9, 1);
  const copy = new LogCopy(from, third);
  assertEquals([copy.copy({ mostBytes: 1e9, mostLogs: 1 }), copy.copy({ mostBytes: 1e9, mostLogs: 2 })], [0, 334]);
});

Deno.test("the lane of a carrier is not copied to another, which has its own", () => {
  const budget = budgetOf();
  const [from, to] = [new FrameLog(budget), new FrameLog(budget)];
  adopt(from, framed(new Uint8Array([FrameType.lane, 0, 0, 0, 3, 0])));
  add(from, dataFrame(1, 0, new Uint8Array(10)));
  assertEquals(new LogCopy(from, to).copy({ mostBytes: 1e9 }), 27);
});

/** A carrier of the world below. */
class Line {
  readonly log: FrameLog;
  readonly reader: SessionFrameReader;
  readonly copies: Map<Line, LogCopy> = new Map();
  hold = new WriteHold();
  underWay: { hold: WriteHold; bytes: Uint8Array; before: Uint8Array }[] = [];
  /** What was handed to writes and has not arrived. */
  onTheWay: Uint8Array[] = [];
  arrived = 0;

  constructor(world: World) {
    this.log = new FrameLog(world.budget);
    this.reader = world.peer.reader();
  }

  write(maxBytes: number | undefined, settles: boolean): number {
    if (settles) this.settle();
    else this.hold = new WriteHold();
    const { headroom } = this.log;
    const bytes = this.log.nextWrite(this.hold, maxBytes);
    if (bytes === undefined) return 0;
    new Uint8Array(bytes.buffer, bytes.byteOffset - headroom, headroom).fill(0xee);
    this.onTheWay.push(bytes.slice());
    this.underWay.push({ hold: this.hold, bytes, before: bytes.slice() });
    return bytes.length;
  }

  settle(): void {
    for (const { hold } of this.underWay.splice(0)) hold.release();
  }

  /** The peer takes `most` bytes. */
  arrive(most: number): void {
    while (most > 0 && this.onTheWay.length > 0) {
      const [bytes] = this.onTheWay;
      const count = Math.min(most, bytes.length);
      this.reader.push(bytes.subarray(0, count));
      this.arrived += count;
      most -= count;
      if (count === bytes.length) this.onTheWay.shift();
      else this.onTheWay[0] = bytes.subarray(count);
    }
  }

  acknowledge(offset: number): void {
    this.log.acknowledge(Math.max(this.log.acknowledged, offset));
  }
}

/** A sender with several carriers at once. */
class World {
  readonly memory = new MemoryPool(1 << 30);
  readonly budget = budgetOf(this.memory);
  readonly queue = new ResendQueue({ budget: this.budget, onWindowLost: () => {} });
  readonly pool = new Returns();
  readonly peer = new TakingPeer();
  readonly senders = [true, false, true, false].map((isQuiet, at) => new Sender(2 * at + 1, isQuiet));
  /** On which carrier a stream sends. */
  readonly homes: Map<Sender, Line> = new Map();
  lines: Line[] = [];
  /** Those that are gone too: their writes settle late. */
  readonly everyLine: Line[] = [];
  /** Of carriers that are gone: what is left, and the receipt that has not come. */
  gone: { remains: Remains; taken: number; line: Line }[] = [];

  constructor() {
    this.dial();
    this.dial();
  }

  dial(): void {
    if (this.lines.length >= 5) return;
    const line = new Line(this);
    this.lines.push(line);
    this.everyLine.push(line);
  }

  line(at: number): Line {
    return this.lines[at % this.lines.length];
  }

  send(sender: Sender, on: Line, bytes: number, adopts: boolean, isEnd: boolean): void {
    // Its frames wait on a carrier that is gone, or to be sent again: nothing new goes in front of them.
    if (sender.queued > 0 || sender.hasEnded || this.#isOrphan(sender)) return;
    const line = this.homes.get(sender) ?? on;
    this.homes.set(sender, line);
    if (!sender.hasOpened) this.#add(line, openFrame(sender.id, { send: 1, receive: 1 }), sender, false);
    sender.hasOpened = true;
    this.#add(line, sender.next(bytes, isEnd), sender, adopts);
  }

  #isOrphan(sender: Sender): boolean {
    const home = this.homes.get(sender);
    return this.gone.some(({ line }) => line === home);
  }

  #add({ log }: Line, frame: Uint8Array, owner: Sender | undefined, adopts: boolean): void {
    if (!adopts) {
      const at = log.reserve(frame.length, owner);
      log.arena.set(frame, at);
      return;
    }
    const memory = new Uint8Array(HEADROOM_BYTES + frame.length);
    memory.set(frame, HEADROOM_BYTES);
    const segment = this.pool.lend(memory);
    log.adopt(memory, HEADROOM_BYTES, memory.length, { segment, owner, headroom: HEADROOM_BYTES });
    segment.release();
  }

  copy(from: Line, to: Line, limits: CopyLimits & { isFront: boolean }): void {
    if (from === to) return;
    let copy = from.copies.get(to);
    if (copy === undefined) from.copies.set(to, copy = new LogCopy(from.log, to.log));
    if (limits.isFront) copy.copyFront(limits.mostBytes, limits.mostLogs!, limits.mostFrameBytes);
    else copy.copy(limits);
  }

  lose(line: Line): void {
    this.lines.splice(this.lines.indexOf(line), 1);
    if (this.lines.length === 0) this.dial();
    this.gone.push({ remains: line.log.handOver(), taken: line.arrived, line });
  }

  /** The peer's receipt for a carrier that is gone comes, not in the order in which they went. */
  receipt(at: number): void {
    if (this.gone.length === 0) return;
    const [{ remains, taken, line }] = this.gone.splice(at % this.gone.length, 1);
    for (const [sender, home] of this.homes) if (home === line) this.homes.delete(sender);
    this.queue.add(remains, taken);
  }

  /** To one carrier only, as long as it lives: what follows an open goes where that went. */
  move(maxBytes: number): void {
    // The open of what waits may be on a carrier whose receipt has not come.
    if (this.gone.length > 0) return;
    const [first] = this.lines;
    this.queue.moveTo(first.log, maxBytes);
    for (const sender of this.senders) if (!this.homes.has(sender)) this.homes.set(sender, first);
  }

  check(): void {
    for (const { bytes, before } of this.everyLine.flatMap(({ underWay }) => underWay)) {
      assert(viewOf(bytes).equals(before), "a frame was changed while a write has it");
    }
    assert(this.budget.heldBytes >= 0 && this.budget.room <= LIMIT_BYTES);
  }

  finish(): void {
    while (this.gone.length > 0) this.receipt(0);
    while (this.queue.bytes > 0 || this.lines.some(({ log }) => log.hasUnsent)) {
      this.move(64 * KIB);
      for (const line of this.lines) while (line.write(undefined, true) > 0);
    }
    for (const line of this.lines) {
      line.arrive(Infinity);
      line.acknowledge(line.log.handed);
    }
    this.check();
    for (const line of this.everyLine) line.settle();
    assertEquals([this.queue.bytes, this.budget.heldBytes, this.budget.streamFrames, this.memory.used], [0, 0, 0, 0]);
    assertEquals(this.budget.room, LIMIT_BYTES, "nothing is kept for a copy");
    assertEquals(this.pool.came.size, this.pool.lent, "every segment is back");
    for (const { id, sent, hasOpened, hasEnded, held, queued } of this.senders) {
      assertEquals([held, queued], [0, 0], `stream ${id} hears of each of its frames once`);
      if (!hasOpened) continue;
      const taken = this.peer.streams.get(id);
      assert(taken!.times.subarray(0, sent).every((times) => times >= 1), `all of stream ${id}`);
      assertEquals(taken!.end, hasEnded ? sent : undefined);
    }
  }
}

type Step = (world: World) => void;

Deno.test("whichever of several carriers dies at any byte, and whatever was copied, each frame comes (fuzz)", () => {
  const part = fc.nat(0xffff);
  const line = fc.nat(9);
  const size = fc.oneof(fc.nat(100), fc.nat(9_000), fc.nat(40 * KIB));
  const limits = fc.record({
    mostBytes: fc.nat(80 * KIB),
    mostPieceBytes: fc.oneof(fc.constant(Infinity), fc.nat(2 * KIB)),
    mostFrameBytes: fc.oneof(fc.constant(Infinity), fc.nat(2 * KIB)),
    mostLogs: fc.oneof(fc.constant(Infinity), fc.integer({ min: 1, max: 2 })),
    isFront: fc.boolean(),
  });
  const step: fc.Arbitrary<Step> = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.tuple(fc.nat(3), line, size, fc.boolean(), fc.nat(9)).map(
        ([who, at, bytes, adopts, end]): Step => (world) =>
          world.send(world.senders[who], world.line(at), bytes, adopts, end === 0),
      ),
    },
    {
      weight: 6,
      arbitrary: fc.tuple(line, line, limits).map(([from, to, most]): Step => (world) =>
        world.copy(world.line(from), world.line(to), most)
      ),
    },
    {
      weight: 8,
      arbitrary: fc.tuple(line, fc.boolean()).map(([at, settles]): Step => (world) =>
        void world.line(at).write(undefined, settles)
      ),
    },
    {
      weight: 2,
      arbitrary: fc.tuple(line, fc.nat(40 * KIB)).map(([at, most]): Step => (world) =>
        void world.line(at).write(most, true)
      ),
    },
    { weight: 1, arbitrary: line.map((at): Step => (world) => world.line(at).settle()) },
    {
      weight: 5,
      arbitrary: fc.tuple(line, fc.nat(90 * KIB)).map(([at, most]): Step => (world) => world.line(at).arrive(most)),
    },
    {
      weight: 6,
      arbitrary: fc.tuple(line, part).map(([at, share]): Step => (world) => {
        const { log, arrived } = world.line(at);
        const news = Math.floor((arrived - log.acknowledged + 1) * share / 0x1_0000);
        world.line(at).acknowledge(log.acknowledged + news);
      }),
    },
    { weight: 2, arbitrary: line.map((at): Step => (world) => world.lose(world.line(at))) },
    { weight: 3, arbitrary: line.map((at): Step => (world) => world.receipt(at)) },
    { weight: 3, arbitrary: fc.nat(70 * KIB).map((room): Step => (world) => world.move(room)) },
    { weight: 2, arbitrary: fc.constant<Step>((world) => world.dial()) },
    {
      weight: 1,
      arbitrary: line.map((at): Step => (world) => add(world.line(at).log, windowsFrame([9, 100]))),
    },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100, size: "max" }), (steps) => {
      const world = new World();
      for (const take of steps) {
        take(world);
        world.check();
      }
      world.finish();
    }),
    { seed: SEED, numRuns: 150 },
  );
});
