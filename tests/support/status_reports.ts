/**
 * Reports of a running process, for the tests of what shows them.
 *
 * @module
 */
import type { SessionReport, StatusReport } from "../../lib/tunnel/status/report.ts";

/** When the reports are of. */
export const NOW = "2026-03-01T12:00:00.000Z";

/** The time some seconds before {@linkcode NOW}. */
export function ago(seconds: number): string {
  return new Date(Date.parse(NOW) - seconds * 1000).toISOString();
}

/** A connected session with a quiet and a bulk carrier, two streams, and an outage of 12 s 20 minutes ago. */
export function sessionReport(changes: Partial<SessionReport> = {}): SessionReport {
  return {
    id: "3fa91c04",
    tunnel: null,
    client: "laptop",
    since: ago(5400),
    state: "connected",
    stateSince: ago(1188),
    peer: "198.51.100.7:51544",
    sentBytes: 734_003_200,
    receivedBytes: 18_874_368,
    resentBytes: 421_888,
    roundTripSeconds: 0.0412,
    outages: 4,
    carriers: [
      {
        number: 7,
        way: "TLS",
        path: 0,
        peer: "198.51.100.7:51544",
        lane: "quiet",
        since: ago(1188),
        roundTripSeconds: 0.0412,
        sentBytes: 18_400,
        receivedBytes: 9_800_000,
      },
      {
        number: 8,
        way: "TLS",
        path: 0,
        peer: "198.51.100.7:51560",
        lane: "bulk",
        since: ago(240),
        roundTripSeconds: 0.0631,
        sentBytes: 311_427_072,
        receivedBytes: 4096,
      },
    ],
    streams: [
      {
        id: 11,
        service: "db",
        peer: "127.0.0.1:5432",
        since: ago(5_300),
        sentBytes: 52_428_800,
        receivedBytes: 1_048_576,
      },
      {
        id: 19,
        service: null,
        peer: "127.0.0.1:22",
        since: ago(241),
        sentBytes: 311_427_072,
        receivedBytes: 18_432,
      },
    ],
    streamsOpen: 2,
    timeline: [
      { kind: "carrier", number: 6, lane: "quiet", path: 0, from: ago(5400), to: ago(1200) },
      { kind: "outage", from: ago(1200), to: ago(1188) },
      { kind: "carrier", number: 7, lane: "quiet", path: 0, from: ago(1188), to: null },
      { kind: "carrier", number: 8, lane: "bulk", path: 0, from: ago(240), to: null },
    ],
    ...changes,
  };
}

/** The same, a minute into an outage. */
export function outSessionReport(changes: Partial<SessionReport> = {}): SessionReport {
  const { timeline } = sessionReport();
  const ended = timeline.map((entry) => entry.to === null ? { ...entry, to: ago(62) } : entry);
  return sessionReport({
    state: "outage",
    stateSince: ago(62),
    outages: 5,
    carriers: [],
    roundTripSeconds: null,
    timeline: [...ended, { kind: "outage", from: ago(62), to: null }],
    ...changes,
  });
}

/** A server's process with one connected session. */
export function statusReport(changes: Partial<StatusReport> = {}): StatusReport {
  return {
    version: "0.2.0",
    role: "server",
    startedAt: ago(93_600),
    now: NOW,
    state: "serving",
    tunnels: [{ name: null, role: "server", state: "serving" }],
    sentBytes: 734_003_200,
    receivedBytes: 18_874_368,
    resentBytes: 421_888,
    streamsOpen: 2,
    memory: { usedBytes: 5_242_880, limitBytes: 1_073_741_824 },
    sessions: [sessionReport()],
    sessionsOmitted: 0,
    log: [
      { time: ago(5400), level: "info", message: "session 3fa91c04 of laptop began, from 198.51.100.7:51538" },
      { time: ago(1200), level: "warn", message: "session 3fa91c04: the network is gone; 2 streams wait" },
      { time: ago(1188), level: "info", message: "session 3fa91c04: resumed after 12 s" },
    ],
    ...changes,
  };
}
