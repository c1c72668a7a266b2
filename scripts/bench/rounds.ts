/**
 * Interleaved rounds: what changes on the machine over time meets all contenders alike.
 *
 * @module
 */
import type { Scenario } from "../../tests/support/scenario.ts";
import { DEBIAN_PACKAGES, find } from "../../tests/support/skip.ts";
import { within } from "../../tests/support/wait.ts";
import type { Contender } from "./contender.ts";
import type { Result, Row } from "./result.ts";
import { withScene } from "./scene.ts";
import type { Bench, Measure, Workload } from "./workload.ts";

/** How often and how long to measure. */
export interface RoundOptions {
  rounds: number;
  seconds: number;
  onProgress(text: string): void;
}

/** Longest time for setting a contender up, in milliseconds. */
const START_MS = 60_000;

/** Longest time for one measurement beside the time that it was given, in milliseconds. */
const MARGIN_MS = 300_000;

const WARM_UP_SECONDS = 1;

/** Measures one workload. What goes wrong with a contender is told in its row, and the others go on. */
export async function measureRounds(workload: Workload, bench: Bench, options: RoundOptions): Promise<Result> {
  const { name, title, metrics, contenders } = workload;
  const rows = contenders.map(({ name }): Row => ({ contender: name, samples: [] }));
  const takeTurns = async (s: Scenario) => {
    const measures = await openAll(workload, contenders, rows, s, bench);
    const seconds = options.seconds * (workload.times ?? 1);
    const turn = async (index: number, turnSeconds: number, isCounted: boolean) => {
      const [measure, row] = [measures[index], rows[index]];
      if (measure === undefined || row.error !== undefined) return;
      options.onProgress(`${title}: ${row.contender}`);
      try {
        const limitMs = turnSeconds * 1_000 + MARGIN_MS;
        const measuring = measure(turnSeconds, (text) => row.note = text);
        const sample = await within(measuring, limitMs, `a measurement of ${row.contender}`);
        if (isCounted) row.samples.push(sample);
      } catch (error) {
        row.error = sentence(error);
      }
    };
    if (!workload.isCold) { for (const index of rows.keys()) await turn(index, WARM_UP_SECONDS, false); }
    for (let round = 0; round < options.rounds; round++) {
      const order = [...rows.keys()].map((place) => (round + place) % rows.length);
      if (workload.isSideBySide) await Promise.all(order.map((index) => turn(index, seconds, true)));
      else for (const index of order) await turn(index, seconds, true);
    }
  };
  try {
    await withScene(takeTurns);
  } catch (error) {
    for (const row of rows) row.error ??= sentence(error);
  }
  return { name, title, metrics, rows };
}

/** The programs of a list that are not installed, with the Debian package of each. */
export function missing(programs: readonly string[]): string[] {
  return programs.filter((name) => find(name) === undefined)
    .map((name) => DEBIAN_PACKAGES[name] ? `${name} (Debian package ${DEBIAN_PACKAGES[name]})` : name);
}

async function openAll(
  workload: Workload,
  contenders: readonly Contender[],
  rows: readonly Row[],
  s: Scenario,
  bench: Bench,
): Promise<(Measure | undefined)[]> {
  const lacking = missing(workload.programs);
  if (lacking.length > 0) throw new Error(`missing: ${lacking.join(", ")}`);
  const open = await workload.prepare(s, bench);
  const measures: (Measure | undefined)[] = [];
  for (const [index, contender] of contenders.entries()) {
    try {
      const lacking = missing(contender.programs);
      if (lacking.length > 0) throw new Error(`missing: ${lacking.join(", ")}`);
      measures.push(await within(open(contender), START_MS, `the start of ${contender.name}`));
    } catch (error) {
      rows[index].error = sentence(error);
      measures.push(undefined);
    }
  }
  return measures;
}

function sentence(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replaceAll(/\s+/g, " ").trim();
}
