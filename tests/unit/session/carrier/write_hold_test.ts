/** What a write under way has of the log's memory stays until the write has settled. */
import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { Segment } from "../../../../lib/session/segment_pool.ts";
import { MOST_GATHERED_BYTES, WriteHold } from "../../../../lib/session/carrier/write_hold.ts";
import type { Piece } from "../../../../lib/session/carrier/piece_queue.ts";
import { HEADROOM_BYTES } from "../../../../lib/session/session_constants.ts";

function pieceIn(segment: Segment): Piece {
  return { memory: segment.memory, start: 0, end: 8, offset: 0, segment, owners: [], headroom: 0, writes: 0 };
}

Deno.test("a piece is held with its segment until the write is done, and a second release changes nothing", () => {
  const segment = new Segment(new Uint8Array(8));
  const piece = pieceIn(segment);
  const hold = new WriteHold();
  hold.take(piece);
  assertEquals([piece.writes, segment.isExclusive], [1, false]);
  hold.release();
  hold.release();
  assertEquals([piece.writes, segment.isExclusive], [0, true]);
});

Deno.test("two carriers' writes may have the same piece, each for itself", () => {
  const segment = new Segment(new Uint8Array(8));
  const piece = pieceIn(segment);
  const [older, newer] = [new WriteHold(), new WriteHold()];
  older.take(piece);
  newer.take(piece);
  newer.release();
  assertEquals([piece.writes, segment.isExclusive], [1, false]);
  older.release();
  assertEquals([piece.writes, segment.isExclusive], [0, true]);
});

Deno.test("a carrier has one write at a time: before it is done there is neither a piece nor memory for another", () => {
  const hold = new WriteHold();
  const piece = pieceIn(new Segment(new Uint8Array(8)));
  hold.take(piece);
  assertThrows(() => hold.take(piece), Error, "under way");
  assertThrows(() => hold.takeGather(), Error, "under way");
  hold.release();
  hold.takeGather();
  assertThrows(() => hold.take(piece), Error, "under way");
  assertEquals(piece.writes, 0);
});

Deno.test("the memory for gathered frames is one carrier's own, made once, with headroom", () => {
  const [one, other] = [new WriteHold(), new WriteHold()];
  const first = one.takeGather();
  assertEquals(first.length, HEADROOM_BYTES + MOST_GATHERED_BYTES);
  assertEquals(other.takeGather() === first, false);
  one.release();
  assertStrictEquals(one.takeGather(), first);
});
