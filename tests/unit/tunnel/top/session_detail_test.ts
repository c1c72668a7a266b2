import { assertEquals } from "@std/assert";
import { Rates } from "../../../../lib/tunnel/top/rates.ts";
import type { SessionReport } from "../../../../lib/tunnel/top/report.ts";
import { sessionDetail } from "../../../../lib/tunnel/top/session_detail.ts";
import { textOf } from "../../../../lib/tunnel/top/styled_line.ts";
import { aCarrier, aReport, aSession, aStream } from "../../../support/top_reports.ts";

function draw(session: SessionReport, role = "client", columns = 100): string[] {
  const report = aReport({ role, sessions: [session] });
  const rates = new Rates(report, undefined);
  return sessionDetail({ report, rates, session, columns }).map((line) => textOf(line).trimEnd());
}

Deno.test("a session tells its state, its last hour, its carriers and its streams", () => {
  assertEquals(draw(aSession()), [
    "session a1b2c3 with 192.0.2.7:50123",
    "connected for 10 min, 1 outage in 30 min; sent 20 KiB, received 6 MiB, sent again 18 KiB",
    `quiet  |${" ".repeat(45)}${"=".repeat(29)}!!${"=".repeat(15)}|`,
    `       60 min ago${" ".repeat(80)}now`,
    "CARRIER  LANE   WAY     FOR  ROUND TRIP  SENDS  RECEIVES    SENT  RECEIVED  PEER",
    "      4  quiet  TLS  10 min       31 ms  0 B/s     0 B/s  10 KiB     3 MiB  192.0.2.7:50123",
    " STREAM    FOR  SENDS  RECEIVES   SENT  RECEIVED  USER",
    "      7  1 min  0 B/s     0 B/s  1 KiB     2 MiB  127.0.0.1:41000",
  ]);
});

Deno.test("at a server it says whose the session is, and which tunnel has it", () => {
  const session = aSession({
    client: "alice",
    tunnel: "office",
    isInOutage: true,
    carriers: [],
    streams: [],
    streamsOpen: 0,
  });
  assertEquals(draw(session, "server").slice(0, 2), [
    "session a1b2c3 of alice, in tunnel office, from 192.0.2.7:50123",
    "in an outage for 10 min, 1 outage in 30 min; sent 20 KiB, received 6 MiB, sent again 18 KiB",
  ]);
  assertEquals(draw(session, "server").length, 4, "no titles without lines");
  assertEquals(draw(aSession({ peer: "" }))[0], "session a1b2c3");
});

Deno.test("paths and services have columns where there are several, and paths count from one", () => {
  const session = aSession({
    carriers: [aCarrier(), aCarrier({ number: 5, lane: "bulk", path: 1, roundTripMs: undefined })],
    streams: [aStream(), aStream({ id: "9", service: "web" }), aStream({ id: "0" })],
    streamsOpen: 40,
    timeline: [],
  });
  assertEquals(draw(session, "client", 120).slice(2), [
    "CARRIER  LANE   WAY     FOR  ROUND TRIP  SENDS  RECEIVES    SENT  RECEIVED  PATH  PEER",
    "      4  quiet  TLS  10 min       31 ms  0 B/s     0 B/s  10 KiB     3 MiB     1  192.0.2.7:50123",
    "      5  bulk   TLS  10 min           -  0 B/s     0 B/s  10 KiB     3 MiB     2  192.0.2.7:50123",
    " STREAM  SERVICE    FOR  SENDS  RECEIVES   SENT  RECEIVED  USER",
    "      7  -        1 min  0 B/s     0 B/s  1 KiB     2 MiB  127.0.0.1:41000",
    "      9  web      1 min  0 B/s     0 B/s  1 KiB     2 MiB  127.0.0.1:41000",
    "      -  -        1 min  0 B/s     0 B/s  1 KiB     2 MiB  127.0.0.1:41000",
    "and 37 younger streams",
  ]);
});
