/**
 * The metrics of several workers as one text.
 *
 * @module
 */

/** The metrics of one worker. */
export interface WorkerMetrics {
  /** Labels that tell it from others, by name. The values are numbers of ours, and need no escaping. */
  readonly labels: Readonly<Record<string, number>>;
  /** Its text. */
  readonly text: string;
}

/**
 * Gives each sample its worker's labels, and puts those of one metric together, as the text format demands.
 *
 * Source: the text format of Prometheus, version 0.0.4, as `exposition.ts` writes it.
 *
 * @example
 * ```ts
 * import { mergeMetrics } from "./merge_metrics.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const text = "# TYPE tele_sessions gauge\ntele_sessions 2\n";
 * assertEquals(
 *   mergeMetrics([{ labels: { worker: 1 }, text }, { labels: { worker: 2 }, text }]),
 *   '# TYPE tele_sessions gauge\ntele_sessions{worker="1"} 2\ntele_sessions{worker="2"} 2\n',
 * );
 * ```
 */
export function mergeMetrics(all: readonly WorkerMetrics[]): string {
  /** Lines by metric, in the order in which metrics are told first. */
  const metrics = new Map<string, MetricLines>();
  for (const { labels, text } of all) {
    const own = Object.entries(labels).map(([name, value]) => `${name}="${value}"`).join(",");
    let lines: MetricLines = { comments: new Set(), samples: [] };
    for (const line of text.split("\n")) {
      const name = /^# (?:HELP|TYPE) (\S+)/.exec(line)?.[1];
      if (name !== undefined) {
        lines = metrics.get(name) ?? { comments: new Set(), samples: [] };
        metrics.set(name, lines);
        lines.comments.add(line);
      } else if (line !== "") {
        lines.samples.push(labelled(line, own));
      }
    }
  }
  return [...metrics.values()].flatMap(({ comments, samples }) => [...comments, ...samples])
    .map((line) => `${line}\n`).join("");
}

interface MetricLines {
  /** What all workers say of it; they are the same program, but during an upgrade. */
  readonly comments: Set<string>;
  readonly samples: string[];
}

/** Names of metrics hold no bracket, and whatever a value of a label holds stands behind the first one. */
function labelled(sample: string, labels: string): string {
  const end = sample.search(/[{ ]/);
  const [name, rest] = [sample.slice(0, end), sample.slice(end)];
  return rest.startsWith("{") ? `${name}{${labels},${rest.slice(1)}` : `${name}{${labels}}${rest}`;
}
