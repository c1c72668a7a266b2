import { assertEquals, assertMatch } from "@std/assert";
import { Rates } from "../../../../lib/tunnel/top/rates.ts";
import { lostLine, reportLine } from "../../../../lib/tunnel/top/report_line.ts";
import { aReport, aSession, REPORTED_AT_MS } from "../../../support/top_reports.ts";

Deno.test("a line sums up the sessions, those that were left out too", () => {
  const report = aReport({
    sessions: [aSession({ isInOutage: true, carriers: [] }), aSession(), aSession()],
    sessionsOmitted: 4,
    resentBytes: 55_296,
    nowMs: REPORTED_AT_MS + 1_000,
    receivedBytes: 6_291_456 + 2_048,
  });
  assertEquals(
    reportLine(report, new Rates(report, aReport())),
    "time=2026-11-27T12:00:01.000Z role=client state=serving sessions=7 in_outage=1 carriers=2 streams=1 " +
      "sent_bytes=20480 received_bytes=6293504 sent_bytes_per_second=0 received_bytes_per_second=2048 " +
      "resent_bytes=55296 memory_bytes=65536",
  );
});

Deno.test("what would break the fields of a line is in quotes", () => {
  assertEquals(
    lostLine('localhost:1: nobody listens there, "really"', REPORTED_AT_MS),
    'time=2026-11-27T12:00:00.000Z state=lost reason="localhost:1: nobody listens there, \\"really\\""',
  );
  assertMatch(lostLine("", REPORTED_AT_MS), / reason=""$/);
  const report = aReport({ role: "a role=server", state: "" });
  assertMatch(reportLine(report, new Rates(report, undefined)), / role="a role=server" state="" /);
});
