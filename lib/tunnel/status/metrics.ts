/**
 * What `/metrics` tells.
 *
 * @module
 */
import process from "node:process";
import { expose, type Sample } from "./exposition.ts";
import { LabelledCount } from "./labelled_count.ts";
import { type MetricName, METRICS } from "./metric_table.ts";
import type { ProcessStatus } from "./process_status.ts";
import { streamsOf } from "./session_report.ts";
import type { TunnelStatus } from "./tunnel_status.ts";

type Samples = Readonly<Partial<Record<MetricName, readonly Sample[]>>>;

/** All metrics of the process as text. The work grows with sessions, carriers and open streams, each of which has a limit. */
export function metricsText(status: ProcessStatus): string {
  const own = processSamples(status);
  const ofTunnels = status.tunnels.map(tunnelSamples);
  return expose(
    METRICS.map((metric) => [metric, [own, ...ofTunnels].flatMap((samples) => samples[metric.name] ?? [])] as const),
  );
}

function one(value: number, labels: Sample["labels"] = {}): Sample[] {
  return [{ labels, value }];
}

function processSamples({ facts }: ProcessStatus): Samples {
  const { version, role, startedAtMs, memory } = facts;
  const { user, system } = process.cpuUsage();
  return {
    tele_build_info: one(1, { version, role }),
    process_start_time_seconds: one(startedAtMs / 1000),
    process_cpu_seconds_total: one((user + system) / 1e6),
    process_resident_memory_bytes: one(Deno.memoryUsage().rss),
    tele_memory_used_bytes: one(memory.used),
    tele_memory_limit_bytes: one(memory.limitBytes),
  };
}

function tunnelSamples(tunnel: TunnelStatus): Samples {
  const { records, counts, carried, report, handshakes } = tunnel;
  const labels = { tunnel: tunnel.name ?? "" };
  const carriers = records.flatMap((record) => record.carriers);
  for (const { attached: { carrier } } of carriers) {
    if (carrier.roundTripMs > 0) counts.roundTrips.observe(carrier.roundTripMs / 1000);
  }
  return {
    tele_tunnel_up: one(report.state === "waiting" ? 0 : 1, labels),
    tele_draining: one(report.state === "draining" ? 1 : 0, labels),
    tele_sessions: one(records.length, labels),
    tele_sessions_in_outage: one(records.filter(({ isUp }) => !isUp).length, labels),
    tele_streams_refused_total: one(counts.refused, labels),
    tele_streams_cut_total: one(counts.cut, labels),
    tele_users_refused_total: one(counts.usersRefused, labels),
    tele_sent_bytes_total: one(carried.sentBytes, labels),
    tele_received_bytes_total: one(carried.receivedBytes, labels),
    tele_resent_bytes_total: one(carried.resentBytes, labels),
    tele_carriers: one(carriers.length, labels),
    tele_carriers_total: counts.carriers.samples(labels),
    tele_carriers_lost_total: counts.losses.samples(labels),
    tele_resumes_total: one(counts.resumes, labels),
    tele_attempts_failed_total: counts.failures.samples(labels),
    tele_handshakes_in_progress: tunnel.role === "server" ? one(handshakes, labels) : [],
    tele_outage_seconds: counts.outages.samples(labels),
    tele_recovery_seconds: counts.recoveries.samples(labels),
    tele_round_trip_seconds: counts.roundTrips.samples(labels),
    tele_log_bytes: one(records.reduce((sum, { session }) => sum + session.budget.heldBytes, 0), labels),
    ...streamSamples(tunnel, labels),
  };
}

/** What is open is told beside what was carried, which are those that are over and those that are open. */
function streamSamples({ records, counts }: TunnelStatus, labels: Sample["labels"]): Samples {
  const open = new LabelledCount(["service", "client"]);
  const total = counts.streams.copy();
  for (const { session } of records) {
    for (const { origin } of streamsOf(session)) {
      const values = [counts.serviceLabel(origin.service), session.client ?? ""];
      open.add(values);
      total.add(values);
    }
  }
  return { tele_streams_open: open.samples(labels), tele_streams_total: total.samples(labels) };
}
