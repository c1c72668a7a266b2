/** The rate of a path, from samples. */
import { assertAlmostEquals, assertEquals } from "@std/assert";
import { RateFilter } from "../../../../lib/session/path/rate_filter.ts";

Deno.test("rate filter: the highest rate counts for ten round trips", () => {
  const rates = new RateFilter();
  rates.add(100, false);
  for (let round = 1; round < 10; round++) {
    assertEquals(rates.nextRound(), true);
    rates.add(50 + round, false);
    assertEquals(rates.rate, 100);
  }
  rates.nextRound();
  assertEquals(rates.rate, 59);
});

Deno.test("rate filter: what the sender limited may raise the rate, and never lowers it", () => {
  const rates = new RateFilter();
  rates.add(100, false);
  rates.nextRound();
  for (let round = 0; round < 20; round++) {
    rates.add(10, true);
    assertEquals(rates.nextRound(), false);
  }
  assertEquals([rates.rate, rates.averageRate], [100, 100]);
  rates.add(120, true);
  assertEquals([rates.rate, rates.averageRate], [120, 100]);
});

Deno.test("rate filter: the average follows slowly, and forgetting follows at once", () => {
  const rates = new RateFilter();
  rates.add(100, false);
  rates.add(20, false);
  assertEquals(rates.averageRate, 90);
  rates.forget();
  assertEquals(rates.rate, 20);
  for (let sample = 0; sample < 60; sample++) rates.add(20, false);
  assertAlmostEquals(rates.averageRate, 20, 0.1);
});
