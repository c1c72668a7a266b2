/**
 * Reports of a status address, as a process would give them.
 *
 * @module
 */
import type { CarrierWay } from "../../lib/net/carrier_way.ts";
import type { LogLevel } from "../../lib/net/log.ts";
import type { Lane } from "../../lib/session/handshake/messages.ts";
import type { StatusReport } from "../../lib/tunnel/status/report.ts";
import type { CarrierReport, Report, SessionReport, StreamReport } from "../../lib/tunnel/top/report.ts";

/** When these reports are made, in milliseconds since 1970. */
export const REPORTED_AT_MS = Date.UTC(2026, 10, 27, 12);

const MINUTE_MS = 60_000;

/** A carrier of ten minutes; `changes` says what is different. */
export function aCarrier(changes: Partial<CarrierReport> = {}): CarrierReport {
  return {
    number: 4,
    way: "TLS",
    path: 0,
    peer: "192.0.2.7:50123",
    lane: "quiet",
    sinceMs: REPORTED_AT_MS - 10 * MINUTE_MS,
    roundTripMs: 31,
    sentBytes: 10_240,
    receivedBytes: 3_145_728,
    ...changes,
  };
}

/** A stream of a minute. */
export function aStream(changes: Partial<StreamReport> = {}): StreamReport {
  return {
    id: "7",
    service: undefined,
    peer: "127.0.0.1:41000",
    sinceMs: REPORTED_AT_MS - MINUTE_MS,
    sentBytes: 1_024,
    receivedBytes: 2_097_152,
    ...changes,
  };
}

/** A session of half an hour, with an outage ten minutes ago. */
export function aSession(changes: Partial<SessionReport> = {}): SessionReport {
  const at = (minutesAgo: number) => REPORTED_AT_MS - minutesAgo * MINUTE_MS;
  return {
    id: "a1b2c3",
    tunnel: undefined,
    client: undefined,
    isInOutage: false,
    sinceMs: at(30),
    stateSinceMs: at(10),
    peer: "192.0.2.7:50123",
    sentBytes: 20_480,
    receivedBytes: 6_291_456,
    resentBytes: 18_432,
    roundTripMs: 31,
    outages: 1,
    carriers: [aCarrier()],
    streams: [aStream()],
    streamsOpen: 1,
    timeline: [
      { isOutage: false, lane: "quiet", fromMs: at(30), toMs: at(11) },
      { isOutage: true, lane: undefined, fromMs: at(11), toMs: at(10) },
      { isOutage: false, lane: "quiet", fromMs: at(10), toMs: undefined },
    ],
    ...changes,
  };
}

/** A client that has run for two hours. */
export function aReport(changes: Partial<Report> = {}): Report {
  return {
    role: "client",
    version: "0.2.0",
    state: "serving",
    tunnels: [{ name: undefined, state: "serving" }],
    startedAtMs: REPORTED_AT_MS - 120 * MINUTE_MS,
    nowMs: REPORTED_AT_MS,
    sentBytes: 20_480,
    receivedBytes: 6_291_456,
    resentBytes: 18_432,
    streamsOpen: 1,
    memoryUsedBytes: 65_536,
    memoryLimitBytes: 1_073_741_824,
    sessions: [aSession()],
    sessionsOmitted: 0,
    log: [
      { timeMs: REPORTED_AT_MS - 11 * MINUTE_MS, level: "warn", message: "link lost: connection reset by peer" },
      { timeMs: REPORTED_AT_MS - 10 * MINUTE_MS, level: "info", message: "resumed after 60 s" },
    ],
    ...changes,
  };
}

/** The same as the process writes it. */
export function reportJson(report: Report): string {
  return JSON.stringify(statusReport(report));
}

/** The words that this side takes as they come are of a few that the process has. */
function statusReport({ sessions, memoryUsedBytes, memoryLimitBytes, log, ...report }: Report): StatusReport {
  const role = report.role as StatusReport["role"];
  return {
    version: report.version,
    role,
    startedAt: iso(report.startedAtMs),
    now: iso(report.nowMs),
    state: report.state as StatusReport["state"],
    tunnels: report.tunnels.map(({ name = null, state }) => ({
      name,
      role: role === "both" ? "client" : role,
      state: state as StatusReport["state"],
    })),
    sentBytes: report.sentBytes,
    receivedBytes: report.receivedBytes,
    resentBytes: report.resentBytes,
    streamsOpen: report.streamsOpen,
    memory: { usedBytes: memoryUsedBytes, limitBytes: memoryLimitBytes },
    sessions: sessions.map(statusSession),
    sessionsOmitted: report.sessionsOmitted,
    log: log.map(({ timeMs, level, message }) => ({ time: iso(timeMs), level: level as LogLevel, message })),
  };
}

function statusSession({ isInOutage, ...session }: SessionReport): StatusReport["sessions"][number] {
  const { tunnel = null, client = null, sinceMs, stateSinceMs, roundTripMs, carriers, streams, timeline, ...others } =
    session;
  return {
    ...others,
    tunnel,
    client,
    since: iso(sinceMs),
    state: isInOutage ? "outage" as const : "connected" as const,
    stateSince: iso(stateSinceMs),
    roundTripSeconds: seconds(roundTripMs),
    carriers: carriers.map(({ sinceMs, roundTripMs, way, lane, ...carrier }) => ({
      ...carrier,
      way: way as CarrierWay,
      lane: lane as Lane,
      since: iso(sinceMs),
      roundTripSeconds: seconds(roundTripMs),
    })),
    streams: streams.map(({ id, service = null, sinceMs, ...stream }) => ({
      ...stream,
      // What is no number is for a test of what strangers say.
      id: Number.isNaN(Number(id)) ? id as unknown as number : Number(id),
      service,
      since: iso(sinceMs),
    })),
    timeline: timeline.map(({ isOutage, lane, fromMs, toMs }) => {
      const times = { from: iso(fromMs), to: toMs === undefined ? null : iso(toMs) };
      return isOutage
        ? { kind: "outage" as const, ...times }
        : { kind: "carrier" as const, number: 1, path: 0, lane: lane as Lane, ...times };
    }),
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function seconds(ms: number | undefined): number | null {
  return ms === undefined ? null : ms / 1000;
}
