/**
 * How the workers of a server share the work of clients, and what a request costs them beside one worker alone.
 *
 * @module
 */
import { Scenario } from "../../tests/support/scenario.ts";
import type { TeleProcess } from "../../tests/support/tele_process.ts";
import { freePort } from "../../tests/support/user_programs.ts";
import { processorSeconds, workersOf } from "../../tests/support/worker_processes.ts";
import { startNginx } from "../bench/load.ts";
import { runProgram } from "../bench/program.ts";
import { LOOPBACK } from "../bench/site.ts";
import { quantile } from "../bench/statistics.ts";

/** The first requests are not counted: processes and connections have just begun. */
const WARM_SECONDS = 1;

/** A start of Deno on a machine that is busy, in milliseconds. */
const READY_MS = 60_000;

/**
 * Who serves the clients: each number is a server of so many workers, and gets its part of the clients. So what two workers
 * cost who pass nothing to each other is seen beside what two of one server cost.
 */
export type Servers = readonly number[];

/** How {@linkcode measureWorkers} goes about it. */
export interface WorkersOptions {
  /** What is compared, by turns. */
  readonly contenders: readonly Servers[];
  /** Processes with a session each. */
  readonly clients: number;
  /** Kept connections of each client. */
  readonly connections: number;
  readonly rounds: number;
  /** For how long requests are counted in each round. */
  readonly seconds: number;
}

/** What was seen in a round. */
export interface WorkersRound {
  readonly requests: number;
  /** In which they were answered. */
  readonly seconds: number;
  /** What each worker computed, in seconds. */
  readonly workerSeconds: readonly number[];
  /** The same of all parents. */
  readonly parentSeconds: number;
  /** Carriers that came to another worker than that of their session. */
  readonly passed: number;
}

/** What was seen of one contender. */
export interface WorkersResult {
  readonly servers: Servers;
  readonly rounds: WorkersRound[];
}

/** Has small HTTP requests on kept connections answered by each contender in turn, each time by new processes. */
export async function measureWorkers(s: Scenario, options: WorkersOptions): Promise<WorkersResult[]> {
  const results = options.contenders.map((servers): WorkersResult => ({ servers, rounds: [] }));
  for (let round = 0; round < options.rounds; round++) {
    for (const place of results.keys()) {
      const { servers, rounds } = results[(round + place) % results.length]!;
      rounds.push(await inRound(s, (s) => measureRound(s, servers, options)));
    }
  }
  return results;
}

/** Runs `body` with processes that end with it, or with `s` where that ends before. */
async function inRound<Seen>(s: Scenario, body: (s: Scenario) => Promise<Seen>): Promise<Seen> {
  const round = new Scenario(await Deno.makeTempDir({ dir: s.home }));
  s.defer(() => round.end());
  try {
    return await body(round);
  } finally {
    await round.end();
  }
}

async function measureRound(
  s: Scenario,
  counts: Servers,
  { clients, connections, seconds }: WorkersOptions,
): Promise<WorkersRound> {
  const upstream = await startUpstream(s);
  const servers: TeleProcess[] = [];
  for (const count of counts) {
    const args = [`--workers=${count}`, "--log-level=debug"];
    servers.push(await s.server(upstream, freePort(), { args, readyMs: READY_MS }));
  }
  const dialed = Array.from({ length: clients }, (_, at) => servers[at % servers.length]!);
  // At once, as behind a restart.
  const ports = (await Promise.all(dialed.map(({ port }) => s.client(port, 0, { readyMs: READY_MS }))))
    .map(({ port }) => port);
  const ask = (seconds: number) => Promise.all(ports.map((port) => requests(port, connections, seconds)));
  await ask(WARM_SECONDS);
  const workers = servers.flatMap(workersOf);
  const all = [...workers, ...servers.map(({ pid }) => pid)];
  const before = all.map(processorSeconds);
  const answered = await ask(seconds);
  const computed = all.map((pid, at) => processorSeconds(pid) - before[at]!);
  return {
    requests: sum(answered),
    seconds,
    workerSeconds: computed.slice(0, workers.length),
    parentSeconds: sum(computed.slice(workers.length)),
    passed: servers.flatMap(({ log }) => log).filter(tellsOfPassing).length,
  };
}

/** What requests of one client cost the two workers of its server, by whether its carrier came to the right one. */
export interface PassingResult {
  /** In microseconds of processor time, of each time when it did. */
  readonly direct: number[];
  /** The same when it came to the other one. */
  readonly passed: number[];
}

/** Cuts the carrier of a client again and again, and each time has requests answered, many at once. */
export async function measurePassing(
  s: Scenario,
  { cuts, connections, seconds }: { cuts: number; connections: number; seconds: number },
): Promise<PassingResult> {
  const upstream = await startUpstream(s);
  const args = ["--workers=2", "--log-level=debug"];
  const server = await s.server(upstream, freePort(), { args, readyMs: READY_MS });
  const breaker = await s.breaker(server.port);
  const { port } = await s.client(breaker.port, 0, { readyMs: READY_MS });
  const workers = workersOf(server);
  const result: PassingResult = { direct: [], passed: [] };
  for (let cut = 0; cut < cuts; cut++) {
    const mark = server.log.length;
    breaker.reset();
    await requests(port, connections, WARM_SECONDS);
    const before = sum(workers.map(processorSeconds));
    const answered = await requests(port, connections, seconds);
    const cost = 1e6 * (sum(workers.map(processorSeconds)) - before) / answered;
    result[server.log.slice(mark).some(tellsOfPassing) ? "passed" : "direct"].push(cost);
  }
  return result;
}

async function startUpstream(s: Scenario): Promise<number> {
  const port = freePort();
  await startNginx(s, LOOPBACK, port);
  return port;
}

function tellsOfPassing(line: string): boolean {
  return /(passed on|dealt) to worker/.test(line);
}

/** How many requests are answered: none on a machine that is busy beyond measure. */
async function requests(port: number, connections: number, seconds: number): Promise<number> {
  const command = ["wrk", "-t1", `-c${connections}`, `-d${seconds}s`, `http://127.0.0.1:${port}/`];
  const said = await runProgram(command, seconds * 1_000 + READY_MS);
  const count = /^\s*(\d+) requests in /m.exec(said)?.[1];
  if (count === undefined || /Non-2xx or 3xx responses/.test(said)) throw new Error(`wrk: ${said.trim()}`);
  return Number(count);
}

/** What a request has cost all workers together, in microseconds of processor time. */
export function costOf({ requests, workerSeconds }: WorkersRound): number {
  return 1e6 * sum(workerSeconds) / requests;
}

/** The part of the work that each worker has done, from 0 to 1. */
export function sharesOf({ workerSeconds }: WorkersRound): number[] {
  return workerSeconds.map((seconds) => seconds / sum(workerSeconds));
}

/** A line of medians, and one of each round. */
export function describeWorkers({ servers, rounds }: WorkersResult): string {
  const name = servers.map((count) => `a server of ${count} ${count === 1 ? "worker" : "workers"}`).join(", and ");
  const cost = quantile(rounds.map(costOf), 0.5);
  const requests = quantile(rounds.map(({ requests }) => requests), 0.5);
  const lines = rounds.map((round) => {
    const shares = sharesOf(round).map((share) => `${(100 * share).toFixed(0)} %`).join(" and ");
    const busy = round.workerSeconds.map((computed) => `${(100 * computed / round.seconds).toFixed(0)} %`).join(
      " and ",
    );
    return `${costOf(round).toFixed(1)} µs, ${round.requests} requests, shares ${shares} (${busy} of a processor), ` +
      `parents ${round.parentSeconds.toFixed(2)} s, ${round.passed} carriers passed on`;
  });
  const median = `${name}: ${cost.toFixed(1)} µs of workers' processor time a request, ${requests} requests (medians)`;
  return [median, ...lines].join("\n    ");
}

/** The figures in a line. */
export function describePassing({ direct, passed }: PassingResult): string {
  const words = (costs: number[]) =>
    costs.length === 0 ? "never" : `${quantile(costs, 0.5).toFixed(1)} µs a request (median of ${costs.length})`;
  return `at the right worker: ${words(direct)}; passed on: ${words(passed)}`;
}

function sum(values: readonly number[]): number {
  return values.reduce((all, each) => all + each, 0);
}
