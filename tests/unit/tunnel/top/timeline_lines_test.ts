import { assert, assertEquals } from "@std/assert";
import type { Span } from "../../../../lib/tunnel/top/report.ts";
import { textOf } from "../../../../lib/tunnel/top/styled_line.ts";
import { timelineLines } from "../../../../lib/tunnel/top/timeline_lines.ts";

const MINUTE_MS = 60_000;
const NOW_MS = 600 * MINUTE_MS;

/** Columns of which sixty are the bar: one a minute. */
const WIDTH = 69;

function span(lane: string | undefined, fromMinute: number, toMinute?: number): Span {
  const at = (minute: number) => NOW_MS - 60 * MINUTE_MS + minute * MINUTE_MS;
  return { isOutage: lane === undefined, lane, fromMs: at(fromMinute), toMs: toMinute && at(toMinute) };
}

function draw(...spans: Span[]): string[] {
  return timelineLines(spans, NOW_MS, WIDTH).map(textOf);
}

Deno.test("a carrier that goes on reaches to the end, and one from before the hour begins at the start", () => {
  const [quiet, axis, ...others] = draw(span("quiet", -30));
  assertEquals(quiet, `quiet  |${"=".repeat(60)}|`);
  assertEquals(axis?.length, WIDTH);
  assertEquals(others, []);
});

Deno.test("an outage is seen in every lane, however short it was", () => {
  const outage = span(undefined, 30.2, 30.21);
  const [quiet, bulk] = draw(span("quiet", 10, 30.2), outage, span("quiet", 30.21), span("bulk", 20, 25));
  assertEquals(quiet, `quiet  |${" ".repeat(10)}${"=".repeat(20)}!${"=".repeat(29)}|`);
  assertEquals(bulk, `bulk   |${" ".repeat(20)}${"=".repeat(5)}${" ".repeat(5)}!${" ".repeat(29)}|`);
});

Deno.test("several carriers at once are a digit, some that follow each other are not", () => {
  const bulk = Array.from({ length: 12 }, () => span("bulk", 50, 55));
  const [quiet, lane] = draw(span("quiet", 0, 30.2), span("quiet", 30.2), ...bulk.slice(0, 3));
  assertEquals(quiet, `quiet  |${"=".repeat(60)}|`);
  assertEquals(lane, `bulk   |${" ".repeat(50)}33333${" ".repeat(5)}|`);
  assert(draw(span("quiet", 0), ...bulk)[1]!.includes("99999"), "nine stands for more, too");
});

Deno.test("an outage looks bad, a carrier good, and neighbours that look the same are one part", () => {
  const [quiet] = timelineLines([span("quiet", 0, 30), span(undefined, 30, 40), span("quiet", 40)], NOW_MS, WIDTH);
  assertEquals(quiet!.map(({ style }) => style), ["dim", "good", "bad", "good", "dim"]);
});

Deno.test("without an hour to tell of, or room for it, there are no lines", () => {
  assertEquals(draw(), []);
  assertEquals(timelineLines([span("quiet", 0)], NOW_MS, 12), []);
});
