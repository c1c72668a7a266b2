/**
 * Runs scenarios, one task each.
 *
 * @module
 */
import { scenarioOf } from "./kinds.ts";
import type { Scenario } from "./scenario.ts";
import { inOwnTask, textOf } from "./task.ts";
import { type Outcome, play } from "./world.ts";

/** Plays a scenario in a task of its own. A promise that rejects and that nobody looks at is a failure too. */
export async function playAlone(scenario: Scenario, isTraced = false): Promise<Outcome> {
  const { result, rejected } = await inOwnTask(() => play(scenario, isTraced));
  if (rejected === undefined || result.problem !== undefined) return result;
  return { ...result, problem: `a rejection that nobody handles: ${textOf(rejected.reason)}` };
}

/** Options of {@linkcode runSeeds}. */
export interface SeedOptions {
  from: number;
  /** Runs at the most. */
  seeds: number;
  /** Seconds at the most. */
  seconds: number;
  /** Told now and then, and at each failure. */
  onProgress?(done: SeedReport): void;
  /** Ends at the first failure. */
  stopsAtFailure?: boolean;
}

/** What came of many runs. */
export interface SeedReport {
  runs: number;
  seconds: number;
  carriers: number;
  bytes: number;
  slowestHealMs: number;
  slowestHealSeed: number;
  failed: { seed: number; problem: string }[];
}

/** Runs one seed after the other. */
export async function runSeeds(options: SeedOptions): Promise<SeedReport> {
  const report: SeedReport = {
    runs: 0,
    seconds: 0,
    carriers: 0,
    bytes: 0,
    slowestHealMs: 0,
    slowestHealSeed: 0,
    failed: [],
  };
  const startMs = performance.now();
  for (let seed = options.from; seed < options.from + options.seeds; seed++) {
    report.seconds = (performance.now() - startMs) / 1000;
    if (report.seconds >= options.seconds) break;
    const outcome = await playAlone(scenarioOf(seed));
    report.runs++;
    report.carriers += outcome.carriers;
    report.bytes += outcome.bytes;
    if (outcome.healedAfterMs > report.slowestHealMs) {
      report.slowestHealMs = outcome.healedAfterMs;
      report.slowestHealSeed = seed;
    }
    if (outcome.problem !== undefined) {
      report.failed.push({ seed, problem: outcome.problem });
      if (options.stopsAtFailure) break;
    }
    if (report.runs % 1000 === 0) options.onProgress?.(report);
  }
  report.seconds = (performance.now() - startMs) / 1000;
  return report;
}
