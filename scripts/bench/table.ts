/**
 * The tables of the bench, in Markdown, which also reads well on a terminal.
 *
 * @module
 */
import type { Verdict } from "./bars.ts";
import { type Result, type Row, spreadOf } from "./result.ts";
import { format } from "./statistics.ts";
import type { Metric } from "./workload.ts";

/** The lines of one workload: medians, and quartiles in brackets. */
export function resultTable({ title, metrics, rows }: Result): string[] {
  const head = ["", ...metrics.map(({ name, unit }) => name === "rate" || name === "time" ? unit : `${name}, ${unit}`)];
  const body = rows.map((row) => [row.contender, ...metrics.map((metric) => cell(row, metric))]);
  const remarks = rows.flatMap(({ contender, note, error }) =>
    [note, error].filter((text) => text !== undefined).map((text) => `${contender}: ${text}`)
  );
  return [`### ${title}`, "", ...table([head, ...body]), ...remarks.flatMap((line) => ["", line])];
}

/** The lines of the bars. */
export function barTable(verdicts: readonly Verdict[]): string[] {
  const body = verdicts.map(({ text, measured, verdict }) => [
    text,
    measured === undefined ? "-" : format(measured),
    verdict === "missed" ? "**MISSED**" : verdict,
  ]);
  return ["### Bars", "", ...table([["bar", "measured", ""], ...body])];
}

function cell(row: Row, { name }: Metric): string {
  const spread = spreadOf(row, name);
  if (spread === undefined) return row.error?.startsWith("missing") ? "missing" : row.error ? "failed" : "-";
  const { low, median, high } = spread;
  return `${format(median)} (${format(low)} to ${format(high)})`;
}

function table(rows: readonly string[][]): string[] {
  const widths = rows[0].map((_, column) => Math.max(3, ...rows.map((row) => row[column].length)));
  const line = (cells: readonly string[]) =>
    `| ${
      cells.map((text, column) => column === 0 ? text.padEnd(widths[0]) : text.padStart(widths[column])).join(" | ")
    } |`;
  const rule = `| ${
    widths.map((width, column) => column === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`).join(" | ")
  } |`;
  const [head, ...body] = rows;
  return [line(head), rule, ...body.map(line)];
}
