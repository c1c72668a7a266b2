/** What streams begin with comes out of two pools, and goes back when they need it no more. */
import { assert, assertEquals, assertLess, assertLessOrEqual } from "@std/assert";
import { LEAST_START_CREDIT, LEAST_START_POOL_BYTES, MOST_START_CREDIT } from "../../../lib/mux/mux_constants.ts";
import { OpenedStarts } from "../../../lib/mux/opened_starts.ts";
import { MemoryPool } from "../../../lib/session/memory_pool.ts";

/** Books with some streams; gives what each began with. */
function open(starts: OpenedStarts<number>, streams: number) {
  return Array.from({ length: streams }, (_, stream) => {
    const credits = starts.next();
    starts.add(stream, { ...credits });
    return credits;
  });
}

Deno.test("the first streams begin with much, later ones with less, each with the least", () => {
  const credits = open(new OpenedStarts<number>(new MemoryPool(Infinity)), 1_000);
  assertEquals(credits[0].send, MOST_START_CREDIT);
  for (let at = 1; at < credits.length; at++) assertLessOrEqual(credits[at].send, credits[at - 1].send);
  assertEquals(credits.at(-1)!.send, LEAST_START_CREDIT);
  assert(credits.every(({ receive }) => receive >= LEAST_START_CREDIT));
});

Deno.test("a larger pool that the peer tells lets more streams begin with much", () => {
  const starts = new OpenedStarts<number>(new MemoryPool(Infinity));
  assertEquals(starts.poolBytes, LEAST_START_POOL_BYTES);
  open(starts, 20);
  assertLess(starts.next().send, MOST_START_CREDIT);
  starts.poolBytes = 8 * LEAST_START_POOL_BYTES;
  assertEquals([starts.poolBytes, starts.next().send], [8 * LEAST_START_POOL_BYTES, MOST_START_CREDIT]);
});

Deno.test("what a stream was granted is free when the peer has its end, once, and the rest when it is over", () => {
  const memory = new MemoryPool(Infinity);
  const starts = new OpenedStarts<number>(memory);
  const fresh = starts.next();
  starts.add(0, fresh);
  const second = starts.next();
  starts.add(1, second);
  const used = memory.used;
  starts.endTaken(0);
  starts.endTaken(0);
  assertEquals(memory.used, used, "the peer may still send");
  starts.delete(0);
  assertEquals(memory.used, used - fresh.receive);
  starts.delete(0);
  starts.delete(1);
  starts.endTaken(1);
  assertEquals([memory.used, starts.next().send], [0, MOST_START_CREDIT]);
});
