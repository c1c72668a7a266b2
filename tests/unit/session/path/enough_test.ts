/** How much in flight was enough for the highest rate of late. */
import { assertEquals } from "@std/assert";
import { Enough } from "../../../../lib/session/path/enough.ts";

Deno.test("enough: it is unknown until something was delivered", () => {
  const enough = new Enough();
  assertEquals(enough.bytes, Infinity);
  enough.add(0, 10_000);
  assertEquals(enough.bytes, Infinity);
  enough.add(100, 10_000);
  assertEquals(enough.bytes, 10_000);
});

Deno.test("enough: more of it counts only with a rate that is higher by a tenth, less of it with about the same", () => {
  const enough = new Enough();
  enough.add(1_000, 40_000);
  enough.add(1_100, 80_000);
  assertEquals(enough.bytes, 40_000);
  enough.add(920, 30_000);
  assertEquals(enough.bytes, 30_000);
  enough.add(1_101, 80_000);
  assertEquals(enough.bytes, 80_000);
});

Deno.test("enough: half the rate is that of another path at once, somewhat less after some steps", () => {
  const enough = new Enough();
  enough.add(1_000, 40_000);
  enough.add(499, 50_000);
  assertEquals(enough.bytes, 50_000);
  enough.add(1_000, 40_000);
  let steps = 0;
  for (; enough.bytes === 40_000 && steps < 100; steps++) enough.add(700, 30_000);
  assertEquals([steps, enough.bytes], [10, 30_000]);
});
