/**
 * What is printed.
 *
 * @module
 */
import { spread } from "../recovery/table.ts";

/** One thing that was expected, and what came. */
export interface Row {
  readonly what: string;
  /** Empty where paper says nothing. */
  readonly paper: string;
  readonly run: string;
}

/** What came of one scene. */
export interface SceneResult {
  readonly title: string;
  readonly rows: readonly Row[];
  /** What should not have been. */
  readonly problems: readonly string[];
}

/** Milliseconds for a reader. */
export function ms(value: number): string {
  if (!Number.isFinite(value)) return "none";
  return value >= 10_000 ? `${(value / 1_000).toFixed(1)} s` : `${round(value)} ms`;
}

/** Half of them, 95 %, and the longest. */
export function spreadOf(values: number[]): string {
  if (values.length === 0) return "none";
  const { p50, p95, max } = spread(values);
  return `${ms(p50)} / ${ms(p95)} / ${ms(max)}`;
}

/** With no more digits than are of interest. */
export function round(value: number): string {
  return Math.abs(value) >= 100 || Number.isInteger(value) ? String(Math.round(value)) : value.toFixed(2);
}

/** A part in percent. */
export function percent(part: number): string {
  return `${(part * 100).toFixed(1)} %`;
}

/** Rows as a table of Markdown. */
export function table({ title, rows }: Pick<SceneResult, "title" | "rows">): string {
  const cells = [["", "paper", "run"], ...rows.map(({ what, paper, run }) => [what, paper, run])];
  const widths = [0, 1, 2].map((at) => Math.max(...cells.map((row) => row[at].length)));
  const line = (row: string[]) => `| ${row.map((cell, at) => cell.padEnd(widths[at])).join(" | ")} |`;
  const [head, ...body] = cells;
  return [title, "", line(head), `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...body.map(line), ""]
    .join("\n");
}
