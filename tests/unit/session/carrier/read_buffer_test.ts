/** A large buffer while much comes, a small one when little does, and never one that somebody has. */
import { assert, assertEquals, assertNotStrictEquals, assertStrictEquals } from "@std/assert";
import { ReadBuffer, SMALL_READ_BYTES } from "../../../../lib/session/carrier/read_buffer.ts";
import { SegmentPool } from "../../../../lib/session/segment_pool.ts";

/** Reads in a row that go back to the small buffer. */
const SMALL_READS = 32;

Deno.test("a buffer that was full is followed by a large one of the pool", () => {
  const pool = new SegmentPool({ plenty: 1 });
  const buffer = new ReadBuffer(pool);
  assert(!buffer.segment.isPooled);
  assertEquals(buffer.segment.memory.length, SMALL_READ_BYTES);
  buffer.filled(SMALL_READ_BYTES);
  assert(buffer.segment.isPooled && pool.isScarce);
  buffer.release();
  assert(!pool.isScarce, "it has gone back");
});

Deno.test("small reads, not one large among them, give the large buffer back", () => {
  const pool = new SegmentPool({ plenty: 1 });
  const buffer = new ReadBuffer(pool);
  buffer.filled(SMALL_READ_BYTES);
  for (let reads = 1; reads < SMALL_READS; reads++) buffer.filled(SMALL_READ_BYTES - 1);
  buffer.filled(SMALL_READ_BYTES);
  for (let reads = 1; reads < SMALL_READS; reads++) {
    buffer.filled(SMALL_READ_BYTES - 1);
    assert(buffer.segment.isPooled, `${reads} small reads`);
  }
  buffer.filled(1);
  assertEquals([buffer.segment.isPooled, buffer.segment.memory.length, pool.isScarce], [
    false,
    SMALL_READ_BYTES,
    false,
  ]);
});

Deno.test("a segment is read into again unless somebody keeps it", () => {
  for (const isLarge of [false, true]) {
    const buffer = new ReadBuffer(new SegmentPool({ plenty: 9 }));
    if (isLarge) buffer.filled(SMALL_READ_BYTES);
    const first = buffer.segment;
    buffer.filled(isLarge ? SMALL_READ_BYTES : 1);
    assertStrictEquals(buffer.segment, first);
    first.retain();
    buffer.filled(isLarge ? SMALL_READ_BYTES : 1);
    assertNotStrictEquals(buffer.segment, first);
    assertEquals(buffer.segment.isPooled, isLarge);
    assert(first.isExclusive, "its keeper has it alone");
    first.release();
    buffer.release();
  }
});
