/**
 * What a status address tells of: a process, or several that are one to whoever asks.
 *
 * @module
 */
import { TeleError } from "../../net/error.ts";
import { metricsText } from "./metrics.ts";
import type { ProcessStatus } from "./process_status.ts";
import type { StatusReport, TunnelReport } from "./report.ts";

/** What is told at one moment. */
export interface ToldStatus {
  /** States, for those who ask for health. */
  readonly tunnels: readonly TunnelReport[];
  /** All of it. */
  report(): StatusReport;
  /** Metrics in the text format of Prometheus. */
  metrics(): string;
}

/** Looks for it; nothing is gathered before somebody asks. */
export type Look = () => ToldStatus | Promise<ToldStatus>;

/** Whether nobody was there who could tell, which is no fault of ours: such errors have the code `carrier-lost`. */
export function isUnreached(error: unknown): boolean {
  return error instanceof TeleError && error.code === "carrier-lost";
}

/** What one process tells. */
export function toldBy(status: ProcessStatus): ToldStatus {
  return {
    tunnels: status.tunnels.map(({ report }) => report),
    report: () => status.report(),
    metrics: () => metricsText(status),
  };
}
