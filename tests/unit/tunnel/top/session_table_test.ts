import { assertEquals } from "@std/assert";
import { keyOf, Rates } from "../../../../lib/tunnel/top/rates.ts";
import type { Report } from "../../../../lib/tunnel/top/report.ts";
import { formatRoundTrip, placeOf, sessionTable } from "../../../../lib/tunnel/top/session_table.ts";
import { textOf } from "../../../../lib/tunnel/top/styled_line.ts";
import { aReport, aSession } from "../../../support/top_reports.ts";

function draw(report: Report, chosen = 0, size = { rows: 24, columns: 160 }): string[] {
  return sessionTable(report, new Rates(report, undefined), chosen, size).map((line) => textOf(line).trimEnd());
}

Deno.test("a session is a line, in which nothing stands that only some processes have", () => {
  assertEquals(draw(aReport()), [
    "  SESSION  STATE             SENDS  RECEIVES  STREAMS  CARRIERS  ROUND TRIP  OUTAGES  SENT AGAIN  PEER",
    "> a1b2c3   connected 10 min  0 B/s     0 B/s        1         1       31 ms        1      18 KiB  192.0.2.7:50123",
  ]);
});

Deno.test("tunnels and clients have columns where there are any", () => {
  const sessions = [
    aSession({ client: "alice", tunnel: "office", isInOutage: true, roundTripMs: undefined }),
    aSession({ id: "f00" }),
  ];
  assertEquals(draw(aReport({ sessions }), 1, { rows: 24, columns: 40 }), [
    "  SESSION  CLIENT  STATE",
    "  a1b2c3   alice   OUTAGE 10 min",
    "> f00      -       connected 10 min",
  ]);
  assertEquals(draw(aReport({ sessions }))[0]!.split(/ +/).slice(1, 5), ["SESSION", "TUNNEL", "CLIENT", "STATE"]);
});

Deno.test("of more sessions than fit those around the chosen one are seen", () => {
  const report = aReport({ sessions: Array.from({ length: 10 }, (_, at) => aSession({ id: `s${at}` })) });
  const seen = (chosen: number) =>
    draw(report, chosen, { rows: 4, columns: 20 }).slice(1).map((line) => line.slice(0, 4)).join(",");
  assertEquals(seen(0), "> s0,  s1,  s2");
  assertEquals(seen(5), "  s4,> s5,  s6");
  assertEquals(seen(9), "  s7,  s8,> s9");
});

Deno.test("the chosen session is marked by more than its look, and an outage keeps its own", () => {
  const report = aReport({ sessions: [aSession({ isInOutage: true })] });
  const [, line] = sessionTable(report, new Rates(report, undefined), 0, { rows: 9, columns: 160 });
  assertEquals([line![0]!.text.slice(0, 1), line![0]!.style, line![2]!.style], [">", "chosen", "bad"]);
});

Deno.test("without a session that is said", () => {
  assertEquals(draw(aReport({ sessions: [] })), ["no session yet"]);
});

Deno.test("a session that is gone leaves the choice to the first", () => {
  const report = aReport({ sessions: [aSession({ id: "one" }), aSession({ id: "two" })] });
  assertEquals(placeOf(report, keyOf(report.sessions[1]!)), 1);
  assertEquals(placeOf(report, "gone"), 0);
  assertEquals(placeOf(report, undefined), 0);
});

Deno.test("a round trip that is not known is a dash", () => {
  assertEquals([formatRoundTrip(undefined), formatRoundTrip(31.4)], ["-", "31 ms"]);
});
