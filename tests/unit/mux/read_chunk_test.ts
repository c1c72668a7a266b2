/** Little is read into small memory of a stream's own, much into segments with room in front for headers. */
import { assert, assertEquals, assertGreaterOrEqual, assertLessOrEqual, assertStrictEquals } from "@std/assert";
import { ReadChunk } from "../../../lib/mux/read_chunk.ts";
import { SEGMENT_BYTES, SegmentPool } from "../../../lib/session/segment_pool.ts";
import { DATA_HEADER_BYTES, HEADROOM_BYTES } from "../../../lib/session/session_constants.ts";

const KIB = 1024;

/** A chunk, and a pool of `plenty` segments. */
function setUp(plenty = 9, turnBytes = 64 * KIB) {
  const pool = new SegmentPool({ plenty });
  const chunk = new ReadChunk();
  /** One read that fills `share` of the memory it was given. Returns how much that was. */
  const read = (share = 1): number => {
    const bytes = chunk.prepare({ pool, turnBytes }).length;
    chunk.filled(Math.ceil(bytes * share), { pool });
    return bytes;
  };
  return { pool, chunk, read };
}

Deno.test("reads that were full are followed by larger ones, and at last by segments", () => {
  const { chunk, read } = setUp();
  assertEquals([read(), read(), chunk.isBulk], [2 * KIB, 16 * KIB, true]);
  assertEquals(chunk.segment, undefined);
  read();
  assert(chunk.segment !== undefined && chunk.memory === chunk.segment.memory);
});

Deno.test("a read that would have fitted into the smaller memory goes back to that", () => {
  const { chunk, read } = setUp();
  read();
  assertEquals(read(0.01), 16 * KIB);
  assertEquals(read(0.5), 2 * KIB);
  read();
  read();
  assertEquals(chunk.isBulk, true);
  read(0.001);
  assertEquals([chunk.isBulk, read(0.5)], [false, 16 * KIB]);
});

Deno.test("in a segment there is room for a header in front of each read, and a read is no more than a turn takes", () => {
  const turnBytes = 64 * KIB;
  const { chunk, read } = setUp(9, turnBytes);
  read();
  read();
  let before = 0;
  for (let at = 0; at < 20; at++) {
    read();
    if (chunk.start < before) before = 0; // another segment
    assertGreaterOrEqual(chunk.start - before, HEADROOM_BYTES + DATA_HEADER_BYTES);
    assertLessOrEqual(chunk.length + DATA_HEADER_BYTES, turnBytes);
    assertLessOrEqual(chunk.end, SEGMENT_BYTES);
    before = chunk.end;
  }
});

Deno.test("a segment is read into piece by piece, and given back when little of it is left", () => {
  const { pool, chunk, read } = setUp(1);
  read();
  read();
  read();
  const first = chunk.segment!;
  first.retain(); // by the log
  let reads = 1;
  for (read(); chunk.segment === first; read()) reads++;
  assertEquals(reads, 4);
  assert(first.isExclusive, "only the log has it");
  assert(pool.isScarce);
});

Deno.test("when segments are scarce a stream that has none reads into memory of its own", () => {
  const { pool, chunk, read } = setUp(1);
  read();
  read();
  const others = pool.take();
  assertEquals([read(), chunk.segment], [16 * KIB, undefined]);
  others.release();
  read();
  assert(chunk.segment !== undefined);
});

Deno.test("what is dropped goes back, and the next read begins anew", () => {
  const { pool, chunk, read } = setUp(1);
  for (let reads = 0; reads < 3; reads++) read();
  const segment = chunk.segment;
  chunk.drop();
  assertEquals([pool.isScarce, chunk.segment, chunk.memory.length], [false, undefined, 0]);
  assertStrictEquals(pool.take(), segment);
});

Deno.test("connections that can wait with the same memory do, and what came is copied out of it at once", () => {
  const source = { pool: new SegmentPool({ plenty: 9 }), turnBytes: 64 * KIB };
  const [one, other, plain] = [new ReadChunk(), new ReadChunk(), new ReadChunk()];
  const [into, otherInto] = [one.prepare(source, true), other.prepare(source, true)];
  assertStrictEquals(into, otherInto);
  assert(plain.prepare(source) !== into, "who fills it when it likes has its own");
  into.set([1, 2, 3]);
  one.filled(3, source);
  otherInto.set([7, 8, 9]);
  other.filled(2, source);
  const held = ({ memory, start, end }: ReadChunk) => [...memory.subarray(start, end)];
  assertEquals([held(one), held(other), one.segment], [[1, 2, 3], [7, 8], undefined]);
  const copy = one.memory;
  assertStrictEquals(one.prepare(source, true), into, "it waits there again");
  assertStrictEquals(source.pool.takeSmall().memory, copy, "its copy went back");
  other.drop();
  assertEquals(other.memory.length, 0);
});

Deno.test("who fills the memory that all wait with is read into a larger one of its own next", () => {
  const source = { pool: new SegmentPool({ plenty: 9 }), turnBytes: 64 * KIB };
  const chunk = new ReadChunk();
  const waiting = chunk.prepare(source, true);
  chunk.filled(waiting.length, source);
  const own = chunk.prepare(source, true);
  assertEquals(own.length, 16 * KIB);
  chunk.filled(5, source);
  assertStrictEquals(chunk.memory, own);
  assertStrictEquals(chunk.prepare(source, true), waiting);
});
