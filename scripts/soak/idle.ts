/**
 * What idle connections cost in memory, at either end of the tunnel.
 *
 * @module
 */
import type { Scenario, TunnelOptions } from "../../tests/support/scenario.ts";
import type { TeleProcess } from "../../tests/support/tele_process.ts";
import { UserProcess } from "../../tests/support/user_process.ts";
import { closeQuietly, connectTo, roundTrip } from "../../tests/support/user_programs.ts";
import { pause } from "../../tests/support/wait.ts";
import { inMib } from "./memory.ts";

/** Connections that are made at once. */
const BATCH = 100;

/** What one process held, in bytes; 0 where the system does not tell. */
export interface IdleMemory {
  role: TeleProcess["role"];
  before: number;
  held: number;
  perConnection: number;
  /** Resident some time after everything was closed, and how long after, in milliseconds. */
  closed: { afterMs: number; bytes: number }[];
}

/** How {@linkcode measureIdle} goes about it. */
export interface IdleOptions {
  connections: number;
  /** How long the connections rest before memory is read, in milliseconds. */
  settleMs: number;
  /** When memory is read after they were closed, in milliseconds. */
  closedMs: number[];
  /** Another tunnel than this tree's own. */
  tunnel?: TunnelOptions;
}

/** Opens connections, proves with an echo that each works, lets them rest, and closes them. */
export async function measureIdle(s: Scenario, options: IdleOptions): Promise<IdleMemory[]> {
  const user = s.use(await UserProcess.start("serve", 0));
  const { server, client, port } = await s.tunnel(user.port, options.tunnel);
  const warm = await connectTo(port);
  await roundTrip(warm, "warm");
  closeQuietly(warm);
  await pause(options.settleMs);
  const processes = [server, client];
  const memories: IdleMemory[] = processes.map((process) => ({
    role: process.role,
    before: resident(process),
    held: 0,
    perConnection: 0,
    closed: [],
  }));

  const connections: Deno.TcpConn[] = [];
  s.defer(() => connections.forEach(closeQuietly));
  for (let opened = 0; opened < options.connections; opened += BATCH) {
    const size = Math.min(BATCH, options.connections - opened);
    connections.push(...await Promise.all(Array.from({ length: size }, () => openOne(port))));
  }
  await pause(options.settleMs);
  for (const [index, memory] of memories.entries()) {
    memory.held = resident(processes[index]);
    memory.perConnection = (memory.held - memory.before) / options.connections;
  }

  connections.forEach(closeQuietly);
  const closedAt = performance.now();
  for (const afterMs of options.closedMs) {
    await pause(Math.max(0, closedAt + afterMs - performance.now()));
    for (const [index, memory] of memories.entries()) {
      memory.closed.push({ afterMs, bytes: resident(processes[index]) });
    }
  }
  return memories;
}

/** One process's figures in a line. */
export function describeIdle({ role, before, held, perConnection, closed }: IdleMemory): string {
  const later = closed.map(({ afterMs, bytes }) => `${inMib(bytes)} ${afterMs / 1_000} s later`);
  return `${role}: ${inMib(before)} before, ${inMib(held)} with them: ${(perConnection / 1024).toFixed(1)} KiB each; ` +
    `closed: ${later.join(", ")}`;
}

async function openOne(port: number): Promise<Deno.TcpConn> {
  const connection = await connectTo(port);
  await roundTrip(connection, "idle");
  return connection;
}

function resident(process: TeleProcess): number {
  return process.residentBytes() ?? 0;
}
