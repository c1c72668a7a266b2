/**
 * Runs the simulator of `tests/sim/`.
 *
 *     deno task sim --seeds=100000              100,000 runs, from seed 1 or --from
 *     deno task sim --seconds=120               as many as fit
 *     deno task sim --seed=7 --trace            one run, with all that happened
 *
 * Exit codes: 0 all runs were right, 1 one was not, 2 wrong command line.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { canSimulate } from "./clock.ts";
import { count, fail, number } from "./flags.ts";
import { playAlone, runSeeds, type SeedReport } from "./run.ts";
import { scenarioOf } from "./kinds.ts";
import { explain } from "./shrink.ts";

/** Failures that are shrunk and shown at full length. */
const MOST_EXPLAINED = 3;

function summary(report: SeedReport): string {
  const { runs, seconds, carriers, bytes, slowestHealMs, slowestHealSeed, failed } = report;
  return `${runs} runs in ${seconds.toFixed(1)} s (${Math.round(runs / seconds)} a second), ${carriers} carriers, ` +
    `${Math.round(bytes / 2 ** 20)} MiB checked, ${failed.length} failed; ` +
    `slowest recovery ${(slowestHealMs / 1000).toFixed(1)} s (seed ${slowestHealSeed})`;
}

async function showOne(seed: number, isTraced: boolean): Promise<number> {
  const scenario = scenarioOf(seed);
  const outcome = await playAlone(scenario, true);
  if (isTraced) {
    console.log(JSON.stringify(scenario, undefined, 1));
    for (const line of outcome.trace) console.log(line);
  }
  if (outcome.problem === undefined) {
    console.log(`seed ${seed} (${scenario.kind}) is right: ${outcome.carriers} carriers, ${outcome.bytes} bytes`);
    return 0;
  }
  console.log(isTraced ? `seed ${seed} fails: ${outcome.problem}` : await explain(scenario, outcome.problem));
  return 1;
}

async function showMany(from: number, seeds: number, seconds: number, isQuick: boolean): Promise<number> {
  const report = await runSeeds({
    from,
    seeds,
    seconds,
    stopsAtFailure: isQuick,
    // Who runs it quickly wants to know soon that it hangs.
    onProgress: (report) => report.runs % (isQuick ? 200 : 10_000) === 0 && console.log(summary(report)),
  });
  for (const { seed, problem } of report.failed.slice(0, MOST_EXPLAINED)) {
    console.log(isQuick ? `seed ${seed} fails: ${problem}` : `\n${await explain(scenarioOf(seed), problem)}`);
  }
  for (const { seed, problem } of report.failed.slice(MOST_EXPLAINED, 200)) {
    console.log(`seed ${seed} fails: ${problem}`);
  }
  console.log(summary(report));
  return report.failed.length > 0 ? 1 : 0;
}

if (import.meta.main) {
  if (!canSimulate) fail("this version of Deno cannot run the simulator: it has no core.runMicrotasks");
  const flags = parseArgs(Deno.args, {
    string: ["seeds", "from", "seconds", "seed"],
    boolean: ["trace", "quick"],
    unknown: (flag) => fail(`${flag} is not known here: --seeds=N --from=SEED --seconds=S, or --seed=S --trace`),
  });
  const code = flags.seed !== undefined ? await showOne(number("seed", flags.seed, 1), flags.trace) : await showMany(
    number("from", flags.from, 1),
    count("seeds", flags.seeds, flags.seconds === undefined ? 10_000 : Infinity),
    count("seconds", flags.seconds, Infinity),
    flags.quick,
  );
  Deno.exit(code);
}
