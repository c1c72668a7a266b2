/** When the rate of a path is found. */
import { assertEquals } from "@std/assert";
import { startQueueMs, Startup } from "../../../../lib/session/path/startup.ts";

function roundsOf(rates: readonly number[]): boolean {
  const startup = new Startup();
  for (const rate of rates) startup.nextRound(rate);
  return startup.isOver;
}

Deno.test("startup: it lasts while a round trip adds a quarter", () => {
  assertEquals(roundsOf([100, 125, 157, 197, 247, 309]), false);
});

Deno.test("startup: three round trips with less end it, those with more begin the count again", () => {
  assertEquals(roundsOf([100, 110, 120]), false);
  assertEquals(roundsOf([100, 110, 120, 124]), true);
  assertEquals(roundsOf([100, 110, 120, 130, 140, 150]), false);
  assertEquals(roundsOf([100, 110, 120, 130, 140, 150, 160]), true);
});

Deno.test("startup: a queue is an eighth of the lowest round trip, within 4 and 16 ms", () => {
  assertEquals([10, 40, 100, 300].map(startQueueMs), [4, 5, 12.5, 16]);
});
