/**
 * How fast many sessions find their way back when the network returns.
 *
 * @module
 */
import type { Scenario } from "../../tests/support/scenario.ts";
import { readExactly } from "../../tests/support/reading.ts";
import { closeQuietly, connectTo, echo, roundTrip, UserServer, writeAll } from "../../tests/support/user_programs.ts";
import { pause } from "../../tests/support/wait.ts";

/** Between two keystrokes of the client that has no outage, in milliseconds. */
const KEYSTROKE_MS = 50;

/** How {@linkcode measureMany} goes about it. */
export interface ManyOptions {
  sessions: number;
  outageMs: number;
}

/** What was seen, in milliseconds. */
export interface ManyResult {
  sessions: number;
  /** From the network's return until each session had carried an echo, in order. */
  resumedMs: number[];
  /** Round trips of another client that had a network all the time, while the sessions came back. */
  othersMs: number[];
}

/** Gives each of many sessions one connection, takes the network away, and brings it back. */
export async function measureMany(s: Scenario, { sessions, outageMs }: ManyOptions): Promise<ManyResult> {
  const user = s.use(new UserServer(echo));
  const server = await s.server(user.port);
  const breaker = await s.breaker(server.port);
  const connections: Deno.TcpConn[] = [];
  s.defer(() => connections.forEach(closeQuietly));
  for (const port of await manyClients(s, sessions, breaker.port)) {
    const connection = await connectTo(port);
    await roundTrip(connection, "hello");
    connections.push(connection);
  }
  const other = await s.client(server.port);
  const keyboard = await connectTo(other.port);
  connections.push(keyboard);
  await roundTrip(keyboard, "hello");

  await breaker.refuse(true);
  breaker.reset();
  await pause(outageMs);
  const typing = new AbortController();
  const typed = type(keyboard, typing.signal);
  await breaker.refuse(false);
  const healedAt = performance.now();
  const resumedMs = await Promise.all(
    connections.slice(0, sessions).map(async (connection) => {
      await writeAll(connection, new Uint8Array(1));
      await readExactly(connection, 1);
      return performance.now() - healedAt;
    }),
  );
  typing.abort();
  return { sessions, resumedMs: resumedMs.toSorted((a, b) => a - b), othersMs: await typed };
}

/** Starts clients of the tele server on `to`, in one process; returns the ports for their users. */
async function manyClients(s: Scenario, count: number, to: number): Promise<number[]> {
  const script = new URL("many_clients.ts", import.meta.url).pathname;
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", script, String(count), String(to)],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  s.defer(async () => {
    process.kill();
    await process.status;
    await reader.cancel();
  });
  let line = "";
  while (!line.endsWith("\n")) {
    const { done, value } = await reader.read();
    if (done) throw new Error("the process with the clients has ended");
    line += value;
  }
  return JSON.parse(line);
}

/** The figures in a line. */
export function describeMany({ sessions, resumedMs, othersMs }: ManyResult): string {
  const at = (part: number) => `${Math.round(resumedMs[Math.ceil(part * resumedMs.length) - 1])} ms`;
  return `${sessions} sessions resumed: half within ${at(0.5)}, 95 % within ${at(0.95)}, all within ${at(1)}; ` +
    `meanwhile another client's ${othersMs.length} round trips took at most ${Math.max(...othersMs).toFixed(1)} ms`;
}

async function type(keyboard: Deno.TcpConn, signal: AbortSignal): Promise<number[]> {
  const times: number[] = [];
  while (!signal.aborted) {
    times.push(await roundTrip(keyboard, "x"));
    await pause(KEYSTROKE_MS);
  }
  return times;
}
