/** What came lately is summed up, and what is older is forgotten. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { SlidingSum } from "../../../../lib/session/lanes/sliding_sum.ts";

Deno.test("what was added counts for the span, to a tenth of it, and then no more", () => {
  const sum = new SlidingSum(1_000);
  sum.add(5_050, 3);
  sum.add(5_400, 4);
  assertEquals([5_400, 5_999, 6_000, 6_399, 6_400].map((ms) => sum.at(ms)), [7, 7, 4, 4, 0]);
});

Deno.test("a long pause forgets everything, and what comes behind it counts", () => {
  const sum = new SlidingSum(1_000);
  sum.add(10, 3);
  assertEquals(sum.at(1e9), 0);
  sum.add(1e9, 5);
  assertEquals([sum.at(1e9 + 899), sum.at(1e9 + 1_000)], [5, 0]);
});

Deno.test("any sequence is summed up as a list of what was added would be", () => {
  const step = fc.record({ laterMs: fc.nat(400), amount: fc.nat(1_000) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const sum = new SlidingSum(1_000);
      const added: { part: number; amount: number }[] = [];
      let nowMs = 7_777;
      for (const { laterMs, amount } of steps) {
        nowMs += laterMs;
        sum.add(nowMs, amount);
        added.push({ part: Math.floor(nowMs / 100), amount });
        const recent = added.filter(({ part }) => part > Math.floor(nowMs / 100) - 10);
        assertEquals(sum.at(nowMs), recent.reduce((all, { amount }) => all + amount, 0));
      }
    }),
    { seed: 2042, numRuns: 100 },
  );
});
