/** Bytes without a hole: a view that holds its segment, or memory of its own that grows at both ends. */
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { equals } from "@std/bytes/equals";
import fc from "fast-check";
import { EarlyPiece, JOINED_BYTES } from "../../../lib/mux/early_piece.ts";
import { SegmentPool } from "../../../lib/session/segment_pool.ts";
import { generated } from "../../support/random.ts";

const SEED = 13;

/** A copy of the bytes from `start` to `end` of a stream in which each byte is its offset. */
function copyOf(start: number, end: number): EarlyPiece {
  return EarlyPiece.copy(start, bytesOf(start, end));
}

function bytesOf(start: number, end: number): Uint8Array {
  return Uint8Array.from({ length: end - start }, (_, at) => start + at);
}

/** Where a piece is, and its bytes, which is the end of it. */
function taken(piece: EarlyPiece): number[] {
  return [piece.offset, piece.end, ...piece.handOver(piece.offset).bytes];
}

Deno.test("a copy has its own memory, as large as what is in it", () => {
  const bytes = bytesOf(5, 8);
  const piece = EarlyPiece.copy(5, bytes);
  bytes.fill(0);
  assertEquals([piece.offset, piece.end, piece.length, piece.room], [5, 8, 3, 0]);
  assertEquals(taken(piece), [5, 8, 5, 6, 7]);
});

Deno.test("a view holds its segment until whoever takes it over releases it, or it is dropped", () => {
  const pool = new SegmentPool({ plenty: 1 });
  const segment = pool.take();
  segment.memory.set([1, 2, 3]);
  const [first, second] = [0, 1].map((start) => EarlyPiece.view(start, segment.memory.subarray(start, 3), segment));
  segment.release();
  assertEquals([first.length, first.room, second.offset], [3, 0, 1]);
  first.drop();
  assert(pool.isScarce, "the second still holds it");
  const due = second.handOver(1);
  assertStrictEquals(due.segment, segment);
  assertEquals([...due.bytes], [2, 3]);
  due.segment.release();
  assert(!pool.isScarce);
});

Deno.test("nothing is put to a view, which others read", () => {
  const pool = new SegmentPool({ plenty: 1 });
  const segment = pool.take();
  const view = EarlyPiece.view(10, segment.memory.subarray(0, 2), segment);
  assertEquals([view.takes(1), view.joins(copyOf(12, 14)), copyOf(8, 10).joins(view)], [false, false, false]);
});

Deno.test("what was handed over from the middle of a piece has only the rest of it", () => {
  assertEquals([...copyOf(5, 9).handOver(7).bytes], [7, 8]);
  const grown = copyOf(5, 9);
  grown.prepend(bytesOf(2, 5));
  assertEquals([...grown.handOver(4).bytes], [4, 5, 6, 7, 8]);
});

Deno.test("a copy grows at both ends", () => {
  const piece = copyOf(5, 6);
  piece.append(bytesOf(6, 8));
  piece.prepend(bytesOf(2, 5));
  piece.append(bytesOf(8, 9));
  assertEquals(taken(piece), [2, 9, 2, 3, 4, 5, 6, 7, 8]);
});

Deno.test("two that touch become one, whichever is longer", () => {
  for (const middle of [3, 6]) {
    const [before, behind] = [copyOf(1, middle), copyOf(middle, 9)];
    assert(before.joins(behind) && !behind.joins(before));
    const joined = before.join(behind);
    assertStrictEquals(joined, middle === 3 ? behind : before, "the longer one is not copied");
    assertEquals(taken(joined), [1, 9, 1, 2, 3, 4, 5, 6, 7, 8]);
  }
  assert(!copyOf(1, 3).joins(copyOf(4, 6)), "there is a gap between them");
});

Deno.test("a copy takes others up to the size from which data is kept as it is", () => {
  const piece = EarlyPiece.copy(0, new Uint8Array(JOINED_BYTES - 2));
  assertEquals([piece.takes(2), piece.takes(3)], [true, false]);
  const touching = (bytes: number) => EarlyPiece.copy(JOINED_BYTES - 2, new Uint8Array(bytes));
  assertEquals([piece.joins(touching(2)), piece.joins(touching(3))], [true, false]);
  piece.append(new Uint8Array(2));
  assertEquals([piece.length, piece.room], [JOINED_BYTES, 0]);
});

Deno.test("whatever is put to either end: the same bytes, and no more room than bytes", () => {
  const part = fc.record({ isFront: fc.boolean(), bytes: fc.oneof(fc.constant(1), fc.nat(40), fc.nat(9_000)) });
  const source = generated(3 * JOINED_BYTES, SEED);
  fc.assert(
    fc.property(fc.array(part, { maxLength: 60, size: "max" }), (parts) => {
      let [start, end] = [JOINED_BYTES, JOINED_BYTES + 1];
      const piece = EarlyPiece.copy(start, source.subarray(start, end));
      for (const { isFront, bytes } of parts) {
        if (!piece.takes(bytes)) continue;
        if (isFront) piece.prepend(source.subarray(start - bytes, start));
        else piece.append(source.subarray(end, end + bytes));
        if (isFront) start -= bytes;
        else end += bytes;
        assertEquals([piece.offset, piece.end], [start, end]);
        assert(piece.room <= piece.length, `room of ${piece.room} beside ${piece.length} bytes`);
      }
      const room = piece.room;
      const { bytes, segment } = piece.handOver(start);
      assert(equals(bytes, source.subarray(start, end)), "other bytes");
      assertEquals(segment.memory.length, bytes.length + room);
    }),
    { seed: SEED, numRuns: 100 },
  );
});
