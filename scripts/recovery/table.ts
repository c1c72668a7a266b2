/**
 * What the runs came to.
 *
 * @module
 */
import type { Outage, Recovery } from "./run.ts";
import type { Traffic } from "./traffic.ts";

/** All runs of one outage under one kind of traffic. */
export interface Row {
  outage: Outage;
  traffic: Traffic;
  /** What the 95th percentile with tele may be, in milliseconds. */
  barMs: number;
  runs: Recovery[];
  /** Runs that could not be measured, and why. */
  errors: string[];
}

/** Percentiles in milliseconds; infinite where bytes never moved again. */
export interface Spread {
  p50: number;
  p95: number;
  max: number;
}

/** Percentiles by the nearest rank; `undefined` counts as infinite. */
export function spread(values: (number | undefined)[]): Spread {
  const sorted = values.map((value) => value ?? Infinity).sort((one, other) => one - other);
  const rank = (part: number) => sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? NaN;
  return { p50: rank(0.5), p95: rank(0.95), max: rank(1) };
}

/** Whether tele kept within `times` the bar, and every run was measured. */
export function isWithin(row: Row, times = 1): boolean {
  return row.errors.length === 0 && spread(row.runs.map(({ teleMs }) => teleMs)).p95 <= row.barMs * times;
}

/** The lines of the table. */
export function table(rows: Row[]): string[] {
  const cells = (values: string[]) => values.map((value) => value.padStart(8)).join("");
  const head = `${"".padEnd(26)}${"runs".padStart(5)}  ${"tele: p50     p95     max".padStart(25)}     bar  ${
    "plain TCP: p50     p95     max".padStart(30)
  }`;
  const lines = rows.map((row) => {
    const of = (pick: (run: Recovery) => number | undefined) => {
      const { p50, p95, max } = spread(row.runs.map(pick));
      return cells([p50, p95, max].map(time));
    };
    const name = `${row.outage}, ${row.traffic}`.padEnd(26);
    const verdict = isWithin(row) ? "" : "  MISSED";
    const tele = of(({ teleMs }) => teleMs);
    const plain = of(({ plainMs }) => plainMs).padStart(30);
    return `${name}${String(row.runs.length).padStart(5)}  ${tele.padStart(25)}${
      time(row.barMs).padStart(8)
    }  ${plain}${verdict}`;
  });
  const errors = rows.flatMap((row) => row.errors.map((error) => `${row.outage}, ${row.traffic}: ${error}`));
  return [head, ...lines, ...errors];
}

function time(ms: number): string {
  if (Number.isNaN(ms)) return "-";
  if (ms === Infinity) return "never";
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(2)} s`;
}
