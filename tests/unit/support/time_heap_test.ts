/** The order in which a model's events come. */
import { assertEquals } from "@std/assert";
import { Random } from "../../support/random.ts";
import { TimeHeap } from "../../support/time_heap.ts";

Deno.test("what is due first comes first, and of one moment what was put in first, whatever was taken between", () => {
  const random = new Random(7);
  const heap = new TimeHeap<{ dueMs: number; name: number }>();
  let left: { dueMs: number; name: number }[] = [];
  for (let name = 0; name < 2_000; name++) {
    const item = { dueMs: random.between(0, 200), name };
    heap.push(item);
    left.push(item);
    if (random.chance(0.6)) continue;
    left.sort((one, other) => one.dueMs - other.dueMs || one.name - other.name);
    assertEquals([heap.first, heap.takeFirst()], [left[0], left[0]]);
    left = left.slice(1);
  }
  left.sort((one, other) => one.dueMs - other.dueMs || one.name - other.name);
  for (const item of left) assertEquals(heap.takeFirst(), item);
  assertEquals([heap.first, heap.takeFirst()], [undefined, undefined]);
});
