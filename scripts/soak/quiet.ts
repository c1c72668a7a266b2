/**
 * What an idle pair of tele processes sends and computes, with a network and without one.
 *
 * @module
 */
import type { Breaker } from "../../tests/support/breaker.ts";
import type { Scenario } from "../../tests/support/scenario.ts";
import type { TeleProcess } from "../../tests/support/tele_process.ts";
import { closeQuietly, connectTo, echo, roundTrip, UserServer } from "../../tests/support/user_programs.ts";
import { pause } from "../../tests/support/wait.ts";

/** Ticks of processor time in a second, as `/proc` counts it: 100 on every Linux that Deno runs on. */
const TICKS_PER_SECOND = 100;
/** The processes have just started: their first garbage is theirs, not that of being idle. */
const SETTLE_MS = 2_000;

/** How {@linkcode measureQuiet} goes about it. */
export interface QuietOptions {
  /** Arguments of both processes, such as `--ping-interval=1s`. */
  args?: string[];
  /** How long it is watched, in milliseconds. */
  watchMs: number;
  /** What the network does meanwhile. */
  network: "works" | "refuses" | "black hole";
  /** Whether a user's connection waits, for which the client tries more often. */
  isInUse?: boolean;
}

/** What was seen. */
export interface QuietResult {
  watchedMs: number;
  /** Bytes on the carrier. */
  upBytes: number;
  downBytes: number;
  /** Carriers begun, each an attempt. */
  carriers: number;
  /** Processor time as a part of one core; `undefined` where the system does not tell. */
  clientLoad: number | undefined;
  serverLoad: number | undefined;
  /** Lines in the client's log. */
  logLines: number;
}

/** Starts a pair without users, or with one who waits, and watches it. */
export async function measureQuiet(s: Scenario, options: QuietOptions): Promise<QuietResult> {
  const user = s.use(new UserServer(echo));
  const { args = [] } = options;
  const { server, client, breaker, port } = await s.tunnel(user.port, { server: { args }, client: { args } });
  await client.logged(/link up/, 20_000);
  if (options.isInUse) {
    const connection = await connectTo(port);
    s.defer(() => closeQuietly(connection));
    await roundTrip(connection, "hello");
  }
  await breakNetwork(breaker, options.network);
  await pause(SETTLE_MS);
  const before = look(server, client, breaker);
  await pause(options.watchMs);
  const after = look(server, client, breaker);
  const watchedMs = after.atMs - before.atMs;
  const load = (ticks: number | undefined, since: number | undefined) =>
    ticks === undefined || since === undefined ? undefined : (ticks - since) / TICKS_PER_SECOND / (watchedMs / 1_000);
  return {
    watchedMs,
    upBytes: after.upBytes - before.upBytes,
    downBytes: after.downBytes - before.downBytes,
    carriers: after.carriers - before.carriers,
    clientLoad: load(after.clientTicks, before.clientTicks),
    serverLoad: load(after.serverTicks, before.serverTicks),
    logLines: after.logLines - before.logLines,
  };
}

/** The figures in a line. */
export function describeQuiet(result: QuietResult): string {
  const seconds = (result.watchedMs / 1_000).toFixed(1);
  const percent = (load: number | undefined) => load === undefined ? "unknown" : `${(100 * load).toFixed(2)} %`;
  return `within ${seconds} s: ${result.upBytes} bytes up, ${result.downBytes} down, ${result.carriers} new carriers, ` +
    `${result.logLines} log lines; of one core the client used ${percent(result.clientLoad)}, the server ${
      percent(result.serverLoad)
    }`;
}

async function breakNetwork(breaker: Breaker, network: QuietOptions["network"]): Promise<void> {
  if (network === "black hole") breaker.blackHole(true);
  if (network !== "refuses") return;
  await breaker.refuse(true);
  breaker.reset();
}

function look(server: TeleProcess, client: TeleProcess, breaker: Breaker) {
  return {
    atMs: performance.now(),
    upBytes: breaker.upBytes,
    downBytes: breaker.downBytes,
    carriers: breaker.accepted,
    clientTicks: ticksOf(client.pid),
    serverTicks: ticksOf(server.pid),
    logLines: client.log.length,
  };
}

/** Processor time used so far, in ticks, all threads together. */
function ticksOf(pid: number): number | undefined {
  try {
    // The name of the program is in brackets, and may have any characters; `utime` and `stime` are fields 14 and 15.
    const fields = Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ").at(-1)!.split(" ");
    return Number(fields[11]) + Number(fields[12]);
  } catch {
    return undefined;
  }
}
