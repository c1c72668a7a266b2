/** What a write under way has of the log's memory stays until the write has settled. */
import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { Segment } from "../../../../lib/session/segment_pool.ts";
import { MOST_GATHERED_BYTES, WriteHold } from "../../../../lib/session/carrier/write_hold.ts";
import { HEADROOM_BYTES } from "../../../../lib/session/session_constants.ts";

Deno.test("a segment is held until the write is done, and a second release changes nothing", () => {
  const segment = new Segment(new Uint8Array(8));
  const hold = new WriteHold();
  hold.take(segment);
  assertEquals(segment.isExclusive, false);
  hold.release();
  hold.release();
  assertEquals(segment.isExclusive, true);
});

Deno.test("two carriers' writes may have the same segment, each for itself", () => {
  const segment = new Segment(new Uint8Array(8));
  const [older, newer] = [new WriteHold(), new WriteHold()];
  older.take(segment);
  newer.take(segment);
  newer.release();
  assertEquals(segment.isExclusive, false);
  older.release();
  assertEquals(segment.isExclusive, true);
});

Deno.test("a carrier has one write at a time: before it is done there is neither a segment nor memory for another", () => {
  const hold = new WriteHold();
  const segment = new Segment(new Uint8Array(8));
  for (const take of [() => hold.take(segment), () => hold.take(undefined), () => void hold.takeGather()]) {
    take();
    assertThrows(() => hold.take(segment), Error, "under way");
    assertThrows(() => hold.takeGather(), Error, "under way");
    hold.release();
    assertEquals(segment.isExclusive, true);
  }
});

Deno.test("the memory for gathered frames is one carrier's own, made once, with headroom", () => {
  const [one, other] = [new WriteHold(), new WriteHold()];
  const first = one.takeGather();
  assertEquals(first.length, HEADROOM_BYTES + MOST_GATHERED_BYTES);
  assertEquals(other.takeGather() === first, false);
  one.release();
  assertStrictEquals(one.takeGather(), first);
});
