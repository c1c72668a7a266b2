/**
 * tele beside what people would use instead: speed, latency, memory and CPU time, on this machine in one run.
 *
 *     deno task bench [--rounds=7] [--seconds=3] [--only=WORDS] [--tree=PATH] [--json=FILE] [--svg=FILE]
 *
 * The workloads are in `workloads_local.ts`, `workloads_fleet.ts` and `workloads_wide*.ts`, the contenders in `contender.ts` and
 * `variants.ts`, the bars in `bars.ts` and `bars_wide.ts`.
 *
 * @module
 */
import { removeLeftovers } from "../../tests/support/namespace.ts";
import type { Scenario } from "../../tests/support/scenario.ts";
import { DEBIAN_PACKAGES, find } from "../../tests/support/skip.ts";
import { barTable, resultTable } from "./table.ts";
import { judge } from "./bars.ts";
import { chart } from "./chart.ts";
import { makeLoadGenerator } from "./load.ts";
import { compileWan } from "./link.ts";
import { describeMachine, type Machine, machineLines } from "./machine.ts";
import { runTool } from "../cli.ts";
import { UsageError } from "../usage_error.ts";
import { BENCH_HELP, type BenchOptions, parseBenchOptions } from "./options.ts";
import { runProgram } from "./program.ts";
import type { Result } from "./result.ts";
import { measureRounds } from "./rounds.ts";
import { endOnSignals, withScene } from "./scene.ts";
import { describeLink } from "./site.ts";
import { withVariants } from "./variants.ts";
import type { Workload } from "./workload.ts";
import { FLEET_WORKLOADS } from "./workloads_fleet.ts";
import { LOCAL_WORKLOADS } from "./workloads_local.ts";
import { WIDE_WORKLOADS } from "./workloads_wide.ts";

const INSTALL_MS = 300_000;

async function bench(options: BenchOptions): Promise<number> {
  if (Deno.build.os !== "linux") throw new Error("needs Linux, whose /proc tells CPU time and memory");
  if (options.trees.length > 0 && Deno.env.has("TELE_MAIN")) {
    throw new UsageError("TELE_MAIN stands for every tele: leave it out where there is --tree");
  }
  const workloads = chosen(options, withVariants([...LOCAL_WORKLOADS, ...FLEET_WORKLOADS, ...WIDE_WORKLOADS], options));
  if (options.installPeers) await installMissing(workloads);

  endOnSignals();
  await withScene((s) => run(s, options, workloads));
  return 0;
}

async function run(s: Scenario, options: BenchOptions, workloads: readonly Workload[]): Promise<void> {
  const machine = await describeMachine();
  const load = await makeLoadGenerator(s);
  const wan = await compileWan(s, options.wanSource);
  if (wan !== undefined) await removeLeftovers();
  const about = [
    ...machineLines(machine),
    `${options.rounds} rounds, ${options.seconds} s each; load generator for echoes: ${load.description}`,
    `wide-area path: ${describeLink(wan)}`,
  ];
  console.log(about.join("\n"));
  const results: Result[] = [];
  for (const workload of workloads) {
    const result = await measureRounds(workload, { load, wan }, { ...options, onProgress: showProgress });
    showProgress("");
    results.push(result);
    console.log(["", ...resultTable(result)].join("\n"));
  }
  const bars = judge(results);
  if (bars.length > 0) console.log(["", ...barTable(bars)].join("\n"));
  await writeFiles(options, { machine, about, bars, results });
}

/** The workloads that are asked for, with the contenders that are. */
function chosen({ only, contenders }: BenchOptions, all: readonly Workload[]): Workload[] {
  const names = all.map(({ name }) => name);
  const everybody = [...new Set(all.flatMap(({ contenders }) => contenders.map(({ name }) => name)))];
  const workloads = all.filter(({ name }) => isNamed(name, only, names)).map((workload) => ({
    ...workload,
    contenders: workload.contenders.filter(({ name }) => isNamed(name, contenders, everybody)),
  })).filter(({ contenders }) => contenders.length > 0);
  if (workloads.length > 0) return workloads;
  throw new UsageError(
    `nothing to measure; the workloads are ${names.join(", ")}; the contenders are ${everybody.join(", ")}`,
  );
}

/** Whether one of the words is this name, or is nobody's name and a part of this one. No words name everybody. */
function isNamed(name: string, words: readonly string[], all: readonly string[]): boolean {
  return words.length === 0 || words.some((word) => word === name || (!all.includes(word) && name.includes(word)));
}

async function installMissing(workloads: readonly Workload[]): Promise<void> {
  const programs = workloads.flatMap((workload) => [
    ...workload.programs,
    ...workload.contenders.flatMap((contender) => contender.programs),
  ]);
  const packages = new Set(
    [...programs, "cc"].filter((name) => find(name) === undefined)
      .map((name) => DEBIAN_PACKAGES[name]),
  );
  if (packages.size === 0) return;
  console.error(`installing ${[...packages].join(", ")}`);
  await runProgram(["apt-get", "update", "-qq"], INSTALL_MS);
  const quietly = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", "-qq"];
  await runProgram([...quietly, "--no-install-recommends", ...packages], INSTALL_MS);
}

interface Report {
  machine: Machine;
  about: string[];
  bars: unknown[];
  results: Result[];
}

async function writeFiles({ json, svg, rounds, seconds }: BenchOptions, report: Report): Promise<void> {
  const { machine, results } = report;
  if (json !== undefined) {
    await Deno.writeTextFile(json, JSON.stringify({ rounds, seconds, ...report }, null, 2) + "\n");
  }
  if (svg === undefined) return;
  const caption = `${machine.cpu}, ${machine.cores} cores, Deno ${machine.deno}, ${rounds} interleaved rounds`;
  await Deno.writeTextFile(svg, chart(results, caption));
}

function showProgress(text: string): void {
  if (Deno.stderr.isTerminal()) Deno.stderr.writeSync(new TextEncoder().encode(`\r\x1b[K${text}`));
}

if (import.meta.main) {
  Deno.exit(await runTool({ name: "bench", help: BENCH_HELP, parse: parseBenchOptions, run: bench }, Deno.args));
}
