/**
 * What senders that never stop cost in memory while an outage lasts, at either end of the tunnel.
 *
 * @module
 */
import type { Scenario } from "../../tests/support/scenario.ts";
import { closeQuietly, connectTo, flood, UserServer } from "../../tests/support/user_programs.ts";
import { SlowRelay } from "../../tests/support/slow_relay.ts";
import type { TeleProcess } from "../../tests/support/tele_process.ts";
import { pause, until } from "../../tests/support/wait.ts";
import { inMib, median } from "./memory.ts";

const MIB = 2 ** 20;
const SAMPLE_MS = 100;
/** How long it is watched before the outage, in milliseconds. */
const BEFORE_MS = 2_000;

/** Log lines kept of a watched process, which tells of its log ten times a second: these are the present. */
const FRESH_LINES = 3;

/** A tele process that tells how full its logs are. */
const WATCHED = { main: new URL("../../tests/support/watched_main.ts", import.meta.url) };

/** What one process held, in bytes; 0 where the system does not tell. */
export interface FloodMemory {
  role: TeleProcess["role"];
  /** The most its logs held in the outage. */
  logMost: number;
  /** Median while data flowed before the outage. */
  before: number;
  /** Most while the outage lasted. */
  most: number;
  /** After it, while data flowed again. */
  after: number;
  /** At each of {@linkcode FloodOptions.closedMs}. */
  closed: number[];
}

/** How {@linkcode measureFlood} goes about it. */
export interface FloodOptions {
  /**
   * Connections, each with a sender at both ends. One alone is held back by its own credit.
   */
  senders: number;
  /**
   * How late the path delivers, each way, in milliseconds. A carrier has no more under way than its path holds, so that
   * only a long one has its logs full. 0: as soon as it can.
   */
  delayMs: number;
  /** What a session keeps of what it sent, `--replay-buffer`, in bytes. */
  replayBufferBytes: number;
  /** Whether the outage begins when the logs of both ends are nearly full. @default {false} */
  fillsLogs?: boolean;
  /** Bytes each way before memory is compared, by which the processes are warm, and again after the outage. */
  warmBytes: number;
  outageMs: number;
  /** How long data flows again after the outage, in milliseconds. */
  settleMs: number;
  /** How long after the connections were closed memory is read, in milliseconds, in order. */
  closedMs: number[];
}

/** Connections that any path has log enough for: `--replay-buffer` is at its default. */
export const MANY_SENDERS = { senders: 40, delayMs: 0, replayBufferBytes: 32 * MIB };

/**
 * So many connections on so long a path fill the logs. At 32 MiB they sometimes did not: the rate that a carrier
 * finds on a path of a second differs from run to run.
 */
export const FULL_LOGS = { senders: 200, delayMs: 500, replayBufferBytes: 8 * MIB, fillsLogs: true };

/**
 * Share of the replay buffer from which on logs count as full. Senders that never stop are bulk, to which the last
 * eighth is closed: it is for quiet streams. A little less than the rest, since what describes the pieces counts too.
 */
const FULL_SHARE = 0.8;

/** Floods both directions, lets the network refuse everything for a time, and heals it. */
export async function measureFlood(s: Scenario, options: FloodOptions): Promise<FloodMemory[]> {
  let upBytes = 0;
  let downBytes = 0;
  const both = async (connection: Deno.TcpConn, count: (bytes: number) => void) => {
    await Promise.all([flood(connection), drain(connection, count)]);
  };
  const user = s.use(new UserServer((connection) => both(connection, (bytes) => upBytes += bytes).catch(() => {})));
  const watched = { ...WATCHED, args: [`--replay-buffer=${options.replayBufferBytes / MIB}MiB`] };
  const server = await s.server(user.port, 0, watched);
  const path = s.use(new SlowRelay(server.port, options.delayMs));
  const breaker = await s.breaker(options.delayMs > 0 ? path.port : server.port);
  const client = await s.client(breaker.port, 0, watched);
  const processes = [server, client];
  const resident = () => processes.map((process) => process.residentBytes() ?? 0);

  const connections: Deno.TcpConn[] = [];
  s.defer(() => connections.forEach(closeQuietly));
  const streams: Promise<void>[] = [];
  for (let index = 0; index < options.senders; index++) {
    const connection = await connectTo(client.port);
    connections.push(connection);
    streams.push(both(connection, (bytes) => downBytes += bytes).catch(() => {}));
  }
  const flow = async (what: string) => {
    const [up, down] = [upBytes + options.warmBytes, downBytes + options.warmBytes];
    await until(() => upBytes >= up && downBytes >= down, 120_000, what);
  };
  await flow("the first data");

  const leastLogged = options.fillsLogs ? FULL_SHARE * options.replayBufferBytes : 0;
  const isFull = (process: TeleProcess) => mostLogged(process, process.log.length - FRESH_LINES) >= leastLogged;
  await until(() => processes.every(isFull), 120_000, "logs that are full");
  // Not earlier: what grows on the way to full logs is no growth of the outage.
  const before = await sample(resident, BEFORE_MS);
  await breaker.refuse(true);
  // At once before the outage: what is acknowledged until it begins is no longer in the logs.
  await until(() => processes.every(isFull), 120_000, "logs that are still full");
  const linesBefore = processes.map((process) => process.log.length);
  breaker.reset();
  const during = await sample(resident, options.outageMs);
  const logMost = processes.map((process, index) => mostLogged(process, linesBefore[index]));
  await breaker.refuse(false);
  await flow("data after the outage");
  const after = await sample(resident, options.settleMs);
  connections.forEach(closeQuietly);
  await Promise.all(streams);
  const closed: number[][] = [];
  for (const [index, ms] of options.closedMs.entries()) {
    await pause(ms - (options.closedMs[index - 1] ?? 0));
    closed.push(resident());
  }

  return processes.map((process, index) => {
    const of = (samples: number[][]) => samples.map((each) => each[index]);
    return {
      role: process.role,
      logMost: logMost[index],
      before: median(of(before)),
      most: Math.max(...of(during)),
      after: of(after).at(-1)!,
      closed: of(closed),
    };
  });
}

/** The most that a watched process told of its logs, from line number `from` on. */
function mostLogged(process: TeleProcess, from: number): number {
  const told = process.log.slice(Math.max(0, from)).map((line) => Number(/^logs: (\d+) bytes$/.exec(line)?.[1] ?? 0));
  return Math.max(0, ...told);
}

/** One process's figures in a line. */
export function describeFlood({ role, logMost, before, most, after, closed }: FloodMemory): string {
  return `${role}: ${inMib(before)} before, at most ${inMib(most)} in the outage (${inMib(most - before)} more), ` +
    `${inMib(after)} after it, ${closed.map(inMib).join(", ")} after the end; its logs held ` +
    `${inMib(logMost)} in the outage`;
}

async function drain(connection: Deno.TcpConn, count: (bytes: number) => void): Promise<void> {
  const buffer = new Uint8Array(256 * 1024);
  for (let n = await connection.read(buffer); n !== null; n = await connection.read(buffer)) count(n);
}

async function sample(read: () => number[], ms: number): Promise<number[][]> {
  const samples: number[][] = [];
  for (const end = performance.now() + ms; performance.now() < end; await pause(SAMPLE_MS)) samples.push(read());
  samples.push(read());
  return samples;
}
