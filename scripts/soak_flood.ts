/**
 * What senders that never stop cost in memory while an outage lasts, at either end of the tunnel.
 *
 * @module
 */
import type { Scenario } from "../tests/support/scenario.ts";
import { byFirstByte, closeQuietly, connectTo, flood, UserServer, writeAll } from "../tests/support/user_programs.ts";
import { pause, until } from "../tests/support/wait.ts";
import { inMib, median } from "./soak_memory.ts";

const MIB = 2 ** 20;
const SAMPLE_MS = 100;
/** So much goes each way before memory is compared: by then the processes are warm. */
const WARM_BYTES = 96 * MIB;
/** How long it is watched before the outage, in milliseconds. */
const BEFORE_MS = 2_000;

/** What one process held, in bytes; 0 where the system does not tell. */
export interface FloodMemory {
  role: "server" | "client";
  /** Median while data flowed before the outage. */
  before: number;
  /** Most while the outage lasted. */
  most: number;
  /** After it, while data flowed again. */
  after: number;
  /** After the connections were closed. */
  closed: number;
}

/** How {@linkcode measureFlood} goes about it. */
export interface FloodOptions {
  /** Connections each way. One alone is held back by its own credit: many fill the replay logs. */
  senders: number;
  outageMs: number;
  /** How long after the outage, and after the connections were closed, memory is read, in milliseconds. */
  settleMs: number;
}

/** Floods both directions, lets the network refuse everything for a time, and heals it. */
export async function measureFlood(s: Scenario, options: FloodOptions): Promise<FloodMemory[]> {
  let upBytes = 0;
  let downBytes = 0;
  const sink = (connection: Deno.TcpConn) => drain(connection, (bytes) => upBytes += bytes);
  const user = s.use(new UserServer(byFirstByte({ d: flood, u: sink })));
  const { server, client, breaker, port } = await s.tunnel(user.port);
  const processes = [server, client];
  const resident = () => processes.map((process) => process.residentBytes() ?? 0);

  const connections: Deno.TcpConn[] = [];
  s.defer(() => connections.forEach(closeQuietly));
  const open = async (first: "d" | "u") => {
    const connection = await connectTo(port);
    connections.push(connection);
    await writeAll(connection, new TextEncoder().encode(first));
    return connection;
  };
  const streams: Promise<void>[] = [];
  for (let index = 0; index < options.senders; index++) {
    streams.push(drain(await open("d"), (bytes) => downBytes += bytes).catch(() => {}), flood(await open("u")));
  }
  const flowed = (bytes: number) => upBytes >= bytes && downBytes >= bytes;
  await until(() => flowed(WARM_BYTES), 120_000, "the first data");

  const before = await sample(resident, BEFORE_MS);
  await breaker.refuse(true);
  breaker.reset();
  const during = await sample(resident, options.outageMs);
  await breaker.refuse(false);
  const resumeAt = Math.max(upBytes, downBytes) + WARM_BYTES;
  await until(() => flowed(resumeAt), 120_000, "data after the outage");
  const after = await sample(resident, options.settleMs);
  connections.forEach(closeQuietly);
  await Promise.all(streams);
  const closed = await sample(resident, options.settleMs);

  return processes.map((process, index) => {
    const of = (samples: number[][]) => samples.map((each) => each[index]);
    return {
      role: process.role,
      before: median(of(before)),
      most: Math.max(...of(during)),
      after: of(after).at(-1)!,
      closed: of(closed).at(-1)!,
    };
  });
}

/** One process's figures in a line. */
export function describeFlood({ role, before, most, after, closed }: FloodMemory): string {
  return `${role}: ${inMib(before)} before, at most ${inMib(most)} in the outage (${inMib(most - before)} more), ` +
    `${inMib(after)} after it, ${inMib(closed)} after the end`;
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
