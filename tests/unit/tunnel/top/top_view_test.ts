import { assert, assertEquals } from "@std/assert";
import type { Report } from "../../../../lib/tunnel/top/report.ts";
import { textOf } from "../../../../lib/tunnel/top/styled_line.ts";
import { TopView } from "../../../../lib/tunnel/top/top_view.ts";
import { aReport, aSession, aStream, REPORTED_AT_MS } from "../../../support/top_reports.ts";

function textsOf(view: TopView, columns = 80, rows = 24): string[] {
  return view.lines({ columns, rows }).map((line) => textOf(line).trimEnd());
}

/** A server with sessions `s0`, `s1`, … */
function aServer(count: number, changes: Partial<Report> = {}): Report {
  const sessions = Array.from({ length: count }, (_, at) => aSession({ id: `s${at}` }));
  return aReport({ role: "server", sessions, ...changes });
}

Deno.test("a client fills a small terminal: process, session, log, keys", () => {
  const lines = textsOf(new TopView("localhost:40380", aReport()));
  assertEquals(lines, [
    "tele client 0.2.0: serving, up 2 h, at localhost:40380",
    "1 session | 1 stream | sends 0 B/s, receives 0 B/s | memory 64 KiB of 1 GiB",
    "",
    "  SESSION  STATE             SENDS  RECEIVES  STREAMS  ROUND TRIP  OUTAGES",
    "> a1b2c3   connected 10 min  0 B/s     0 B/s        1       31 ms        1",
    "",
    "session a1b2c3 with 192.0.2.7:50123",
    "connected for 10 min, 1 outage in 30 min; sent 20 KiB, received 6 MiB, sent again 18 KiB",
    `quiet  |${" ".repeat(35)}${"=".repeat(22)}!!!${"=".repeat(11)}|`,
    `       60 min ago${" ".repeat(60)}now`,
    "CARRIER  LANE   WAY     FOR  ROUND TRIP  SENDS  RECEIVES  PEER",
    "      4  quiet  TLS  10 min       31 ms  0 B/s     0 B/s  192.0.2.7:50123",
    " STREAM    FOR  SENDS  RECEIVES   SENT  RECEIVED  USER",
    "      7  1 min  0 B/s     0 B/s  1 KiB     2 MiB  127.0.0.1:41000",
    "",
    "LOG",
    "11:49:00 warn  link lost: connection reset by peer",
    "11:50:00 info  resumed after 60 s",
    ...Array(5).fill(""),
    "q ends",
  ]);
});

Deno.test("whatever the size, there are as many lines as rows, with the process first and the keys last", () => {
  const crowded = aServer(30, { sessionsOmitted: 4 });
  for (const report of [crowded, aReport(), aReport({ sessions: [], log: [] })]) {
    for (let rows = 1; rows < 60; rows++) {
      const lines = textsOf(new TopView("localhost:40380", report), 100, rows);
      assertEquals(lines.length, rows);
      assert(lines[0]!.startsWith("tele "), `${rows} rows: ${lines[0]}`);
      if (rows > 4) assert(lines.at(-1)!.startsWith("q ends"), `${rows} rows: ${lines.at(-1)}`);
      if (rows > 5 && report.sessions.length > 0) assert(lines.some((line) => line.startsWith("> ")), `${rows} rows`);
    }
  }
});

Deno.test("many sessions take half of the screen, and the place of the chosen one is told", () => {
  const view = new TopView("localhost:40380", aServer(30, { sessionsOmitted: 4 }));
  view.press("down");
  const lines = textsOf(view);
  assertEquals(lines.filter((line) => /^[> ] s\d+ /.test(line)).length, 9);
  assertEquals(lines.at(-1), "q ends | arrows choose a session | session 2 of 30, 4 more not told");
  assert(lines.includes("session s1 from 192.0.2.7:50123"));
});

Deno.test("keys choose within what is there, and the choice follows its session", () => {
  const view = new TopView("localhost:40380", aServer(30));
  const chosen = () => textsOf(view).find((line) => line.startsWith("> "))!.split(/ +/)[1];
  assertEquals(chosen(), "s0");
  const presses = [["up", "s0"], ["down", "s1"], ["page-down", "s11"], ["last", "s29"], ["down", "s29"]] as const;
  for (const [key, session] of [...presses, ["page-up", "s19"], ["first", "s0"], ["down", "s1"]] as const) {
    view.press(key);
    assertEquals(chosen(), session, key);
  }
  // An outage brings another session to the front.
  view.take(aReport({ sessions: [aSession({ id: "s7", isInOutage: true }), ...aServer(5).sessions] }));
  assertEquals(chosen(), "s1");
  view.take(aReport({ sessions: [aSession({ id: "other" })] }));
  assertEquals(chosen(), "other");
  const empty = new TopView("localhost:40380", aReport({ sessions: [] }));
  empty.press("down");
  assertEquals(textsOf(empty)[3], "no session yet");
});

Deno.test("rates come with the second report", () => {
  const view = new TopView("localhost:40380", aReport());
  view.take(aReport({ nowMs: REPORTED_AT_MS + 2_000, receivedBytes: 6_291_456 + 2 * 1_048_576 }));
  assertEquals(textsOf(view)[1]!.split(" | ")[2], "sends 0 B/s, receives 1 MiB/s");
});

Deno.test("what is lost is told until it is back", () => {
  const view = new TopView("localhost:40380", aReport());
  view.lost("localhost:40380: nobody listens there");
  assertEquals(textsOf(view)[0], "tele client 0.2.0: LOST: localhost:40380: nobody listens there");
  view.take(aReport());
  assertEquals(textsOf(view)[0], "tele client 0.2.0: serving, up 2 h, at localhost:40380");
});

Deno.test("the log gives way to streams", () => {
  const streams = Array.from({ length: 40 }, (_, at) => aStream({ id: String(at) }));
  const lines = textsOf(
    new TopView("localhost:40380", aReport({ sessions: [aSession({ streams, streamsOpen: 40 })] })),
  );
  assert(!lines.includes("LOG"));
});
