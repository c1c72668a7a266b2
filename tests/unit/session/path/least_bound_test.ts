/** What is always let under way on a path. */
import { assertEquals } from "@std/assert";
import { LEAST_BOUND, leastBound } from "../../../../lib/session/path/least_bound.ts";

Deno.test("the least bound is 4 KiB, or what 100 ms carry up to 1 Mbit/s", () => {
  const rates = [0, 16, 80, 80.001, 125, 25_000];
  assertEquals(rates.map(leastBound), [LEAST_BOUND, LEAST_BOUND, 8_000, 8_001, 12_500, 12_500]);
});
