import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { TeleError } from "../../../../lib/net/error.ts";
import type { Report } from "../../../../lib/tunnel/top/report.ts";
import { readReport } from "../../../../lib/tunnel/top/report_reader.ts";
import { textOf } from "../../../../lib/tunnel/top/styled_line.ts";
import { TopView } from "../../../../lib/tunnel/top/top_view.ts";
import { aCarrier, aReport, aSession, aStream, reportJson } from "../../../support/top_reports.ts";

Deno.test("a report is read as it was written", () => {
  const reports: Report[] = [
    aReport(),
    aReport({ sessions: [], sessionsOmitted: 3, log: [], state: "waiting" }),
    aReport({
      role: "server",
      sessions: [
        aSession({ tunnel: "office", client: "alice", isInOutage: true, roundTripMs: undefined, carriers: [] }),
        aSession({ carriers: [aCarrier({ roundTripMs: undefined })], streams: [aStream({ service: "web" })] }),
      ],
    }),
  ];
  for (const report of reports) assertEquals(readReport(reportJson(report)), report);
});

Deno.test("no text of a report can steer a terminal, and none is endless", () => {
  const evil = "\x1b[2J\x1b]0;title\x07\r\n\u202e\x9b31m";
  const report = aReport({
    role: evil,
    version: evil,
    state: evil,
    tunnels: [{ name: evil, state: evil }],
    sessions: [
      aSession({
        id: evil,
        tunnel: evil,
        client: evil,
        peer: evil + "x".repeat(10_000),
        carriers: [aCarrier({ way: evil, peer: evil, lane: evil })],
        streams: [aStream({ id: evil, service: evil, peer: evil })],
        timeline: [{ isOutage: false, lane: evil, fromMs: 0, toMs: 1 }],
      }),
    ],
    log: [{ timeMs: 0, level: evil, message: evil }],
  });
  const texts: string[] = [];
  JSON.stringify(readReport(reportJson(report)), (_key, value) => {
    if (typeof value === "string") texts.push(value);
    return value;
  });
  assertEquals(texts.length, 18);
  // deno-lint-ignore no-control-regex
  for (const text of texts) assertEquals(/[\x00-\x1f\x7f-\x9f\u202e]/.test(text) || text.length > 500, false, text);
});

Deno.test("what is no report says what it lacks", () => {
  const good = JSON.parse(reportJson(aReport()));
  const session = good.sessions[0];
  const bad: [unknown, string][] = [
    ["a page", "it is no report"],
    [[], "it is no report"],
    [null, "it is no report"],
    [{ ...good, role: undefined }, "it has no role"],
    [{ ...good, now: "yesterday" }, "it has no now"],
    [{ ...good, sentBytes: -1 }, "it has no sentBytes"],
    [{ ...good, sentBytes: "7" }, "it has no sentBytes"],
    [{ ...good, memory: null }, "it has no memory"],
    [{ ...good, memory: {} }, "it has no memory.usedBytes"],
    [{ ...good, sessions: {} }, "it has no sessions"],
    [{ ...good, sessions: [session, { ...session, carriers: [{}] }] }, "it has no sessions[1].carriers[0].number"],
    [{ ...good, sessions: [{ ...session, timeline: [{ kind: "carrier", from: 5 }] }] }, "sessions[0].timeline[0].lane"],
  ];
  for (const [value, says] of bad) assertThrows(() => readReport(JSON.stringify(value)), TeleError, says);
  assertThrows(() => readReport("<html>"), TeleError, "it is no JSON");
});

/** A value with the one at `path`, whose steps count from the end where there are too many, in place of what was there. */
function replaced(value: unknown, [step, ...rest]: readonly number[], other: unknown): unknown {
  if (step === undefined || typeof value !== "object" || value === null) return other;
  const keys = Object.keys(value);
  const key = keys[step % keys.length];
  if (key === undefined) return other;
  const inner = replaced((value as Record<string, unknown>)[key], rest, other);
  return Array.isArray(value) ? value.with(Number(key), inner) : { ...value, [key]: inner };
}

Deno.test("whatever stands in a report, it is drawn or refused with a sentence", () => {
  const good = JSON.parse(reportJson(aReport()));
  let refused = 0;
  let drawn = 0;
  fc.assert(
    fc.property(fc.array(fc.nat(20), { maxLength: 5 }), fc.jsonValue(), (path, other) => {
      try {
        const view = new TopView("localhost:40380", readReport(JSON.stringify(replaced(good, path, other))));
        for (const line of view.lines({ columns: 80, rows: 24 })) {
          // deno-lint-ignore no-control-regex
          assert(!/[\x00-\x1f\x7f-\x9f]/.test(textOf(line)), textOf(line));
        }
        drawn++;
      } catch (error) {
        if (!(error instanceof TeleError)) throw error;
        refused++;
      }
    }),
    { numRuns: 500 },
  );
  assert(drawn > 20 && refused > 100, `${drawn} drawn, ${refused} refused`);
});
