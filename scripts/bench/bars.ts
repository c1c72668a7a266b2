/**
 * How fast tele is to be.
 *
 * @module
 */
import type { Bar } from "./bar.ts";
import { WIDE_BARS } from "./bars_wide.ts";
import { medianOf, type Result } from "./result.ts";
import { format } from "./statistics.ts";

/** What became of a bar. */
export interface Verdict {
  /** The bar in words. */
  text: string;
  /** In the same terms, but for those with a sum or an alternative in the metric's unit. `undefined` without figures. */
  measured: number | undefined;
  verdict: "beyond" | "not beyond" | "met" | "missed" | "not measured";
}

const [tele, tls] = ["tele", "tele TLS"];
const [ssh, bare, stunnel] = ["ssh -L", "bare Deno pair", "stunnel pair"].map((contender) => ({ contender }));

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
      { ...rate, contender: "tele sealed", bar: 0.95, beyond: 1.0, of: { contender: tls } },
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
  {
    ...{ workload: "fleet-echo", contender: "tele passed on", metric: "p50", kind: "most" },
    ...{ bar: 1.0, of: { contender: "tele behind a bare Deno relay" } },
  },
  ...["fleet-bulk-down", "fleet-bulk-up"].map((workload): Bar => ({
    ...{ workload, contender: "tele passed on", metric: "rate", kind: "least", bar: 0.6, of: { contender: tele } },
  })),
  ...WIDE_BARS,
];

/** The verdicts on all bars of the workloads that were measured. */
export function judge(results: readonly Result[], bars: readonly Bar[] = BARS): Verdict[] {
  return bars.filter((bar) => results.some(({ name }) => name === bar.workload)).map((bar) => judgeOne(results, bar));
}

function judgeOne(results: readonly Result[], bar: Bar): Verdict {
  const { workload, contender, metric, of, plus = 0 } = bar;
  const own = medianOf(results, workload, contender, metric);
  const other = of ? medianOf(results, of.workload ?? workload, of.contender, metric) : 1;
  const text = `${workload} ${metric}: ${contender} ${describe(results, bar)}`;
  if (own === undefined || other === undefined) return { text, measured: undefined, verdict: "not measured" };
  const measured = hasUnit(bar) ? own : own / other;
  const isKept = (limit: number | undefined) =>
    limit !== undefined && (bar.kind === "least" ? own >= limit * other + plus : own <= limit * other + plus);
  if (isKept(bar.beyond)) return { text, measured, verdict: "beyond" };
  // What has only a goal beyond cannot be missed.
  if (bar.bar === undefined) return { text, measured, verdict: "not beyond" };
  return { text, measured, verdict: isKept(bar.bar) || (bar.or !== undefined && own >= bar.or) ? "met" : "missed" };
}

/** Whether a bar's figures are in the unit of its metric, and not multiples. */
function hasUnit({ of, plus, or }: Bar): boolean {
  return of === undefined || plus !== undefined || or !== undefined;
}

function describe(results: readonly Result[], { workload, metric, kind, bar, beyond, of, plus, or }: Bar): string {
  const unit = results.find(({ name }) => name === workload)?.metrics.find(({ name }) => name === metric)?.unit ?? "";
  const multiple = of ? ` × ${of.contender}${of.workload ? ` with ${of.workload}` : ""}` : ` ${unit}`;
  const whose = `${multiple}${plus === undefined ? "" : ` + ${format(plus)} ${unit}`}`;
  const sign = kind === "least" ? "≥" : "≤";
  const goal = beyond === undefined ? "" : ` (beyond: ${sign} ${format(beyond)}${bar === undefined ? whose : ""})`;
  const other = or === undefined ? "" : ` or ${format(or)} ${unit}`;
  return bar === undefined ? goal.trim() : `${sign} ${format(bar)}${whose}${other}${goal}`;
}
