/**
 * One outage under one kind of traffic, through tele and over plain TCP at the same time.
 *
 * @module
 */
import { Hosts, SERVER_ADDRESS, TELE_PORT } from "../../tests/support/hosts.ts";
import type { TeleProcess } from "../../tests/support/tele_process.ts";
import { pause, until } from "../../tests/support/wait.ts";
import { Arrivals, startTraffic, type Traffic, UnixServer } from "./traffic.ts";

/** How the network breaks. */
export type Outage = "black hole" | "swallowing box" | "asleep" | "address change" | "reset";

/** How long things take. */
export interface RunOptions {
  /** Length of a black hole, in milliseconds. */
  outageMs: number;
  /** How long a middle box accepts connections and forwards nothing, in milliseconds. */
  swallowedMs: number;
  /** How long the client is stopped, in milliseconds. */
  asleepMs: number;
  /** How long to wait for tele's bytes after the link's return, in milliseconds. */
  patienceMs: number;
  /** How long to wait for those over plain TCP, in milliseconds. */
  plainPatienceMs: number;
}

/** From the link's return to the first byte, in milliseconds; `undefined` if none came. */
export interface Recovery {
  teleMs: number | undefined;
  plainMs: number | undefined;
}

/** Where plain TCP goes from host to host. */
const PLAIN_PORT = 5000;

/** A path on which downloads and uploads last, and on which packets are always under way. */
const RATE = "10mbit";
const QUEUE_MS = 50;

/** Least time of traffic before the outage, in milliseconds; chance adds to it, so that runs differ. */
const LEAST_BEFORE_MS = 1_500;
const CHANCE_MS = 1_000;

/** Plain TCP does not survive a change of address: no need to wait for long, in milliseconds. */
const HOPELESS_MS = 3_000;

/** What was under way when the client moved arrives within this time, in milliseconds. */
const SETTLE_MS = 100;

/** No byte may arrive in the last part of an outage, in milliseconds: else the outage is none. */
const SILENT_MS = 1_000;

/** What carries user's connections from host to host. */
interface Path {
  /** Where user's clients connect. */
  entrance: string;
  /** Where the path leads, on the server's host. */
  port: number;
  arrivals: Arrivals;
  /** Bytes that need not cross the network any more when it returns. */
  known?: number;
}

/** When the network was mended, and from when on bytes count as moved, by `performance.now()`. */
interface Return {
  atMs: number;
  countsFromMs: number;
}

/** One run, on hosts of its own. */
export async function recover(outage: Outage, traffic: Traffic, options: RunOptions): Promise<Recovery> {
  const home = await Deno.makeTempDir({ prefix: "tele-recovery-" });
  try {
    await using stack = new AsyncDisposableStack();
    return await run(stack, home, outage, traffic, options);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

async function run(
  stack: AsyncDisposableStack,
  home: string,
  outage: Outage,
  traffic: Traffic,
  options: RunOptions,
): Promise<Recovery> {
  const hosts = stack.use(await Hosts.start());
  await hosts.limit(RATE, QUEUE_MS);
  const [tele, plain] = [["tele", TELE_PORT] as const, ["plain", PLAIN_PORT] as const].map(([name, port]): Path => {
    const arrivals = new Arrivals();
    stack.use(new UnixServer(`${home}/${name}-server`, arrivals));
    return { entrance: `${home}/${name}-client`, port, arrivals };
  });
  const [to, at] = [`unix:${home}/tele-server`, `unix:${tele.entrance}`];
  const { client } = await hosts.tunnel(home, to, at, "--log-level=debug");
  const relay = await startPlain(stack, hosts, home);

  for (const path of [tele, plain]) stack.use(await startTraffic(traffic, path.entrance, path.arrivals));
  await pause(LEAST_BEFORE_MS + Math.random() * CHANCE_MS);
  for (const { arrivals } of [tele, plain]) if (arrivals.bytes === 0) throw new Error("no traffic before the outage");
  const typedBefore = [tele, plain].map(({ arrivals }) => arrivals.typed);

  const { atMs, countsFromMs } = await breakNetwork(hosts, outage, traffic, options, client, relay, async () => {
    // What the sleeping client had received already is not what moves again.
    if (traffic === "upload") return;
    for (const [index, path] of [tele, plain].entries()) {
      path.known = traffic === "typing"
        ? typedBefore[index]
        : path.arrivals.bytes + await waitingBytes(hosts, path.port);
    }
  });
  const movedAt = ({ arrivals, known }: Path, fromMs = countsFromMs) => arrivals.next(fromMs, known);
  // What a process that slept held in its memory comes before it has found its connection dead, and nothing new does.
  const teleMovedAt = () => movedAt(tele, Math.max(countsFromMs, foundDeadAt(client) ?? Infinity));
  if (outage === "black hole" || outage === "swallowing box" || outage === "asleep") {
    for (const { arrivals } of [tele, plain]) {
      const late = arrivals.next(atMs - SILENT_MS);
      if (late !== undefined && late < atMs) throw new Error("bytes arrived during the outage");
    }
  }
  const plainPatienceMs = outage === "address change" ? HOPELESS_MS : options.plainPatienceMs;
  const isOver = () => {
    const isPlainOver = plain.arrivals.hasEnded || performance.now() > atMs + plainPatienceMs;
    return teleMovedAt() !== undefined && (isPlainOver || movedAt(plain) !== undefined);
  };
  await until(isOver, options.patienceMs, "both").catch(() => {});
  if (foundDeadAt(client) === undefined) throw new Error("tele has not found its connection dead");
  const [teleMs, plainMs] = [teleMovedAt(), movedAt(plain)].map((at) => at === undefined ? undefined : at - atMs);
  return { teleMs, plainMs };
}

/** Starts the relays that stand where tele stands, but know nothing of outages; returns the client's. */
async function startPlain(stack: AsyncDisposableStack, hosts: Hosts, home: string): Promise<Deno.ChildProcess> {
  const start = (host: "client" | "server", from: string, to: string) => {
    const child = hosts.spawn(host, ["socat", from, to], { stdin: "null", stdout: "null", stderr: "null" });
    stack.defer(async () => {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended already.
      }
      await child.status;
    });
    return child;
  };
  const at = `${SERVER_ADDRESS}:${PLAIN_PORT}`;
  start("server", `TCP-LISTEN:${PLAIN_PORT},bind=${SERVER_ADDRESS},nodelay`, `UNIX-CONNECT:${home}/plain-server`);
  while (await hosts.run("server", "ss", "-Hltn", `sport = :${PLAIN_PORT}`) === "") await pause(20);
  const relay = start("client", `UNIX-LISTEN:${home}/plain-client`, `TCP:${at},nodelay`);
  return relay;
}

/** Breaks the network and mends it; `beforeReturn` is called while a client sleeps. */
async function breakNetwork(
  hosts: Hosts,
  outage: Outage,
  traffic: Traffic,
  options: RunOptions,
  client: TeleProcess,
  relay: Deno.ChildProcess,
  beforeReturn: () => Promise<void>,
): Promise<Return> {
  const processes = [client, relay].map(({ pid }) => pid);
  let atMs: number;
  switch (outage) {
    case "reset":
      await hosts.startReset("client");
      await until(() => foundDeadAt(client) !== undefined, 3_000, "the reset");
      // What was under way to the server must not count as moved again. The network stays broken meanwhile, and the
      // longer it does the longer are the client's pauses: so no more is done than that.
      if (traffic === "upload") await hosts.dropUploads(RATE, QUEUE_MS);
      atMs = performance.now();
      await hosts.stopReset("client");
      return { atMs, countsFromMs: atMs };
    case "address change":
      atMs = performance.now();
      await hosts.moveClient();
      await hosts.limit(RATE, QUEUE_MS);
      await pause(SETTLE_MS);
      return { atMs, countsFromMs: performance.now() };
    case "black hole":
      // The carriers of before stay dead, and nobody is told; plain TCP gets its own connection back.
      await hosts.forget();
      await hosts.blackHole();
      await pause(options.outageMs);
      atMs = performance.now();
      await hosts.mend();
      return { atMs, countsFromMs: atMs };
    case "swallowing box":
      await hosts.startSwallowing();
      await pause(options.swallowedMs);
      atMs = performance.now();
      await hosts.stopSwallowing();
      return { atMs, countsFromMs: atMs };
    case "asleep":
      processes.forEach((pid) => Deno.kill(pid, "SIGSTOP"));
      await hosts.forget();
      await hosts.blackHole();
      await pause(options.asleepMs);
      await beforeReturn();
      atMs = performance.now();
      await hosts.mend();
      processes.forEach((pid) => Deno.kill(pid, "SIGCONT"));
      return { atMs, countsFromMs: atMs };
  }
}

/** Bytes that the client's kernel has received from `port` of the server, and that no process has read. */
async function waitingBytes(hosts: Hosts, port: number): Promise<number> {
  const lines = (await hosts.run("client", "ss", "-Htn", `dport = :${port}`)).split("\n");
  return lines.reduce((sum, line) => sum + Number(line.trim().split(/\s+/)[1] ?? 0), 0);
}

/** How a client's log tells that the connections of before are dead: with another beside them that is no outage. */
const FOUND_DEAD =
  /link lost: |another connection is there beside the one in doubt|one connection is lost, others go on/;

/** When `client` first found a connection dead, by `performance.now()`: each line of its log begins with the time. */
function foundDeadAt(client: TeleProcess): number | undefined {
  const line = client.log.find((line) => FOUND_DEAD.test(line));
  return line === undefined ? undefined : Date.parse(line.split(" ", 1)[0]) - performance.timeOrigin;
}
