import { assertEquals } from "@std/assert";
import { ageOf, counted, outagesIn, processLines } from "../../../../lib/tunnel/top/process_lines.ts";
import { Rates } from "../../../../lib/tunnel/top/rates.ts";
import type { Report } from "../../../../lib/tunnel/top/report.ts";
import { textOf } from "../../../../lib/tunnel/top/styled_line.ts";
import { aReport, aSession, REPORTED_AT_MS } from "../../../support/top_reports.ts";

function draw(report: Report, lost?: string) {
  return processLines(report, new Rates(report, undefined), "localhost:40380", lost);
}

Deno.test("the first lines tell who it is, how it is, and what it does", () => {
  assertEquals(draw(aReport()).map(textOf), [
    "tele client 0.2.0: serving, up 2 h, at localhost:40380",
    "1 session | 1 stream | sends 0 B/s, receives 0 B/s | memory 64 KiB of 1 GiB",
  ]);
});

Deno.test("sessions that were left out count, and outages are told", () => {
  const report = aReport({
    sessions: [aSession({ isInOutage: true }), aSession()],
    sessionsOmitted: 8,
    streamsOpen: 0,
  });
  assertEquals(outagesIn(report), 1);
  const [, line] = draw(report);
  assertEquals(textOf(line!).split(" | ").slice(0, 3), ["10 sessions", "1 in an outage", "0 streams"]);
});

Deno.test("of several tunnels those are named that do not serve", () => {
  const tunnels = [{ name: "office", state: "serving" }, { name: "home", state: "waiting" }];
  const [head, line] = draw(aReport({ role: "both", state: "waiting", tunnels }));
  assertEquals(textOf(head!).split(",")[0], "tele client and server 0.2.0: waiting");
  assertEquals(textOf(line!).split(" | ").slice(0, 3), ["2 tunnels", "home waiting", "1 session"]);
});

Deno.test("a process that serves looks good, another does not", () => {
  const looks = (report: Report, lost?: string) => draw(report, lost)[0]![2]!.style;
  assertEquals(looks(aReport()), "good");
  for (const state of ["waiting", "draining", "anything"]) assertEquals(looks(aReport({ state })), "bad");
  assertEquals(looks(aReport(), "nobody there"), "bad");
});

Deno.test("an age is in whole seconds, by the clock of the process, and never below zero", () => {
  const report = aReport();
  assertEquals(ageOf(REPORTED_AT_MS - 12_999, report), "12 s");
  assertEquals(ageOf(REPORTED_AT_MS - 999, report), "0 ms");
  assertEquals(ageOf(REPORTED_AT_MS + 5_000, report), "0 ms");
});

Deno.test("one is no plural", () => {
  assertEquals([0, 1, 2].map((count) => counted(count, "stream")), ["0 streams", "1 stream", "2 streams"]);
});
