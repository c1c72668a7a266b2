import { assert, assertEquals } from "@std/assert";
import { layOut } from "../../../../../lib/tunnel/status/page/timeline.js";
import type { TimelineReport } from "../../../../../lib/tunnel/status/report.ts";
import { ago, NOW, sessionReport } from "../../../../support/status_reports.ts";

const NOW_MS = Date.parse(NOW);

/** Lays out a session of an hour. */
function lay(timeline: TimelineReport[], since = ago(3600)): ReturnType<typeof layOut> {
  const outages = timeline.filter(({ kind }) => kind === "outage").length;
  return layOut({ since, timeline, outages }, NOW_MS);
}

/** An outage that was between so many seconds ago. */
function outage(from: number, to: number | null) {
  return { kind: "outage", from: ago(from), to: to === null ? null : ago(to) } as const;
}

/** A carrier that was there between so many seconds ago. */
function carrier(number: number, from: number, to: number | null, lane: "quiet" | "bulk" = "quiet", path = 0) {
  return { kind: "carrier", number, lane, path, from: ago(from), to: to === null ? null : ago(to) } as const;
}

Deno.test("a line tells where there was no session yet", () => {
  assertEquals([60, 300, 900, 3600, 7200].map((seconds) => lay([], ago(seconds)).before), [50, 16.667, 50, 0, 0]);
});

Deno.test("a carrier's bar goes from its beginning to its end, or to now, and begins with the line at the earliest", () => {
  const [row] = lay([carrier(1, 5400, 1800), carrier(2, 1800, 900), carrier(3, 36, null)]).rows;
  assertEquals(row?.bars.map(({ number, x, width, ms }) => [number, x, width, ms]), [
    [1, 0, 50, 3_600_000],
    [2, 50, 25, 900_000],
    [3, 99, 1, 36_000],
  ]);
});

Deno.test("an outage is a gap between carriers", () => {
  const { rows, outages } = layOut(sessionReport(), NOW_MS);
  const [before, after] = rows[0]!.bars;
  assertEquals(outages.map(({ ms }) => ms), [12_000]);
  assertEquals(before!.x + before!.width, outages[0]!.x);
  assert(Math.abs(outages[0]!.x + outages[0]!.width - after!.x) < 0.001);
});

Deno.test("carriers that were there at once are in rows of their own, paths and lanes apart, quiet ones above", () => {
  const { rows } = lay([
    carrier(3, 900, 100, "bulk"),
    carrier(4, 800, 200, "bulk"),
    carrier(1, 1000, null),
    carrier(2, 1000, null, "quiet", 1),
    carrier(5, 100, null, "bulk"),
  ]);
  assertEquals(rows.map(({ lane, path, bars }) => [lane, path, bars.map(({ number }) => number)]), [
    ["quiet", 0, [1]],
    ["bulk", 0, [3, 5]],
    ["bulk", 0, [4]],
    ["quiet", 1, [2]],
  ]);
});

Deno.test("the wait for a first carrier is not counted, and no outage", () => {
  const timeline = [outage(1800, 900), carrier(1, 900, 36), outage(36, 18), carrier(2, 18, null)];
  const laid = layOut({ since: ago(1800), outages: 1, timeline }, NOW_MS);
  assertEquals(laid.outages.map(({ x, width }) => [x, width]), [[98, 1]]);
  assertEquals(laid.before, 50);
  const waiting = layOut({ since: ago(60), outages: 0, timeline: [outage(60, null)] }, NOW_MS);
  assertEquals([waiting.before, waiting.rows, waiting.outages], [100, [], []]);
});

Deno.test("a session that goes on with the history of another begins with it", () => {
  const timeline = [carrier(1, 1440, 300), outage(300, 200), carrier(1, 200, null)];
  assertEquals(lay(timeline, ago(200)).before, 20);
});
