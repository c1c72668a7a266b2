/** The reports of several workers as that of one process. */
import { assertEquals } from "@std/assert";
import { MOST_RECENT } from "../../../../lib/tunnel/status/recent_lines.ts";
import { MOST_SESSIONS, type SessionReport, type StatusReport } from "../../../../lib/tunnel/status/report.ts";
import { mergeReports, mergeTunnels } from "../../../../lib/tunnel/workers/merge_reports.ts";
import { aStatus } from "../../../support/status_world.ts";

/** A time of the same day. */
const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();

const REPORT: StatusReport = {
  ...aStatus().report(),
  role: "server",
  startedAt: at(5),
  now: at(50),
  state: "serving",
  tunnels: [{ name: null, role: "server", state: "serving" }],
  log: [],
  sessions: [],
};

function session(id: string, facts: Partial<SessionReport> = {}): SessionReport {
  return {
    id,
    tunnel: null,
    client: null,
    since: at(0),
    state: "connected",
    stateSince: at(0),
    peer: "",
    sentBytes: 0,
    receivedBytes: 0,
    resentBytes: 0,
    roundTripSeconds: null,
    outages: 0,
    carriers: [],
    streams: [],
    streamsOpen: 0,
    timeline: [],
    ...facts,
  };
}

function merge(one: Partial<StatusReport>, other: Partial<StatusReport>): StatusReport {
  return mergeReports([{ name: "worker 1", report: { ...REPORT, ...one } }, {
    name: "worker 2",
    report: { ...REPORT, ...other },
  }]);
}

Deno.test("what is counted is added, and the process is as old as its oldest worker", () => {
  const memory = (usedBytes: number) => ({ usedBytes, limitBytes: 100 });
  const merged = merge(
    { sentBytes: 1, receivedBytes: 2, resentBytes: 3, streamsOpen: 4, sessionsOmitted: 5, memory: memory(6) },
    {
      sentBytes: 10,
      receivedBytes: 20,
      resentBytes: 30,
      streamsOpen: 40,
      memory: memory(60),
      startedAt: at(2),
      now: at(51),
    },
  );
  const { sentBytes, receivedBytes, resentBytes, streamsOpen, sessionsOmitted } = merged;
  assertEquals([sentBytes, receivedBytes, resentBytes, streamsOpen, sessionsOmitted], [11, 22, 33, 44, 5]);
  assertEquals(merged.memory, { usedBytes: 66, limitBytes: 200 });
  assertEquals([merged.startedAt, merged.now], [at(2), at(51)]);
});

Deno.test("sessions have their worker's name: outages first, the longest first, then the oldest, up to a limit", () => {
  const merged = merge(
    { sessions: [session("c", { state: "outage", stateSince: at(9) }), session("b", { since: at(4) })] },
    { sessions: [session("d", { state: "outage", stateSince: at(3) }), session("a", { since: at(1) })] },
  );
  assertEquals(merged.sessions.map(({ id, tunnel }) => `${id} ${tunnel}`), [
    "d worker 2",
    "c worker 1",
    "a worker 2",
    "b worker 1",
  ]);
  const many = { sessions: Array.from({ length: MOST_SESSIONS }, () => session("x")), sessionsOmitted: 1 };
  const cut = merge(many, many);
  assertEquals([cut.sessions.length, cut.sessionsOmitted], [MOST_SESSIONS, MOST_SESSIONS + 2]);
});

Deno.test("the last lines of all are told by their time", () => {
  const line = (second: number) => ({ time: at(second), level: "info" as const, message: `${second}` });
  const merged = merge({ log: [line(1), line(4)] }, { log: [line(2), line(3)] });
  assertEquals(merged.log.map(({ message }) => message), ["1", "2", "3", "4"]);
  const many = { log: Array.from({ length: MOST_RECENT }, (_, second) => line(second)) };
  assertEquals(merge(many, many).log.length, MOST_RECENT);
});

Deno.test("who drains while another serves is shown, and does not count for health; the last one does", () => {
  const draining = { state: "draining", tunnels: [{ name: null, role: "server", state: "draining" }] } as const;
  const waiting = { state: "waiting", tunnels: [{ name: null, role: "client", state: "waiting" }] } as const;
  const reports = (...facts: Partial<StatusReport>[]) =>
    facts.map((own, place) => ({ name: `worker ${place + 1}`, report: { ...REPORT, ...own } }));
  const upgrade = reports(draining, {});
  assertEquals(mergeReports(upgrade).state, "serving");
  assertEquals(mergeReports(upgrade).tunnels.map(({ name, state }) => `${name} ${state}`), [
    "worker 1 draining",
    "worker 2 serving",
  ]);
  assertEquals(mergeTunnels(upgrade).map(({ name }) => name), ["worker 2"]);
  assertEquals(mergeReports(reports(draining, draining)).state, "draining");
  assertEquals(mergeTunnels(reports(draining, draining)).length, 2);
  assertEquals(mergeReports(reports({}, waiting)).state, "waiting");
});

Deno.test("a worker that hangs is told, and is worse than one that drains", () => {
  const merged = mergeReports([{ name: "worker 1", report: { ...REPORT, state: "draining" } }], ["worker 2"]);
  assertEquals([merged.state, merged.tunnels.at(-1)], ["silent", {
    name: "worker 2",
    role: "server",
    state: "silent",
  }]);
});
