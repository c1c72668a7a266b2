/**
 * The reports of several workers as that of one process.
 *
 * @module
 */
import type { LineReport, SessionReport, StatusReport, TunnelReport } from "../status/report.ts";
import { MOST_SESSIONS } from "../status/report.ts";
import { MOST_RECENT } from "../status/recent_lines.ts";
import { worstOf } from "../status/tunnel_state.ts";

/** A report, and who tells it. */
export interface WorkerReport {
  /** What stands where a configuration's tunnel would. */
  readonly name: string;
  /** What it tells. */
  readonly report: StatusReport;
}

/** Of a worker that drains while another one serves nobody needs to know who asks for health. */
function counts(all: readonly WorkerReport[]): readonly WorkerReport[] {
  const serving = all.filter(({ report }) => report.state !== "draining");
  return serving.length === 0 ? all : serving;
}

/** Each worker as a tunnel, without those that drain while others serve. */
export function mergeTunnels(all: readonly WorkerReport[]): TunnelReport[] {
  return counts(all).flatMap(({ name, report }) => report.tunnels.map((tunnel) => ({ ...tunnel, name })));
}

/**
 * Puts reports together: what is counted is added, sessions and tunnels have the worker's name, and limits hold for all.
 *
 * @param all One at the least.
 * @param silent The names of workers that hang.
 */
export function mergeReports(all: readonly WorkerReport[], silent: readonly string[] = []): StatusReport {
  const reports = all.map(({ report }) => report);
  const role = reports[0]!.role === "client" ? "client" : "server";
  const hanging = silent.map((name): TunnelReport => ({ name, role, state: "silent" }));
  const sessions = all.flatMap(({ name, report }) => report.sessions.map((session) => ({ ...session, tunnel: name })));
  const chosen = sessions.sort(byUrgency).slice(0, MOST_SESSIONS);
  const add = (value: (report: StatusReport) => number) => reports.reduce((sum, report) => sum + value(report), 0);
  return {
    version: reports[0]!.version,
    role: reports[0]!.role,
    startedAt: reports.map(({ startedAt }) => startedAt).sort()[0]!,
    now: reports.map(({ now }) => now).sort().at(-1)!,
    state: worstOf([...counts(all).map(({ report }) => report.state), ...hanging.map(({ state }) => state)]),
    tunnels: [...all.flatMap(({ name, report }) => report.tunnels.map((each) => ({ ...each, name }))), ...hanging],
    sentBytes: add(({ sentBytes }) => sentBytes),
    receivedBytes: add(({ receivedBytes }) => receivedBytes),
    resentBytes: add(({ resentBytes }) => resentBytes),
    streamsOpen: add(({ streamsOpen }) => streamsOpen),
    memory: { usedBytes: add(({ memory }) => memory.usedBytes), limitBytes: add(({ memory }) => memory.limitBytes) },
    sessions: chosen,
    sessionsOmitted: add(({ sessionsOmitted }) => sessionsOmitted) + sessions.length - chosen.length,
    log: lastLines(reports.flatMap(({ log }) => log)),
  };
}

/** Those in outages first, the longest first; then the oldest first, as one process tells them. */
function byUrgency(one: SessionReport, other: SessionReport): number {
  if (one.state !== other.state) return one.state === "outage" ? -1 : 1;
  const [a, b] = one.state === "outage" ? [one.stateSince, other.stateSince] : [one.since, other.since];
  return a < b ? -1 : a > b ? 1 : 0;
}

function lastLines(lines: readonly LineReport[]): LineReport[] {
  return lines.toSorted((one, other) => one.time < other.time ? -1 : one.time > other.time ? 1 : 0).slice(-MOST_RECENT);
}
