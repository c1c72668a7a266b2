/**
 * Many runs, several at a time.
 *
 * @module
 */
import { type Outage, recover, type RunOptions } from "./run.ts";
import type { Row } from "./table.ts";
import type { Traffic } from "./traffic.ts";

/** What the 95th percentile may be, in milliseconds. */
const BARS_MS: Record<Outage, number> = {
  "black hole": 2_000,
  "swallowing box": 2_000,
  "asleep": 2_000,
  "address change": 2_000,
  "reset": 100,
};

const TRAFFIC: readonly Traffic[] = ["download", "upload", "typing"];

/** So many runs with a bar of 100 ms at once do not measure each other. */
const MOST_SHORT_RUNS = 3;

/** How much to measure. */
export interface MeasureOptions extends RunOptions {
  /** Runs of each outage under each traffic. */
  runs: number;
  /** Only these outages. @default {undefined}, all */
  only?: string;
  /** Runs at the same time, on hosts of their own. */
  parallel: number;
  /** Told after each run. */
  onProgress?: (done: number, of: number) => void;
}

/** Measures every outage under every kind of traffic. */
export async function measure(options: MeasureOptions): Promise<Row[]> {
  const chosen = Object.entries(BARS_MS).filter(([outage]) => outage.includes(options.only ?? ""));
  const rows = chosen.flatMap(([outage, barMs]) =>
    TRAFFIC.map((traffic): Row => ({ outage: outage as Outage, traffic, barMs, runs: [], errors: [] }))
  );
  const jobs = rows.flatMap((row) => Array.from({ length: options.runs }, () => row));
  let done = 0;
  const work = async (queue: Row[]) => {
    for (let row = queue.shift(); row; row = queue.shift()) {
      try {
        row.runs.push(await recover(row.outage, row.traffic, options));
      } catch (error) {
        row.errors.push((error as Error).message);
      }
      options.onProgress?.(++done, jobs.length);
    }
  };
  const crew = (queue: Row[], size: number) => Promise.all(Array.from({ length: size }, () => work(queue)));
  await crew(jobs.filter(({ outage }) => outage !== "reset"), options.parallel);
  await crew(jobs.filter(({ outage }) => outage === "reset"), Math.min(MOST_SHORT_RUNS, options.parallel));
  return rows;
}
