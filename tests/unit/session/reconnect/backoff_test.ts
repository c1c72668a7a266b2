import { assertEquals, assertGreaterOrEqual, assertLessOrEqual } from "@std/assert";
import fc from "fast-check";
import { type OutageState, pauseMs } from "../../../../lib/session/reconnect/backoff.ts";

const busy: OutageState = { failures: 1, hasStreams: true, wasUseful: false, outageMs: 0 };
const idle: OutageState = { ...busy, hasStreams: false };
const TEN_MINUTES_MS = 600_000;

Deno.test("the pause grows by a half each time from 25 ms to 0.8 s while user connections wait", () => {
  const pauses = [1, 2, 3, 4, 5, 9, 10, 100].map((failures) => pauseMs({ ...busy, failures }, 1));
  assertEquals(pauses, [25, 37.5, 56.25, 84.375, 126.5625, 640.72265625, 800, 800]);
});

Deno.test("for a minute it is at most 0.2 s if the last carrier brought something", () => {
  const useful = { ...busy, wasUseful: true };
  const pauses = [1, 5, 6, 7, 100].map((failures) => pauseMs({ ...useful, failures, outageMs: 59_999 }, 1));
  assertEquals(pauses, [25, 126.5625, 189.84375, 200, 200]);
  assertEquals(pauseMs({ ...useful, failures: 100, outageMs: 60_000 }, 1), 800);
  assertEquals(pauseMs({ ...useful, failures: 100, hasStreams: false }, 1), 15_000);
});

Deno.test("without user connections the pause grows to 15 s", () => {
  const pauses = [1, 5, 9, 16, 17, 1000].map((failures) => Math.round(pauseMs({ ...idle, failures }, 1)));
  assertEquals(pauses, [25, 127, 641, 10_947, 15_000, 15_000]);
});

Deno.test("after ten minutes an outage is tried less often, whoever waits", () => {
  const many = { ...busy, failures: 50 };
  assertEquals(pauseMs({ ...many, outageMs: TEN_MINUTES_MS - 1 }, 1), 800);
  assertEquals(pauseMs({ ...many, outageMs: TEN_MINUTES_MS }, 1), 15_000);
});

Deno.test("before any failure the pause is the shortest", () => {
  assertEquals(pauseMs({ ...busy, failures: 0 }, 1), 25);
});

Deno.test("jitter takes off up to half, evenly", () => {
  assertEquals([0, 0.5, 1].map((random) => pauseMs({ ...busy, failures: 20 }, random)), [400, 600, 800]);
});

Deno.test("no state has a pause below 12.5 ms or above its limit (fuzz)", () => {
  const state = fc.record({
    failures: fc.nat(),
    hasStreams: fc.boolean(),
    wasUseful: fc.boolean(),
    outageMs: fc.nat(),
  });
  fc.assert(
    fc.property(state, fc.double({ min: 0, max: 1, noNaN: true }), (state, random) => {
      const pause = pauseMs(state, random);
      assertGreaterOrEqual(pause, 12.5);
      assertLessOrEqual(pause, state.hasStreams && state.outageMs < TEN_MINUTES_MS ? 800 : 15_000);
    }),
    { seed: 3 },
  );
});
