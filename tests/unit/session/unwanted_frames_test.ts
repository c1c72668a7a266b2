/** What a carrier left behind of streams that the peer has reset is let go of, and nothing else. */
import { assertEquals } from "@std/assert";
import { FrameLog } from "../../../lib/session/carrier/frame_log.ts";
import { WriteHold } from "../../../lib/session/carrier/write_hold.ts";
import { LogBudget } from "../../../lib/session/log_budget.ts";
import { ResendQueue } from "../../../lib/session/resend_queue.ts";
import { dropUnwanted } from "../../../lib/session/unwanted_frames.ts";
import { Sender, TakingPeer } from "../../support/frame_senders.ts";
import { openFrame, windowsFrame } from "../../support/frames.ts";
import { Returns } from "../../support/returns.ts";

/** Two streams whose frames wait on a carrier: the peer resets the first. */
function setUp() {
  const budget = new LogBudget({ limitBytes: 1 << 20 });
  const queue = new ResendQueue({ budget, onWindowLost: () => {} });
  const [unwanted, wanted] = [new Sender(1, true), new Sender(3, true)];
  return { budget, queue, unwanted, wanted, pool: new Returns(), log: new FrameLog(budget) };
}

/** Puts a frame into the log, among others. */
function add(log: FrameLog, frame: Uint8Array, owner?: Sender): void {
  const at = log.reserve(frame.length, owner);
  log.arena.set(frame, at);
}

/** Puts a frame into the log that holds a segment. */
function adopt(log: FrameLog, pool: Returns, owner: Sender, bytes: number): void {
  const memory = owner.next(bytes);
  const segment = pool.lend(memory);
  log.adopt(memory, 0, memory.length, { segment, owner, headroom: 0 });
  segment.release();
}

Deno.test("frames of a stream that the peer has reset hold nothing more, and their stream waits for none of them", () => {
  const { budget, queue, unwanted, pool, log } = setUp();
  adopt(log, pool, unwanted, 9_000);
  add(log, unwanted.next(10), unwanted);
  const hold = new WriteHold();
  log.nextWrite(hold);
  const remains = log.handOver();
  queue.expect(remains);
  unwanted.isUnwanted = true;
  dropUnwanted(remains, budget);
  assertEquals([remains.pieces, remains.heldBytes], [[], 0]);
  assertEquals([budget.heldBytes, budget.streamFrames, unwanted.held, unwanted.queued], [0, 0, 0, 0]);
  assertEquals(pool.came.size, 0, "the write that is under way has the segment");
  hold.release();
  assertEquals(pool.came.size, 1);
});

Deno.test("what stands between them stays, at its place among the carrier's bytes, and the receipt counts as before", () => {
  const { budget, queue, unwanted, wanted, log } = setUp();
  for (const sender of [unwanted, wanted]) add(log, openFrame(sender.id, { send: 1, receive: 1 }), sender);
  add(log, unwanted.next(10), unwanted);
  add(log, wanted.next(100), wanted);
  add(log, windowsFrame([3, 1000]));
  add(log, unwanted.next(10), unwanted);
  add(log, wanted.next(50, true), wanted);
  const sent = log.nextWrite(new WriteHold())!;
  const remains = log.handOver();
  queue.expect(remains);
  unwanted.isUnwanted = true;
  dropUnwanted(remains, budget);
  const places = remains.pieces.map(({ offset, start, end }) => [offset, end - start]);
  assertEquals(places, [[20, 20], [67, 117 + 17], [67 + 117 + 17 + 27, 67]]);
  assertEquals([remains.heldBytes, budget.heldBytes], [221, 221]);

  const peer = new TakingPeer();
  const taken = 67 + 17 + 60;
  peer.take(sent.subarray(0, taken));
  assertEquals(queue.addExpected(remains, taken), 40 + 67);
  const next = new FrameLog(budget);
  queue.moveTo(next, Infinity);
  peer.take(next.nextWrite(new WriteHold())!);
  next.acknowledge(next.handed);
  assertEquals([...peer.streams.get(3)!.times.subarray(0, 150)], Array<number>(150).fill(1));
  assertEquals([wanted.held, wanted.queued, budget.heldBytes, budget.streamFrames], [0, 0, 0, 0]);
});

Deno.test("without such a stream nothing changes", () => {
  const { budget, queue, wanted, log } = setUp();
  add(log, wanted.next(10), wanted);
  const remains = log.handOver();
  queue.expect(remains);
  const [piece] = remains.pieces;
  dropUnwanted(remains, budget);
  assertEquals([remains.pieces[0] === piece, remains.pieces.length, wanted.queued], [true, 1, 1]);
});

Deno.test("of a piece that two carriers had, each lets go of its own, and the last of the rest", () => {
  const { budget, queue, unwanted, pool, log } = setUp();
  adopt(log, pool, unwanted, 9_000);
  const other = new FrameLog(budget);
  log.share(log.pieceBehind(0)!, other);
  const all = [log.handOver(), other.handOver()];
  for (const remains of all) queue.expect(remains);
  unwanted.isUnwanted = true;
  dropUnwanted(all[0], budget);
  assertEquals([pool.came.size, unwanted.held, unwanted.queued], [0, 1, 1]);
  dropUnwanted(all[1], budget);
  assertEquals([pool.came.size, unwanted.held, unwanted.queued], [1, 0, 0]);
  assertEquals([budget.heldBytes, budget.streamFrames, budget.excessBytes], [0, 0, 0]);
});

Deno.test("a piece that another carrier has as well stays whole while some of it is wanted", () => {
  const { budget, queue, unwanted, wanted, log } = setUp();
  add(log, unwanted.next(10), unwanted);
  add(log, wanted.next(10), wanted);
  const other = new FrameLog(budget);
  log.share(log.pieceBehind(0)!, other);
  const remains = log.handOver();
  queue.expect(remains);
  unwanted.isUnwanted = true;
  dropUnwanted(remains, budget);
  assertEquals([remains.pieces.length, unwanted.held, unwanted.queued], [1, 1, 1]);
});
