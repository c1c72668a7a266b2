/**
 * The metrics that `/metrics` tells, in one table: what makes them reads it, and so do tests of the manual, of the alert
 * rules and of the dashboard. Names, units and types follow the conventions of Prometheus.
 *
 * @module
 */

/** A metric. */
export interface Metric {
  /** Its name. */
  readonly name: string;
  /** What it is: a counter only grows until the process ends. */
  readonly type: "gauge" | "counter" | "histogram";
  /** What it tells. */
  readonly help: string;
  /** Names of its labels. `tunnel` is the name in a configuration, else empty. */
  readonly labels: readonly string[];
}

function metric<Name extends string>(name: Name, type: Metric["type"], help: string, ...labels: string[]) {
  return { name, type, help, labels };
}

/** Every metric, in the order in which they are told. */
export const METRICS = [
  metric("tele_build_info", "gauge", "Always 1; labels say what runs.", "version", "role"),
  metric("process_start_time_seconds", "gauge", "When the process began, in seconds since 1970."),
  metric("process_cpu_seconds_total", "counter", "Processor time that the process has used."),
  metric("process_resident_memory_bytes", "gauge", "Memory that the process has in use."),
  metric("tele_tunnel_up", "gauge", "1 while users can be carried; 0 for a client without a connection.", "tunnel"),
  metric("tele_draining", "gauge", "1 while the tunnel takes nothing new.", "tunnel"),
  metric("tele_sessions", "gauge", "Sessions, with a connection or without.", "tunnel"),
  metric("tele_sessions_in_outage", "gauge", "Sessions without a connection.", "tunnel"),
  metric("tele_streams_open", "gauge", "Users' connections that are open.", "tunnel", "service", "client"),
  metric("tele_streams_total", "counter", "Users' connections that were carried.", "tunnel", "service", "client"),
  metric("tele_streams_refused_total", "counter", "Of these, those that were refused at the other end.", "tunnel"),
  metric("tele_streams_cut_total", "counter", "Of these, those that were cut with their session.", "tunnel"),
  metric("tele_users_refused_total", "counter", "Users' connections refused before they were carried.", "tunnel"),
  metric("tele_sent_bytes_total", "counter", "Bytes that the other ends have taken, frames included.", "tunnel"),
  metric("tele_received_bytes_total", "counter", "Bytes that came, frames included.", "tunnel"),
  metric("tele_resent_bytes_total", "counter", "Bytes sent again after connections were lost.", "tunnel"),
  metric("tele_carriers", "gauge", "Connections to the other tele processes.", "tunnel"),
  metric("tele_carriers_total", "counter", "Connections to other tele processes that were made.", "tunnel", "way"),
  metric("tele_carriers_lost_total", "counter", "Such connections that are gone, and why.", "tunnel", "way", "reason"),
  metric("tele_resumes_total", "counter", "Outages that ended with the same session.", "tunnel"),
  metric("tele_attempts_failed_total", "counter", "Attempts at connections that failed, and why.", "tunnel", "reason"),
  metric("tele_handshakes_in_progress", "gauge", "Connections at a server that have not proven themselves.", "tunnel"),
  metric("tele_outage_seconds", "histogram", "How long there was no connection.", "tunnel"),
  metric("tele_recovery_seconds", "histogram", "The same from the last byte heard on: what users felt.", "tunnel"),
  metric("tele_round_trip_seconds", "histogram", "Round trips of connections, when metrics were asked for.", "tunnel"),
  metric("tele_log_bytes", "gauge", "Bytes kept until the other ends have taken them.", "tunnel"),
  metric("tele_memory_used_bytes", "gauge", "Memory promised to sessions."),
  metric("tele_memory_limit_bytes", "gauge", "Most that may be promised (--memory)."),
] as const satisfies readonly Metric[];

/** Name of a metric. */
export type MetricName = typeof METRICS[number]["name"];
