/**
 * How fast tele is to be.
 *
 * @module
 */
import { medianOf, type Result } from "./result.ts";
import { format } from "./statistics.ts";

/** A figure that tele keeps to: a number in the unit of the metric, or a multiple of somebody's figure. */
export interface Bar {
  workload: string;
  contender: string;
  metric: string;
  /** `least` where more is better. */
  kind: "least" | "most";
  bar?: number;
  /** What would be better still. */
  beyond?: number;
  /** Whose figure it is a multiple of; of the same workload unless said. */
  of?: { contender: string; workload?: string };
}

/** What became of a bar. */
export interface Verdict {
  /** The bar in words. */
  text: string;
  /** In the same terms; `undefined` where one of the figures is missing. */
  measured: number | undefined;
  verdict: "beyond" | "met" | "missed" | "not measured";
}

const [tele, tls, four] = ["tele", "tele TLS", "tele --pool=4"];
const [ssh, bare, stunnel, direct] = ["ssh -L", "bare Deno pair", "stunnel pair", "direct"]
  .map((contender) => ({ contender }));

/** Every bar. */
export const BARS: readonly Bar[] = [
  ...["down", "up"].flatMap((direction): Bar[] => {
    const workload = `bulk-${direction}-1`;
    const rate = { workload, metric: "rate", kind: "least" } as const;
    return [
      { ...rate, contender: tele, bar: 1.7, beyond: 2.2, of: ssh },
      { ...rate, contender: tele, bar: 0.6, beyond: 0.8, of: bare },
      { ...rate, contender: tls, bar: 1.0, beyond: 1.3, of: ssh },
      { ...rate, contender: tls, bar: 1.0, beyond: 1.3, of: stunnel },
      {
        ...rate,
        workload: `bulk-${direction}-16`,
        contender: tele,
        bar: 0.9,
        beyond: 1.0,
        of: { contender: tele, workload },
      },
    ];
  }),
  { workload: "echo", contender: tele, metric: "p50", kind: "most", bar: 1.3, beyond: 1.0, of: bare },
  { workload: "echo", contender: tele, metric: "p99", kind: "most", bar: 1.5, beyond: 1.1, of: bare },
  { workload: "http-kept", contender: tele, metric: "rate", kind: "least", bar: 1.0, beyond: 1.3, of: ssh },
  { workload: "http-kept", contender: tele, metric: "rate", kind: "least", bar: 1.2, of: bare },
  { workload: "http-new", contender: tele, metric: "rate", kind: "least", bar: 0.8, beyond: 1.1, of: ssh },
  { workload: "idle", contender: tele, metric: "client", kind: "most", bar: 24, beyond: 12 },
  { workload: "idle", contender: tele, metric: "server", kind: "most", bar: 24, beyond: 12 },
  { workload: "wide-first", contender: tele, metric: "time", kind: "most", bar: 1.15, beyond: 1.05 },
  ...["down", "up"].flatMap((direction): Bar[] => {
    const rate = { workload: `wide-bulk-${direction}`, metric: "rate", kind: "least", of: direct } as const;
    return [{ ...rate, contender: tele, bar: 0.9 }, { ...rate, contender: four, beyond: 1.5 }];
  }),
  { workload: "wide-echo", contender: tele, metric: "p99", kind: "most", bar: 150, beyond: 90 },
  { workload: "wide-echo", contender: tele, metric: "rate", kind: "least", bar: 18 },
];

/** The verdicts on all bars of the workloads that were measured. */
export function judge(results: readonly Result[], bars: readonly Bar[] = BARS): Verdict[] {
  return bars.filter((bar) => results.some(({ name }) => name === bar.workload)).map((bar) => judgeOne(results, bar));
}

function judgeOne(results: readonly Result[], bar: Bar): Verdict {
  const { workload, contender, metric, of } = bar;
  const own = medianOf(results, workload, contender, metric);
  const other = of && medianOf(results, of.workload ?? workload, of.contender, metric);
  const measured = own === undefined || (of && other === undefined) ? undefined : own / (other ?? 1);
  const isKept = (limit: number | undefined) =>
    limit !== undefined && measured !== undefined && (bar.kind === "least" ? measured >= limit : measured <= limit);
  const text = `${workload} ${metric}: ${contender} ${describe(results, bar)}`;
  if (measured === undefined) return { text, measured, verdict: "not measured" };
  if (isKept(bar.beyond)) return { text, measured, verdict: "beyond" };
  // What has only a goal beyond cannot be missed.
  if (bar.bar === undefined) return { text, measured, verdict: "met" };
  return { text, measured, verdict: isKept(bar.bar) ? "met" : "missed" };
}

function describe(results: readonly Result[], { workload, metric, kind, bar, beyond, of }: Bar): string {
  const unit = results.find(({ name }) => name === workload)?.metrics.find(({ name }) => name === metric)?.unit;
  const whose = of ? ` × ${of.contender}${of.workload ? ` with ${of.workload}` : ""}` : ` ${unit ?? ""}`;
  const sign = kind === "least" ? "≥" : "≤";
  const goal = beyond === undefined ? "" : ` (beyond: ${sign} ${format(beyond)}${bar === undefined ? whose : ""})`;
  return bar === undefined ? goal.trim() : `${sign} ${format(bar)}${whose}${goal}`;
}
