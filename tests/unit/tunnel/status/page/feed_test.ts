import { assert, assertEquals, assertMatch } from "@std/assert";
import { Feed } from "../../../../../lib/tunnel/status/page/feed.js";
import { ago, NOW, statusReport } from "../../../../support/status_reports.ts";

/** The report of so many milliseconds after the first. */
function at(ms: number, changes: Parameters<typeof statusReport>[0] = {}) {
  return statusReport({ now: new Date(Date.parse(NOW) + ms).toISOString(), ...changes });
}

/** What the rates are over, in milliseconds. */
function spanMs(feed: Feed, atMs: number): number {
  const view = feed.view(atMs);
  return Date.parse(view!.report.now) - Date.parse(view!.before!.now);
}

Deno.test("before the first report there is nothing to show", () => {
  const feed = new Feed(0);
  assertEquals(feed.view(5), null);
  feed.broken(6);
  assertEquals(feed.view(60_000), null);
});

Deno.test("time goes on between reports", () => {
  const feed = new Feed(0);
  feed.received(at(0), 1000);
  assertEquals(feed.view(1000)?.report.now, NOW);
  assertEquals(feed.view(4200)?.report.now, at(3200).now);
});

Deno.test("rates are over some seconds, and end when nothing more comes", () => {
  const feed = new Feed(0);
  for (let ms = 0; ms <= 60_000; ms += 1000) feed.received(at(ms), ms);
  assertEquals(spanMs(feed, 60_000), 3000);
  assertEquals(feed.view(63_000)?.before?.now, at(60_000).now, "the last report is compared with itself");
});

Deno.test("reports that come seldom are compared with the one before", () => {
  const feed = new Feed(0);
  for (const ms of [0, 5000, 10_000]) feed.received(at(ms), ms);
  assertEquals(spanMs(feed, 10_000), 5000);
});

Deno.test("counts of two minutes are kept, and what was quiet between two reports stays quiet", () => {
  const feed = new Feed(0);
  const sent = (seconds: number, sentBytes: number) => feed.received(at(seconds * 1000, { sentBytes }), seconds * 1000);
  const kept = (seconds: number) =>
    feed.view(seconds * 1000)!.recent.map(({ ms, sentBytes }) => [(ms - Date.parse(NOW)) / 1000, sentBytes]);
  sent(0, 10);
  sent(1, 20);
  sent(6, 50);
  assertEquals(kept(6), [[0, 10], [1, 20], [5, 20], [6, 50]]);
  sent(125, 60);
  assertEquals(kept(125), [[6, 50], [124, 50], [125, 60]]);
  feed.received(at(130_000, { startedAt: ago(-125), sentBytes: 1 }), 130_000);
  assertEquals(kept(130), [[130, 1]], "another process counts anew");
});

Deno.test("another process is not compared with the one before", () => {
  const feed = new Feed(0);
  feed.received(at(0), 0);
  feed.received(at(5000, { startedAt: ago(-4) }), 5000);
  assertEquals(feed.view(5000)?.before?.startedAt, ago(-4));
});

Deno.test("a process that is silent, or whose connection stays broken, is lost, and what it said is not carried on", () => {
  const silent = new Feed(0);
  silent.received(at(0), 1000);
  assertEquals(silent.lost(12_999), null);
  const sentence = silent.lost(13_000) ?? "";
  assertMatch(sentence, /^No answer from this process since \d\d:\d\d:\d\d\. What is below is as it was then\.$/);
  assertEquals(silent.lost(60_000), sentence, "it is read aloud once");
  assertEquals(silent.view(60_000)?.report.now, NOW);

  const broken = new Feed(0);
  broken.received(at(0), 0);
  broken.broken(1000);
  broken.broken(3000);
  assertEquals(broken.lost(3499), null);
  assert(broken.lost(3500));
  broken.received(at(4000), 4000);
  assertEquals(broken.lost(9000), null, "it came back");
});

Deno.test("a page that never gets an event says so", () => {
  const silent = new Feed(1000);
  assertEquals(silent.lost(12_999), null);
  assertMatch(silent.lost(13_000) ?? "", /^No events come from this process\./);
  const refused = new Feed(0);
  refused.broken(100);
  assert(refused.lost(2600));
});
