/** The pieces of a log: which is sent next, which are held, and what lets go of their memory. */
import { assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import {
  endOfFrames,
  frameBytesAt,
  NOBODY,
  type Piece,
  PieceQueue,
  streamFramesOf,
} from "../../../../lib/session/carrier/piece_queue.ts";
import { Segment } from "../../../../lib/session/segment_pool.ts";
import { dataFrame } from "../../../support/frames.ts";

const PIECE_BYTES = 10;

/** A queue of `count` pieces of ten bytes each. */
function queueOf(count: number): PieceQueue {
  const queue = new PieceQueue();
  for (let i = 0; i < count; i++) queue.add(piece(i * PIECE_BYTES));
  return queue;
}

function piece(offset: number, segment?: Segment): Piece {
  const memory = new Uint8Array(PIECE_BYTES);
  return { memory, start: 0, end: PIECE_BYTES, offset, segment, owners: [], headroom: 0, copies: undefined };
}

/** Offsets of the pieces that are given away because they end at `offset` or before. */
function shiftAll(queue: PieceQueue, offset: number): number[] {
  const offsets = [];
  for (let piece = queue.shiftBefore(offset); piece !== undefined; piece = queue.shiftBefore(offset)) {
    piece.segment?.release();
    offsets.push(piece.offset);
  }
  return offsets;
}

/** Offsets of the pieces to send, sent one after the other. */
function sendAll(queue: PieceQueue): number[] {
  const offsets = [];
  for (; queue.next !== undefined; queue.advance()) offsets.push(queue.next.offset);
  return offsets;
}

Deno.test("an empty queue has no piece in any place", () => {
  const queue = new PieceQueue();
  assertEquals([queue.count, queue.next, queue.following], [0, undefined, undefined]);
  assertEquals([queue.first, queue.last, queue.shiftBefore(1)], [undefined, undefined, undefined]);
});

Deno.test("pieces are sent in order, and what is sent stays held", () => {
  const queue = queueOf(3);
  assertEquals([queue.next?.offset, queue.following?.offset, queue.last?.offset], [0, 10, 20]);
  assertEquals([sendAll(queue), queue.count, queue.last?.offset], [[0, 10, 20], 3, 20]);
  assertEquals(queue.first?.offset, 0);
});

Deno.test("what was taken in whole is given away, a piece of which a byte is missing stays", () => {
  const queue = queueOf(3);
  sendAll(queue);
  assertEquals([shiftAll(queue, 9), shiftAll(queue, 19)], [[], [0]]);
  assertEquals([queue.count, queue.first?.offset], [2, 10]);
  assertEquals(shiftAll(queue, 30), [10, 20]);
  assertEquals([queue.count, queue.last], [0, undefined]);
});

Deno.test("what is added behind those that were sent is sent next", () => {
  const queue = queueOf(1);
  sendAll(queue);
  queue.add(piece(10));
  assertEquals(sendAll(queue), [10]);
  shiftAll(queue, 20);
  queue.add(piece(20));
  assertEquals([queue.next?.offset, queue.first?.offset, queue.following], [20, 20, undefined]);
});

Deno.test("what was taken though it was not sent is not sent", () => {
  const queue = queueOf(4);
  queue.advance();
  shiftAll(queue, 30);
  assertEquals(sendAll(queue), [30]);
});

Deno.test("a piece that is given away, and all of them, go with the hold on their segments, oldest first", () => {
  const segments = Array.from({ length: 3 }, () => new Segment(new Uint8Array(PIECE_BYTES)));
  const queue = new PieceQueue();
  for (const [i, segment] of segments.entries()) {
    segment.retain();
    queue.add(piece(i * PIECE_BYTES, segment));
  }
  shiftAll(queue, 10);
  assertEquals(segments.map((segment) => segment.isExclusive), [true, false, false]);
  const rest = queue.takeAll();
  assertEquals(rest.map(({ offset }) => offset), [10, 20]);
  assertEquals(segments.map((segment) => segment.isExclusive), [true, false, false], "they are the caller's now");
  assertEquals([queue.count, queue.first, queue.next, queue.last], [0, undefined, undefined, undefined]);
});

Deno.test("frames of streams are those with an owner", () => {
  assertEquals(streamFramesOf({ ...piece(0), owners: [NOBODY, undefined, NOBODY] }), 2);
});

Deno.test("a queue that is used for long keeps its place, whatever is dropped from its list", () => {
  const queue = new PieceQueue();
  for (let at = 0; at < 5_000; at++) {
    queue.add(piece(at * PIECE_BYTES));
    if (at < 2) continue;
    assertEquals([queue.next?.offset, queue.count], [(at - 2) * PIECE_BYTES, 3]);
    queue.advance();
    shiftAll(queue, (at - 1) * PIECE_BYTES);
  }
});

Deno.test("the piece in which a counted byte lies is found, or the first behind it", () => {
  const queue = queueOf(600);
  shiftAll(queue, 300 * PIECE_BYTES);
  const found = (offset: number) => queue.behind(offset)?.offset;
  assertEquals(found(0), 3000, "what was taken is passed");
  assertEquals([found(3000), found(3009), found(3010)], [3000, 3000, 3010]);
  assertEquals([found(5990), found(5999), found(6000)], [5990, 5990, undefined]);
  assertEquals(new PieceQueue().behind(0), undefined);
});

Deno.test("as many frames end together as fit, and the first one at the least", () => {
  const frames = [10, 20, 30].map((bytes) => dataFrame(1, 0, new Uint8Array(bytes)));
  const memory = concat(frames);
  const ofFrames = { ...piece(0), memory, end: memory.length };
  assertEquals([frameBytesAt(memory, 0), frameBytesAt(memory, 27)], [27, 37]);
  assertEquals([1, 27, 63, 64, 110, 111].map((most) => endOfFrames(ofFrames, 0, most)), [27, 27, 27, 64, 64, 111]);
});
