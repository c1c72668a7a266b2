/**
 * Runs targets, one stream a task, and makes what fails smaller.
 *
 * @module
 */
import { inOwnTask, textOf } from "../sim/task.ts";
import { within } from "../support/wait.ts";
import { Choices } from "./choices.ts";
import type { Target } from "./target.ts";

/** Streams that making a failing one smaller may take. */
const MOST_SHRINKS = 3000;

/** A stream takes no longer than this, in milliseconds of this machine: what does not end is a failure too. */
const STREAM_LIMIT_MS = 30_000;

/** What is wrong with one stream, if anything is. */
async function play(target: Target, choices: Choices, lines?: string[]): Promise<string | undefined> {
  try {
    const { rejected } = await inOwnTask(() => {
      const running = target.run(choices, (line) => lines?.push(line()));
      return running && within(running, STREAM_LIMIT_MS, "the stream");
    });
    return rejected && `a rejection that nobody handles: ${textOf(rejected.reason)}`;
  } catch (error) {
    return textOf(error);
  }
}

/** The kind of a problem: its first words without numbers. */
function kindOf(problem: string): string {
  return problem.replace(/[0-9a-f]{6,}|\d+/g, "#").slice(0, 60);
}

/** The fewest choices found that fail in the same way. */
async function shrink(target: Target, list: number[], problem: string): Promise<number[]> {
  const kind = kindOf(problem);
  let best = list;
  let runs = 0;
  const fails = async (candidate: number[]) => {
    if (++runs > MOST_SHRINKS) return false;
    const choices = Choices.ofList(candidate);
    const again = await play(target, choices);
    if (again === undefined || kindOf(again) !== kind) return false;
    best = candidate.slice(0, Math.min(candidate.length, choices.taken!.length));
    return true;
  };
  for (let size = list.length >> 1; size >= 1; size = runs > MOST_SHRINKS ? 0 : size >> 1) {
    for (let at = 0; at < best.length && runs <= MOST_SHRINKS;) {
      const without = [...best.slice(0, at), ...best.slice(at + size)];
      const zeroed = [...best.slice(0, at), ...best.slice(at, at + size).map(() => 0), ...best.slice(at + size)];
      if (await fails(without)) continue;
      if (best.slice(at, at + size).some((value) => value !== 0)) await fails(zeroed);
      at += size;
    }
  }
  return best;
}

/** A failing stream for a person: what is wrong, the smallest that fails so, and the line that repeats it. */
export async function explain(target: Target, seed: number): Promise<string> {
  const again = `again: deno task fuzz --only=${target.name} --seed=${seed} --streams=1`;
  const choices = Choices.ofSeed(seed, true);
  const lines: string[] = [];
  const problem = await play(target, choices, lines);
  if (problem === undefined) return `${target.name}: seed ${seed} does not fail alone\n${again}`;
  const small = await shrink(target, choices.taken!, problem);
  const smallLines: string[] = [];
  const same = await play(target, Choices.ofList(small), smallLines);
  return [
    `${target.name}: seed ${seed} fails: ${problem}`,
    `of its ${choices.taken!.length} choices ${small.length} are enough: ${same}`,
    ...(same === undefined ? lines : smallLines).map((line) => `  ${line}`),
    again,
  ].join("\n");
}

/** What came of many streams. */
export interface Report {
  streams: number;
  seconds: number;
  /** Seeds that failed, with what was wrong. */
  failed: { seed: number; problem: string }[];
}

/** Runs `target` with one seed after the other. */
export async function runTarget(
  target: Target,
  options: { from: number; streams: number; stopsAt?: number; onProgress?: (report: Report) => void },
): Promise<Report> {
  const report: Report = { streams: 0, seconds: 0, failed: [] };
  const startMs = performance.now();
  for (let seed = options.from; seed < options.from + options.streams; seed++) {
    const problem = await play(target, Choices.ofSeed(seed));
    report.streams++;
    if (problem !== undefined) report.failed.push({ seed, problem });
    report.seconds = (performance.now() - startMs) / 1000;
    if (report.failed.length >= (options.stopsAt ?? 1)) break;
    if (report.streams % 1000 === 0) options.onProgress?.(report);
  }
  return report;
}
