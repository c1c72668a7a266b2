/**
 * How it goes with all workers, as their parent tells it.
 *
 * @module
 */
import type { UnixAddress } from "../../net/address.ts";
import type { Clock } from "../../net/clock.ts";
import { TeleError } from "../../net/error.ts";
import type { StatusReport } from "../status/report.ts";
import type { ToldStatus } from "../status/status_source.ts";
import { askWorker, type DialWorker } from "./ask_worker.ts";
import { mergeMetrics } from "./merge_metrics.ts";
import { mergeReports, mergeTunnels } from "./merge_reports.ts";
import type { WorkerPlace } from "./worker.ts";

/** Options of {@linkcode WorkersStatus}. */
export interface WorkersStatusOptions {
  /** Time. */
  readonly clock: Clock;
  /** The workers that there are now. */
  readonly places: () => readonly WorkerPlace[];
  /** Where a worker is asked. */
  readonly addressOf: (place: WorkerPlace) => UnixAddress;
  /** Opens connections to workers. */
  readonly dial: DialWorker;
}

/** Asks all workers when somebody asks the parent, and puts their answers together. */
export class WorkersStatus {
  readonly #options: WorkersStatusOptions;

  /** Nobody is asked yet. */
  constructor(options: WorkersStatusOptions) {
    this.#options = options;
  }

  /**
   * What those tell that answer. One that is just started, or hangs, is left out.
   *
   * @throws {TeleError} `carrier-lost` if none answers.
   */
  async look(): Promise<ToldStatus> {
    const { places, addressOf, clock, dial } = this.#options;
    const all = await Promise.all(
      places().map(async (place) => {
        try {
          const ask = (path: string) => askWorker(addressOf(place), path, clock, dial);
          const [report, metrics] = await Promise.all([ask("/api/sessions"), ask("/metrics")]);
          return [{ place, report: JSON.parse(report) as StatusReport, metrics }];
        } catch {
          return [];
        }
      }),
    );
    const told = all.flat();
    if (told.length === 0) throw new TeleError("carrier-lost", "no worker answers: they are being started, or hang");
    const newest = Math.max(...told.map(({ place }) => place.generation));
    const reports = told.map(({ place, report }) => ({ name: nameOf(place, newest), report }));
    return {
      tunnels: mergeTunnels(reports),
      report: () => mergeReports(reports),
      metrics: () => mergeMetrics(told.map(({ place, metrics }) => ({ labels: labelsOf(place), text: metrics }))),
    };
  }
}

function nameOf({ number, generation }: WorkerPlace, newest: number): string {
  return generation === newest ? `worker ${number}` : `worker ${number} before upgrade ${generation + 1}`;
}

/** While an upgrade lasts there are two workers of a number. */
function labelsOf({ number, generation }: WorkerPlace): Record<string, number> {
  return { worker: number, generation };
}
