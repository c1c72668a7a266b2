import { assertEquals } from "@std/assert";
import { Scale } from "../../../../../lib/tunnel/status/page/scale.js";
import { ago, NOW } from "../../../../support/status_reports.ts";

const NOW_MS = Date.parse(NOW);

/** The line of something that began so many seconds ago. */
function scale(seconds: number): Scale {
  return new Scale(NOW_MS - seconds * 1000, NOW_MS);
}

/** What was there between so many seconds ago. */
function times(from: number, to: number | null) {
  return { from: ago(from), to: to === null ? null : ago(to) };
}

Deno.test("a line shows all there was, in the shortest time that is enough, but an hour at the most", () => {
  const minutes = [0, 1, 2, 2.1, 6, 10, 20, 31, 60, 600].map((ago) => scale(ago * 60).spanMs / 60_000);
  assertEquals(minutes, [2, 2, 2, 6, 6, 12, 30, 60, 60, 60]);
});

Deno.test("marks divide a line into full parts of its time", () => {
  assertEquals(scale(3600).marks().map(({ ms }) => ms / 60_000), [50, 40, 30, 20, 10]);
  assertEquals(scale(60).marks().map(({ ms }) => ms / 1000), [100, 80, 60, 40, 20]);
  assertEquals(scale(60).marks().map(({ x }) => x), [16.667, 33.333, 50, 66.667, 83.333]);
});

Deno.test("a time stands where it is, and never beside the line", () => {
  assertEquals([7200, 3600, 1800, 0, -60].map((seconds) => scale(3600).at(NOW_MS - seconds * 1000)), [
    0,
    0,
    50,
    100,
    100,
  ]);
});

Deno.test("what goes on ends now", () => {
  assertEquals(scale(3600).span(times(900, null)), { x: 75, width: 25, ...times(900, null), ms: 900_000 });
});

Deno.test("what was over before the line begins is not on it, and what is short has a width and stays on it", () => {
  assertEquals(scale(3600).span(times(4000, 3600)), null);
  const places = [times(3700, 3599), times(0.1, null)].map((time) => scale(3600).span(time));
  assertEquals(places.map((span) => [span?.x, span?.width]), [[0, 0.25], [99.75, 0.25]]);
});
