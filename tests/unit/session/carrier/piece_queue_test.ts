/** The pieces of a replay log: which is sent next, which are held, and what lets go of their memory. */
import { assertEquals } from "@std/assert";
import { type Piece, PieceQueue } from "../../../../lib/session/carrier/piece_queue.ts";
import { Segment } from "../../../../lib/session/segment_pool.ts";

const PIECE_BYTES = 10;

/** A queue of `count` pieces of ten bytes each. */
function queueOf(count: number): PieceQueue {
  const queue = new PieceQueue();
  for (let i = 0; i < count; i++) queue.add(piece(i * PIECE_BYTES));
  return queue;
}

function piece(offset: number, segment?: Segment): Piece {
  return { memory: new Uint8Array(PIECE_BYTES), start: 0, end: PIECE_BYTES, offset, segment, writes: 0 };
}

/** Offsets of the pieces to send, sent one after the other. */
function sendAll(queue: PieceQueue): number[] {
  const offsets = [];
  for (; queue.next !== undefined; queue.advance()) offsets.push(queue.next.offset);
  return offsets;
}

Deno.test("an empty queue has no piece in any place", () => {
  const queue = new PieceQueue();
  assertEquals([queue.count, queue.next, queue.following, queue.last], [0, undefined, undefined, undefined]);
});

Deno.test("pieces are sent in order, and what is sent stays held", () => {
  const queue = queueOf(3);
  assertEquals([queue.next?.offset, queue.following?.offset, queue.last?.offset], [0, 10, 20]);
  assertEquals([sendAll(queue), queue.count, queue.last?.offset], [[0, 10, 20], 3, 20]);
});

Deno.test("what arrived in whole is dropped, a piece of which a byte is missing stays and is sent again", () => {
  const queue = queueOf(3);
  sendAll(queue);
  queue.dropBefore(19);
  assertEquals(queue.count, 2);
  queue.rewind();
  assertEquals(sendAll(queue), [10, 20]);
  queue.dropBefore(30);
  assertEquals([queue.count, queue.last], [0, undefined]);
});

Deno.test("what arrived though this carrier has not sent it is not sent", () => {
  const queue = queueOf(4);
  queue.advance();
  queue.dropBefore(30);
  assertEquals(sendAll(queue), [30]);
});

Deno.test("a piece that is dropped, and a queue that is cleared, let go of their segments", () => {
  const segments = Array.from({ length: 3 }, () => new Segment(new Uint8Array(PIECE_BYTES)));
  const queue = new PieceQueue();
  for (const [i, segment] of segments.entries()) {
    segment.retain();
    queue.add(piece(i * PIECE_BYTES, segment));
  }
  queue.dropBefore(10);
  assertEquals(segments.map((segment) => segment.isExclusive), [true, false, false]);
  queue.clear();
  assertEquals(segments.map((segment) => segment.isExclusive), [true, true, true]);
  assertEquals([queue.count, queue.next], [0, undefined]);
});

Deno.test("a queue that is used for long keeps its place, whatever is dropped from its list", () => {
  const queue = new PieceQueue();
  for (let at = 0; at < 5_000; at++) {
    queue.add(piece(at * PIECE_BYTES));
    if (at < 2) continue;
    assertEquals([queue.next?.offset, queue.count], [(at - 2) * PIECE_BYTES, 3]);
    queue.advance();
    queue.dropBefore((at - 1) * PIECE_BYTES);
  }
});
