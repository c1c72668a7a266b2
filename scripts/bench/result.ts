/**
 * What was measured.
 *
 * @module
 */
import { type Quartiles, quartiles } from "./statistics.ts";
import type { Metric, Sample } from "./workload.ts";

/** One contender's row. */
export interface Row {
  contender: string;
  /** Of each round in which it was measured. */
  samples: Sample[];
  /** What must be known about the samples. */
  note?: string;
  /** Why it was not measured, or not to the end. */
  error?: string;
}

/** One workload's table. */
export interface Result {
  name: string;
  title: string;
  metrics: readonly Metric[];
  rows: Row[];
}

/** The spread of one figure, if it was measured. */
export function spreadOf(row: Row | undefined, metric: string): Quartiles | undefined {
  const values = row?.samples.map((sample) => sample[metric]).filter((value) => value !== undefined) ?? [];
  return values.length > 0 ? quartiles(values) : undefined;
}

/** The median of one figure of one contender, if it was measured. */
export function medianOf(
  results: readonly Result[],
  workload: string,
  contender: string,
  metric: string,
): number | undefined {
  const rows = results.find((result) => result.name === workload)?.rows;
  return spreadOf(rows?.find((row) => row.contender === contender), metric)?.median;
}
