/** What a carrier left behind is sent again: in the order of each stream, without what was taken, and never changed. */
import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import fc from "fast-check";
import { FrameLog } from "../../../lib/session/carrier/frame_log.ts";
import { SessionFrameReader } from "../../../lib/session/carrier/frame_reader.ts";
import { WriteHold } from "../../../lib/session/carrier/write_hold.ts";
import { decodeOpen } from "../../../lib/session/frames.ts";
import { LogBudget } from "../../../lib/session/log_budget.ts";
import { ResendQueue } from "../../../lib/session/resend_queue.ts";
import { framed } from "../../../lib/ping/codec.ts";
import { DATA_HEADER_BYTES, FrameType, HEADROOM_BYTES } from "../../../lib/session/session_constants.ts";
import { bytesOf, Sender, TakingPeer } from "../../support/frame_senders.ts";
import { dataFrame, openFrame, resetFrame, windowsFrame } from "../../support/frames.ts";
import { viewOf } from "../../support/random.ts";
import { Returns } from "../../support/returns.ts";

const SEED = 2014;
const KIB = 1024;

/** A write of a carrier that has not settled: it reads its bytes when it likes. */
interface Write {
  hold: WriteHold;
  bytes: Uint8Array;
  before: Uint8Array;
}

/** A sender with its carriers, one after the other. */
class World {
  readonly budget = new LogBudget({ limitBytes: 1 << 24 });
  readonly windowsLost: number[] = [];
  readonly queue = new ResendQueue({ budget: this.budget, onWindowLost: (id) => void this.windowsLost.push(id) });
  readonly pool = new Returns();
  readonly peer = new TakingPeer();
  readonly senders: Sender[];
  log = new FrameLog(this.budget);
  /** What the present carrier has handed to writes, piece by piece. */
  handed: Uint8Array[] = [];
  #hold = new WriteHold();
  readonly #underWay: Write[] = [];

  constructor(...quiet: boolean[]) {
    this.senders = quiet.map((isQuiet, at) => new Sender(2 * at + 1, isQuiet));
  }

  /** Puts a frame into the log, in its own memory or in a segment. */
  add(frame: Uint8Array, owner: Sender | undefined, adopts: boolean): void {
    if (!adopts) {
      const at = this.log.reserve(frame.length, owner);
      this.log.arena.set(frame, at);
      return;
    }
    const memory = new Uint8Array(HEADROOM_BYTES + frame.length);
    memory.set(frame, HEADROOM_BYTES);
    const segment = this.pool.lend(memory);
    this.log.adopt(memory, HEADROOM_BYTES, memory.length, { segment, owner, headroom: HEADROOM_BYTES });
    segment.release();
  }

  /** A stream sends, as one does: its open first, nothing while something waits to be sent again. */
  send(sender: Sender, bytes: number, { adopts = false, isEnd = false } = {}): void {
    if (sender.queued > 0 || sender.hasEnded) return;
    if (!sender.hasOpened) this.add(openFrame(sender.id, { send: 1, receive: 1 }), sender, false);
    sender.hasOpened = true;
    this.add(sender.next(bytes, isEnd), sender, adopts);
  }

  /** Hands everything, or `maxBytes`, to a write. The one before has settled if `settles`. */
  write(maxBytes?: number, settles = true): number {
    if (settles) this.settle();
    else this.#hold = new WriteHold();
    const { headroom } = this.log;
    const bytes = this.log.nextWrite(this.#hold, maxBytes);
    if (bytes === undefined) return 0;
    new Uint8Array(bytes.buffer, bytes.byteOffset - headroom, headroom).fill(0xee);
    this.handed.push(bytes.slice());
    this.#underWay.push({ hold: this.#hold, bytes, before: bytes.slice() });
    return bytes.length;
  }

  writeAll(): void {
    while (this.write() > 0);
  }

  /** All writes are done. */
  settle(): void {
    this.check();
    for (const { hold } of this.#underWay.splice(0)) hold.release();
  }

  check(): void {
    for (const { bytes, before } of this.#underWay) {
      assert(viewOf(bytes).equals(before), "a frame was changed while a write has it");
    }
  }

  get handedBytes(): number {
    return this.log.handed;
  }

  /** The carrier is gone: the peer has taken `taken` bytes of what was handed over. Returns what is to be sent again. */
  lose(taken: number): number {
    const came = new Uint8Array(this.handedBytes);
    let at = 0;
    for (const piece of this.handed) {
      came.set(piece, at);
      at += piece.length;
    }
    this.peer.take(came.subarray(0, taken));
    this.handed = [];
    this.#hold = new WriteHold();
    const before = this.queue.bytes;
    const again = this.queue.add(this.log.handOver(), taken);
    assertEquals(this.queue.bytes - before, again);
    assertEquals(this.budget.heldBytes, this.queue.bytes, "what waits is all that is held");
    this.log = new FrameLog(this.budget);
    this.check();
    return again;
  }

  /** Sends all that waits on one carrier that lives. */
  finish(): void {
    while (this.queue.bytes > 0 || this.log.hasUnsent) {
      this.queue.moveTo(this.log, 64 * KIB);
      this.writeAll();
    }
    this.lose(this.handedBytes);
    this.settle();
    assertEquals([this.queue.bytes, this.budget.heldBytes], [0, 0]);
    assertEquals(this.pool.came.size, this.pool.lent, "every segment is back");
    for (const { id, sent, hasOpened, hasEnded, held, queued } of this.senders) {
      assertEquals([held, queued], [0, 0], `stream ${id}`);
      const taken = this.peer.streams.get(id);
      if (!hasOpened) continue;
      assert(taken!.times.subarray(0, sent).every((times) => times === 1), `all of stream ${id}, each byte once`);
      assert(!taken!.times[sent], "and nothing more");
      assertEquals(taken!.end, hasEnded ? sent : undefined);
    }
  }
}

Deno.test("what was handed over and not taken is sent again, and nothing else", () => {
  const world = new World(true);
  const [stream] = world.senders;
  world.send(stream, 100);
  world.send(stream, 200);
  world.writeAll();
  assertEquals(world.lose(20 + 117), 217);
  world.finish();
});

Deno.test("a frame of data that was cut anywhere is sent again from exactly the byte that the receipt names", () => {
  for (const adopts of [false, true]) {
    for (let taken = 0; taken <= 20 + 17 + 60; taken++) {
      const world = new World(true);
      world.send(world.senders[0], 60, { adopts, isEnd: true });
      world.writeAll();
      const cut = taken - 37;
      const again = cut === 60 ? 0 : (taken < 20 ? 20 : 0) + (cut > 0 ? 60 - cut : 77);
      assertEquals(world.lose(taken), again, `${taken} taken`);
      world.finish();
    }
  }
});

Deno.test("a frame of which no more than the header was taken is sent again whole", () => {
  const world = new World(true);
  world.send(world.senders[0], 10_000, { adopts: true });
  world.writeAll();
  world.lose(20 + DATA_HEADER_BYTES);
  world.queue.moveTo(world.log, Infinity);
  assertEquals(
    world.log.nextWrite(new WriteHold())!.subarray(0, 17),
    dataFrame(1, 0, bytesOf(1, 0, 10_000)).subarray(0, 17),
  );
});

Deno.test("a frame that was not handed over goes to the next carrier like one that was", () => {
  const world = new World(true);
  world.send(world.senders[0], 100);
  assertEquals(world.lose(0), 137);
  world.finish();
});

Deno.test("quiet streams go first, each of them in its order", () => {
  const world = new World(false, true);
  const [bulk, quiet] = world.senders;
  world.send(bulk, 20_000, { adopts: true });
  world.send(quiet, 10);
  world.send(bulk, 20_000, { adopts: true });
  world.send(quiet, 10, { isEnd: true });
  world.writeAll();
  world.lose(0);
  world.queue.moveTo(world.log, Infinity);
  const ids: number[] = [];
  const reader = new SessionFrameReader({
    data: (id) => void ids.push(id),
    end: () => {},
    counted: (payload) => void ids.push(-decodeOpen(payload).id),
    control: () => {},
  });
  for (let bytes = world.log.nextWrite(new WriteHold()); bytes; bytes = world.log.nextWrite(new WriteHold())) {
    reader.push(bytes);
  }
  assertEquals(ids, [-3, 3, 3, -1, 1, 1]);
});

Deno.test("a reset of a quiet stream goes in front of what is bulk", () => {
  const world = new World(false, true);
  const [bulk, quiet] = world.senders;
  world.send(bulk, 10_000, { adopts: true });
  world.send(quiet, 10);
  world.add(resetFrame(quiet.id, 10, 1, "why"), undefined, false);
  world.lose(0);
  assertEquals(world.queue.moveTo(world.log, 20 + 27 + 24), 20 + 27 + 24);
  world.writeAll();
  world.peer.take(world.handed[0]);
  assertEquals(world.peer.streams.get(quiet.id)?.resetAt, 10);
});

Deno.test("a reset, which nobody owns, stays behind the open and the data of its stream", () => {
  const world = new World(true, false);
  for (const sender of world.senders) {
    world.send(sender, 10);
    world.add(resetFrame(sender.id, 10, 1, "why"), undefined, false);
  }
  world.lose(0);
  world.finish();
  assertEquals([1, 3].map((id) => world.peer.streams.get(id)!.resetAt), [10, 10]);
});

Deno.test("window values are not sent again: of each that was lost, whole or in part, the stream is named", () => {
  const world = new World();
  world.add(windowsFrame([1, 1000]), undefined, false);
  world.add(windowsFrame([5, 1000], [7, 2000]), undefined, false);
  world.add(windowsFrame([9, 1000]), undefined, false);
  world.writeAll();
  assertEquals(world.lose(17 + 5 + 12 + 3), 0);
  assertEquals(world.windowsLost, [5, 7, 9]);
  world.finish();
});

Deno.test("frames that belong to no stream are not sent again: the session tells anew what is still true", () => {
  const world = new World();
  for (const type of [FrameType.lane, FrameType.want, 0x60]) {
    world.add(framed(new Uint8Array([type, 0, 0, 0, 1, 0])), undefined, false);
  }
  assertEquals(world.lose(0), 0);
  world.finish();
});

Deno.test("a receipt goes again: who owes it is asked for it once", () => {
  const world = new World();
  const frame = framed(new Uint8Array([FrameType.receipt, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9]));
  world.add(frame, undefined, false);
  assertEquals(world.lose(0), frame.length);
  world.finish();
});

Deno.test("no more goes into a log than there is room for, and what is cut is made of whole frames", () => {
  const world = new World(false);
  world.send(world.senders[0], 200 * KIB, { adopts: true });
  world.lose(0);
  for (let moved = world.queue.moveTo(world.log, KIB); moved > 0; moved = world.queue.moveTo(world.log, KIB)) {
    assertLessOrEqual(moved, KIB);
    assertLessOrEqual(world.write(KIB), KIB);
  }
  world.finish();
});

Deno.test("small frames are copied, so that they hold no segment", () => {
  const world = new World(false);
  for (let count = 0; count < 5; count++) world.send(world.senders[0], 100, { adopts: true });
  world.lose(0);
  world.queue.moveTo(world.log, 64 * KIB);
  assertEquals(world.pool.came.size, 5);
  assertEquals(world.write(), 20 + 5 * 117, "and leave in one write");
  world.finish();
});

Deno.test("the rest of a frame counts with its new header", () => {
  const world = new World(false);
  world.send(world.senders[0], 5_000, { adopts: true });
  world.lose(0);
  assertEquals(world.queue.moveTo(world.log, 20 + 1_041), 20 + 1_041);
  assertLessOrEqual(world.queue.moveTo(world.log, 3_976), 3_976);
  world.finish();
});

Deno.test("with less room than is worth a frame of data it waits, and other frames go, but none in front of quiet ones", () => {
  const world = new World(true, false);
  for (const sender of world.senders) world.send(sender, 10_000, { adopts: true });
  world.lose(0);
  assertEquals(world.queue.moveTo(world.log, 20 + 1_023), 20);
  assertEquals(world.queue.moveTo(world.log, 1_023), 0);
  assertEquals(world.queue.moveTo(world.log, 1_024), 1_024);
  world.finish();
});

Deno.test("what the older of two carriers left goes in front of what the newer did", () => {
  const world = new World(true);
  const [stream] = world.senders;
  world.send(stream, 100);
  const older = world.log.handOver();
  world.log = new FrameLog(world.budget);
  world.send(stream, 50, { isEnd: true });
  assertEquals([world.queue.add(world.log.handOver(), 0), world.queue.add(older, 0)], [67, 137]);
  world.log = new FrameLog(world.budget);
  world.finish();
});

Deno.test("what waits is let go of when the session ends, and what a write has when that has settled", () => {
  const world = new World(false, true);
  for (const sender of world.senders) world.send(sender, 9_000, { adopts: true });
  world.write();
  world.write();
  world.lose(0);
  world.queue.moveTo(world.log, 20 + 2_000);
  const left = world.log.handOver();
  world.queue.discard(left);
  world.queue.clear();
  assertEquals([world.queue.bytes, world.budget.heldBytes], [0, 0]);
  assertEquals(world.pool.came.size, 1, "the other one is being written");
  world.settle();
  assertEquals(world.pool.came.size, 2);
});

Deno.test("what waits of a stream that the peer has reset is let go of, and the others go on", () => {
  const world = new World(false, true, true);
  for (const sender of world.senders) world.send(sender, 9_000, { adopts: true });
  world.lose(0);
  const [bulk, quiet] = world.senders;
  bulk.isUnwanted = quiet.isUnwanted = true;
  world.queue.moveTo(world.log, 20 + 2_000); // the open and a part of the data of `quiet`
  const waiting = world.queue.bytes;
  world.queue.dropUnwanted([]);
  assertEquals([waiting - world.queue.bytes, bulk.held, bulk.queued, quiet.queued], [9_037 + 7_017, 0, 0, 0]);
  assertEquals(world.pool.came.size, 2);
  assertEquals(world.budget.heldBytes, world.log.end + 20 + 9_017);
});

type Step = (world: World) => void;

/** A whole number from 0 to `high`, chosen by `part` of 2^16. */
function upTo(high: number, part: number): number {
  return Math.floor((high + 1) * part / 0x1_0000);
}

Deno.test("over any carriers that are cut anywhere the peer gets each byte, each stream in order, none changed (fuzz)", () => {
  const part = fc.nat(0xffff);
  const who = fc.nat(3);
  const size = fc.oneof(fc.nat(100), fc.nat(9_000), fc.nat(40 * KIB));
  const step: fc.Arbitrary<Step> = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.tuple(who, size, fc.boolean()).map(([at, bytes, adopts]): Step => (world) =>
        world.send(world.senders[at], bytes, { adopts })
      ),
    },
    {
      weight: 1,
      arbitrary: fc.tuple(who, size, fc.boolean()).map(([at, bytes, adopts]): Step => (world) =>
        world.send(world.senders[at], bytes, { adopts, isEnd: true })
      ),
    },
    {
      weight: 1,
      arbitrary: who.map((at): Step => (world) => world.add(windowsFrame([2 * at + 1, 5]), undefined, false)),
    },
    {
      weight: 4,
      arbitrary: fc.nat(70 * KIB).map((room): Step => (world) => {
        const moved = world.queue.moveTo(world.log, room);
        assertLessOrEqual(moved, Math.max(room, room === 0 ? 0 : room + 30), "but for an open");
      }),
    },
    { weight: 4, arbitrary: fc.boolean().map((settles): Step => (world) => void world.write(undefined, settles)) },
    { weight: 3, arbitrary: fc.nat(40 * KIB).map((most): Step => (world) => void world.write(most)) },
    {
      weight: 2,
      arbitrary: part.map((at): Step => (world) => {
        const { log } = world;
        log.acknowledge(log.acknowledged + upTo(log.handed - log.acknowledged, at));
      }),
    },
    {
      weight: 2,
      arbitrary: part.map((at): Step => (world) => {
        const { log } = world;
        world.lose(log.acknowledged + upTo(log.handed - log.acknowledged, at));
      }),
    },
    // A stream that was busy is quiet after a while; the other way only when it sends.
    { weight: 1, arbitrary: who.map((at): Step => (world) => void (world.senders[at].isQuiet = true)) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
      const world = new World(true, false, true, false);
      for (const take of steps) {
        take(world);
        world.check();
      }
      world.finish();
    }),
    { seed: SEED, numRuns: 200 },
  );
});
