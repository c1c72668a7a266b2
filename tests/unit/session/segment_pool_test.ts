/** Reused buffers of the data path. */
import { assert, assertEquals } from "@std/assert";
import { SEGMENT_BYTES, SegmentPool } from "../../../lib/session/segment_pool.ts";

Deno.test("segments are shared by counting, reused when nobody holds them, and scarce beyond a number", () => {
  const pool = new SegmentPool({ plenty: 2 });
  const first = pool.take();
  assertEquals([first.memory.length, first.isPooled, first.isExclusive], [SEGMENT_BYTES, true, true]);
  first.retain();
  first.release();
  assertEquals(pool.isScarce, false);
  const second = pool.take();
  assert(second !== first);
  assertEquals(pool.isScarce, true);
  first.release();
  assertEquals([pool.isScarce, pool.take() === first], [false, true]);
  second.release();
  let thrown: unknown;
  try {
    second.release();
  } catch (error) {
    thrown = error;
  }
  assert(thrown instanceof Error, "released too often");
});
