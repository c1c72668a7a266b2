/** What a session's last hour was like. */
import { assertEquals } from "@std/assert";
import { iso, MOST_ENTRIES, Timeline } from "../../../../lib/tunnel/status/timeline.ts";

const CARRIER = { number: 3, lane: "bulk", path: 1 } as const;
const MINUTE_MS = 60_000;

Deno.test("carriers and outages are told in the order in which they began, and what lasts has no end", () => {
  const timeline = new Timeline();
  const carrier = timeline.begin(1_000, CARRIER);
  timeline.end(carrier, 5_000);
  timeline.begin(5_000);
  assertEquals(timeline.report(6_000), [
    { kind: "carrier", number: 3, lane: "bulk", path: 1, from: iso(1_000), to: iso(5_000) },
    { kind: "outage", from: iso(5_000), to: null },
  ]);
});

Deno.test("an outage that lasted for no time was none, a carrier was there", () => {
  const timeline = new Timeline();
  timeline.end(timeline.begin(1_000, CARRIER), 1_000);
  timeline.end(timeline.begin(1_000), 1_000);
  assertEquals(timeline.report(1_000).map(({ kind }) => kind), ["carrier"]);
});

Deno.test("what was over an hour ago is forgotten, what lasts for longer is not", () => {
  const timeline = new Timeline();
  timeline.end(timeline.begin(0), 1_000);
  timeline.begin(1_000, CARRIER);
  assertEquals(timeline.report(60 * MINUTE_MS).length, 2);
  assertEquals(timeline.report(61 * MINUTE_MS).map(({ kind }) => kind), ["carrier"]);
});

Deno.test("a link that comes and goes all the time keeps the latest, and what goes on", () => {
  const timeline = new Timeline();
  timeline.begin(0, CARRIER);
  for (let at = 1; at <= 1_000; at++) timeline.end(timeline.begin(at), at + 1);
  const report = timeline.report(1_002);
  assertEquals([report.length, report[0]?.from, report.at(-1)?.from], [MOST_ENTRIES, iso(0), iso(1_000)]);
  assertEquals(report[1]?.from, iso(1_002 - MOST_ENTRIES));
});

Deno.test("what is over and forgotten makes room first", () => {
  const timeline = new Timeline();
  for (let at = 0; at < MOST_ENTRIES; at++) timeline.end(timeline.begin(at), at + 1);
  timeline.begin(120 * MINUTE_MS);
  assertEquals(timeline.report(120 * MINUTE_MS).length, 1);
});

Deno.test("more carriers at once than there may be entries never grow it", () => {
  const timeline = new Timeline();
  for (let at = 0; at < 2 * MOST_ENTRIES; at++) timeline.begin(at, CARRIER);
  assertEquals(timeline.report(1_000).length, MOST_ENTRIES);
});
