/** A carrier on which nothing was acknowledged for a while stands still, and the longer the more. */
import { assertEquals } from "@std/assert";
import { Standstill } from "../../../../lib/session/lanes/standstill.ts";

function degrees(still: Standstill, roundTripMs: number, ...timesMs: number[]): number[] {
  return timesMs.map((ms) => still.degree(ms, roundTripMs));
}

Deno.test("nothing stands still where nothing is in flight", () => {
  const still = new Standstill();
  assertEquals([still.degree(1e9, 10), still.leftMs(1e9, 10)], [0, Infinity]);
  still.sent(0);
  still.progressed(30, false);
  assertEquals([still.degree(1e9, 10), still.leftMs(1e9, 10)], [0, Infinity]);
});

Deno.test("it takes two round trips and 10 ms, and 50 ms at the least; then the time doubles", () => {
  const still = new Standstill();
  still.sent(1_000);
  assertEquals(degrees(still, 0, 1_049, 1_050, 1_099, 1_100, 1_199, 1_200, 1_400), [0, 1, 1, 2, 2, 3, 4]);
  assertEquals(degrees(still, 20, 1_049, 1_050), [0, 1]);
  assertEquals(degrees(still, 100, 1_209, 1_210, 1_419, 1_420), [0, 1, 1, 2]);
});

Deno.test("what is sent behind it does not start the time anew, progress does", () => {
  const still = new Standstill();
  still.sent(0);
  still.sent(40);
  still.copies = 3;
  assertEquals(still.degree(50, 0), 1);
  still.progressed(60, true);
  assertEquals([still.copies, ...degrees(still, 0, 109, 110)], [0, 0, 1]);
});

Deno.test("it says when to look again", () => {
  const still = new Standstill();
  still.sent(100);
  assertEquals([100, 149, 150, 199, 200].map((ms) => still.leftMs(ms, 0)), [50, 1, 50, 1, 100]);
});

Deno.test("where what was sent on another path came by itself, it is sent there later and later, until that is forgiven", () => {
  const still = new Standstill();
  let nowMs = 1_000;
  const firstMs = () => {
    still.sent(nowMs);
    const at = Array.from({ length: 1_000 }, (_, ms) => ms).find((ms) => still.elsewhereDegree(nowMs + ms, 20) > 0)!;
    assertEquals(still.degree(nowMs + 50, 20), 1, "it stands still as early as ever");
    still.sentElsewhere();
    still.progressed(nowMs += at, false);
    return at;
  };
  assertEquals([firstMs(), firstMs(), firstMs(), firstMs(), firstMs()], [50, 100, 200, 400, 400]);
  nowMs += 10_000;
  assertEquals(firstMs(), 50);
});

Deno.test("progress without anything sent elsewhere is no false alarm", () => {
  const still = new Standstill();
  still.sent(0);
  still.progressed(60, true);
  assertEquals([still.elsewhereDegree(109, 20), still.elsewhereDegree(110, 20)], [0, 1]);
});
