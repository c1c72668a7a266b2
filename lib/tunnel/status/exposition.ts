/**
 * The text format of Prometheus, version 0.0.4. It is less than a library for it would be, which also keeps every value
 * itself, where nearly all of these are read when somebody asks.
 *
 * @module
 */
import type { Metric } from "./metric_table.ts";

/** The media type. */
export const EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** A value of a metric. */
export interface Sample {
  /** What is told of a histogram behind the metric's name: `_bucket`, `_sum`, `_count`. */
  readonly suffix?: string;
  /** Values of the labels, by name; empty ones are left out, which means the same. */
  readonly labels: Readonly<Record<string, string>>;
  /** The value. */
  readonly value: number;
}

/**
 * Writes metrics with their samples; one without any is left out.
 *
 * @example
 * ```ts
 * import { expose } from "./exposition.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const metric = { name: "tele_sessions", type: "gauge", help: "Sessions.", labels: ["tunnel"] } as const;
 * assertEquals(
 *   expose([[metric, [{ labels: { tunnel: 'a "b"' }, value: 2 }]]]),
 *   '# HELP tele_sessions Sessions.\n# TYPE tele_sessions gauge\ntele_sessions{tunnel="a \\"b\\""} 2\n',
 * );
 * ```
 */
export function expose(metrics: Iterable<readonly [Metric, readonly Sample[]]>): string {
  const lines: string[] = [];
  for (const [{ name, type, help }, samples] of metrics) {
    if (samples.length === 0) continue;
    lines.push(`# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}`, `# TYPE ${name} ${type}`);
    for (const { suffix = "", labels, value } of samples) {
      lines.push(`${name}${suffix}${labelText(labels)} ${valueText(value)}`);
    }
  }
  return lines.map((line) => `${line}\n`).join("");
}

function labelText(labels: Sample["labels"]): string {
  const parts = Object.entries(labels).filter(([, value]) => value !== "").map(([name, value]) =>
    `${name}="${escaped(value)}"`
  );
  return parts.length === 0 ? "" : `{${parts.join(",")}}`;
}

/** Values may be names that a certificate gives. */
function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function valueText(value: number): string {
  return value === Infinity ? "+Inf" : String(value);
}
