/** A lull remembers the longest queue that it was behind, until it ends. */
import { assertEquals } from "@std/assert";
import { Lull } from "../../../../lib/session/carrier/lull.ts";

Deno.test("a lull adds up, and a queue that empties meanwhile counts as it was", () => {
  const lull = new Lull();
  assertEquals([lull.ms, lull.behindMs], [0, 0]);
  for (const queueMs of [2_000, 9_000, 4_000, 0]) lull.passed(250, queueMs);
  assertEquals([lull.ms, lull.behindMs], [1_000, 9_000]);
});

Deno.test("a lull that ended says nothing of the next one", () => {
  const lull = new Lull();
  lull.passed(250, 9_000);
  lull.end();
  lull.passed(100, 50);
  assertEquals([lull.ms, lull.behindMs], [100, 50]);
});
