/** What waits for its turn: in order, held in its segments, and each segment let go of when its bytes were taken. */
import { assertEquals } from "@std/assert";
import { Backlog } from "../../../lib/mux/backlog.ts";
import { Segment } from "../../../lib/session/segment_pool.ts";

/** A segment that counts how often it is held. */
class HeldSegment extends Segment {
  holds = 0;

  constructor(...bytes: number[]) {
    super(new Uint8Array(bytes));
  }

  override retain(): void {
    this.holds++;
  }

  override release(): void {
    this.holds--;
  }
}

/** A backlog of two pieces, `1 2 3` and `4 5`. */
function twoPieces() {
  const backlog = new Backlog();
  const segments = [new HeldSegment(1, 2, 3), new HeldSegment(4, 5)];
  for (const segment of segments) backlog.add(segment.memory, segment);
  return { backlog, holds: () => segments.map(({ holds }) => holds) };
}

Deno.test("pieces come out in the order in which they came, and their segments are let go of", () => {
  const { backlog, holds } = twoPieces();
  assertEquals([backlog.isEmpty, holds()], [false, [1, 1]]);
  const taken: number[] = [];
  backlog.takeWith((bytes) => {
    taken.push(...bytes);
    return bytes.length;
  });
  assertEquals([taken, backlog.isEmpty, holds()], [[1, 2, 3, 4, 5], true, [0, 0]]);
});

Deno.test("what was left of a piece comes first the next time, and nothing behind it is offered before", () => {
  const { backlog, holds } = twoPieces();
  const offered: number[][] = [];
  const takeOne = (bytes: Uint8Array) => {
    offered.push([...bytes]);
    return 1;
  };
  backlog.takeWith(takeOne);
  backlog.takeWith(takeOne);
  assertEquals([offered, holds()], [[[1, 2, 3], [2, 3]], [1, 1]]);
  backlog.takeWith(takeOne);
  assertEquals([offered.slice(2), holds()], [[[3], [4, 5]], [0, 1]]);
});

Deno.test("a piece of which nothing was taken stays as it is", () => {
  const { backlog } = twoPieces();
  backlog.takeWith(() => 0);
  const offered: number[][] = [];
  backlog.takeWith((bytes) => offered.push([...bytes]) * bytes.length);
  assertEquals(offered[0], [1, 2, 3]);
});

Deno.test("a backlog that is dropped is empty, and holds no segment", () => {
  const { backlog, holds } = twoPieces();
  backlog.takeWith(() => 1);
  backlog.drop();
  assertEquals([backlog.isEmpty, holds()], [true, [0, 0]]);
  backlog.takeWith(() => {
    throw new Error("there is nothing to take");
  });
});
