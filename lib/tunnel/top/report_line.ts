/**
 * A report in one line, for a file or another program.
 *
 * @module
 */
import { outagesIn } from "./process_lines.ts";
import type { Rates } from "./rates.ts";
import type { Report } from "./report.ts";

/**
 * Makes the line: `name=value` of names that stay, with blanks between them.
 *
 * @example
 * ```ts
 * import { Rates } from "./rates.ts";
 * import { reportLine } from "./report_line.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const report = {
 *   role: "client", version: "0.2.0", state: "serving", startedAtMs: 0, nowMs: 60_000, sentBytes: 10, receivedBytes: 20,
 *   tunnels: [], resentBytes: 0, streamsOpen: 3, memoryUsedBytes: 0, memoryLimitBytes: 1_024, sessions: [], sessionsOmitted: 0, log: [],
 * };
 * assertEquals(
 *   reportLine(report, new Rates(report, undefined)),
 *   "time=1970-01-01T00:01:00.000Z role=client state=serving sessions=0 in_outage=0 carriers=0 streams=3 sent_bytes=10 " +
 *     "received_bytes=20 sent_bytes_per_second=0 received_bytes_per_second=0 resent_bytes=0 memory_bytes=0",
 * );
 * ```
 */
export function reportLine(report: Report, rates: Rates): string {
  const { sessions, sessionsOmitted } = report;
  const rate = rates.ofProcess();
  return fields({
    time: new Date(report.nowMs).toISOString(),
    role: report.role,
    state: report.state,
    sessions: sessions.length + sessionsOmitted,
    in_outage: outagesIn(report),
    carriers: sessions.reduce((sum, session) => sum + session.carriers.length, 0),
    streams: report.streamsOpen,
    sent_bytes: report.sentBytes,
    received_bytes: report.receivedBytes,
    sent_bytes_per_second: Math.round(rate.sent),
    received_bytes_per_second: Math.round(rate.received),
    resent_bytes: report.resentBytes,
    memory_bytes: report.memoryUsedBytes,
  });
}

/**
 * The line of a second in which the process did not answer.
 *
 * @param nowMs Milliseconds since 1970.
 */
export function lostLine(reason: string, nowMs: number): string {
  return fields({ time: new Date(nowMs).toISOString(), state: "lost", reason });
}

/** What has blanks, quotes or nothing at all is in quotes, as JSON has it. */
function fields(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values).map(([name, value]) => {
    const text = String(value);
    return `${name}=${/^[^\s"=]+$/.test(text) ? text : JSON.stringify(text)}`;
  }).join(" ");
}
