/**
 * How fast many sessions find their way back when the network returns.
 *
 * @module
 */
import type { Scenario } from "../../tests/support/scenario.ts";
import { readExactly } from "../../tests/support/reading.ts";
import { closeQuietly, connectTo, echo, roundTrip, UserServer, writeAll } from "../../tests/support/user_programs.ts";
import { pause } from "../../tests/support/wait.ts";

/** Sessions of one tele client: `--pool` takes no more. */
const MOST_POOL = 64;
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
  for (let left = sessions; left > 0; left -= MOST_POOL) {
    const pool = Math.min(left, MOST_POOL);
    const client = await s.client(breaker.port, 0, { args: [`--pool=${pool}`] });
    await client.logged(/link up/, 20_000);
    // A stream goes to the session with the fewest, so that each gets one once all are there.
    while (client.log.filter((line) => line.includes("link up")).length < pool) await pause(20);
    for (let index = 0; index < pool; index++) {
      const connection = await connectTo(client.port);
      await roundTrip(connection, "hello");
      connections.push(connection);
    }
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
