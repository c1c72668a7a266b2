/** Loss is told from a queue by bursts. */
import { assertEquals } from "@std/assert";
import { Scatter } from "../../../../lib/session/path/scatter.ts";

/** 100 round trips of 100 ms at 1000 bytes per millisecond; in each, acknowledgements for these spans. */
function scatterOf(spansMs: readonly number[], roundTripMs: (span: number) => number): Scatter {
  const scatter = new Scatter();
  let nowMs = 0;
  for (let round = 0; round < 100; round++) {
    for (const ms of spansMs) {
      nowMs += ms;
      // What was sent within the span arrives at its end.
      scatter.add(nowMs, roundTripMs(round), roundTripMs(round) + ms / 2, 1_000 * ms);
    }
    scatter.nextRound(1_000);
  }
  return scatter;
}

Deno.test("scatter: a steady queue is no loss, however long it is, and however it grows", () => {
  const steady = new Array(25).fill(4);
  assertEquals(scatterOf(steady, () => 500).isLossy, false);
  assertEquals(scatterOf(steady, (round) => 50 + 20 * round).isLossy, false);
});

Deno.test("scatter: a stall in each round trip, and all that waited at once, is loss", () => {
  assertEquals(scatterOf([...new Array(12).fill(4), 80], () => 60).isLossy, true);
});

Deno.test("scatter: acknowledgements that ride along with the receiver's own data are no loss", () => {
  assertEquals(scatterOf(new Array(5).fill(20), () => 60).isLossy, false);
  assertEquals(scatterOf([60, 60], () => 60).isLossy, false);
});

Deno.test("scatter: a stall of a receiver now and then is none", () => {
  const scatter = new Scatter();
  for (let nowMs = 0, round = 0; round < 60; round++) {
    for (const ms of round % 20 === 0 ? [100] : new Array(25).fill(4)) {
      scatter.add(nowMs += ms, 60, 60 + ms / 2, 1_000 * ms);
    }
    scatter.nextRound(1_000);
    assertEquals(scatter.isLossy, false);
  }
});

Deno.test("scatter: acknowledgements of one burst that come one by one count as one", () => {
  const scatter = new Scatter();
  for (let nowMs = 0, round = 0; round < 40; round++) {
    nowMs += 100;
    // The newest bytes come last, and have waited least.
    for (let piece = 0; piece < 4; piece++) scatter.add(nowMs + piece, 135 - 25 * piece, 148 - 25 * piece, 25_000);
    scatter.nextRound(1_000);
  }
  assertEquals(scatter.isLossy, true);
});

Deno.test("scatter: two writes in one packet of a slow path are no loss", () => {
  const scatter = new Scatter();
  for (let nowMs = 0, round = 0; round < 40; round++) {
    scatter.add(nowMs += 100, 150, 200, 1_400);
    scatter.nextRound(14);
  }
  assertEquals(scatter.isLossy, false);
});
