/** Drains: a queue empties, a longer path does not get shorter. */
import { assertEquals } from "@std/assert";
import { Drain } from "../../../../lib/session/path/drain.ts";

function drainOf(roundTripMs: number): Drain {
  return new Drain({ nowMs: 0, roundTripMs, bytesPerMs: 1_000, forgetsRate: false });
}

Deno.test("drain: samples of one round trip, 50 ms at most, end it", () => {
  const short = drainOf(30);
  assertEquals(short.add(30, 20, 20), false);
  assertEquals(short.add(49, 21, 20), false);
  assertEquals(short.add(50, 22, 20), true);
  assertEquals(short.lowestMs, 20);
  const long = drainOf(600);
  assertEquals(long.add(600, 500, 300), false);
  assertEquals(long.add(650, 500, 300), true);
});

Deno.test("drain: as long as the round trip shrinks by a tenth it goes on", () => {
  const drain = drainOf(200);
  let believedMs = 200;
  for (const roundTripMs of [150, 110, 80]) {
    assertEquals(drain.add(1_000, roundTripMs, believedMs), false);
    believedMs = drain.lowestMs;
  }
  assertEquals(drain.add(1_001, 78, believedMs), false);
  assertEquals(drain.add(1_051, 78, believedMs), true);
});

Deno.test("drain: a queue that does not empty within 200 ms or two round trips is not ours", () => {
  assertEquals([drainOf(50).isInVain(200), drainOf(50).isInVain(201)], [false, true]);
  assertEquals([drainOf(500).isInVain(1_000), drainOf(500).isInVain(1_001)], [false, true]);
});
