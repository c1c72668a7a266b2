/**
 * Workloads on one machine: what the relays themselves cost.
 *
 * @module
 */
import { pathToFileURL } from "node:url";
import { measureIdle } from "../soak/idle.ts";
import { type Contender, ON_ONE_MACHINE, TELE } from "./contender.ts";
import {
  bulk,
  type Direction,
  httpRequests,
  pingPong,
  startBulkServer,
  startMessageServer,
  startNginx,
} from "./load.ts";
import { cpuSeconds } from "./program.ts";
import { withScene } from "./scene.ts";
import { LOOPBACK } from "./site.ts";
import { type Sample, throughTunnel, type Workload } from "./workload.ts";

const IDLE_CONNECTIONS = 10_000;

/** How long idle connections rest before memory is read, in milliseconds. */
const SETTLE_MS = 5_000;

/** The workloads of this kind, in the order of the output. */
export const LOCAL_WORKLOADS: readonly Workload[] = [
  bulkWorkload("down", 1),
  bulkWorkload("up", 1),
  bulkWorkload("down", 16),
  bulkWorkload("up", 16),
  echoWorkload(),
  httpWorkload(true),
  httpWorkload(false),
  idleWorkload(),
];

/** Bulk on so many connections. */
export function bulkWorkload(direction: Direction, streams: number): Workload {
  return {
    name: `bulk-${direction}-${streams}`,
    title: `Bulk ${direction}, ${streams === 1 ? "one stream" : `${streams} streams`}`,
    metrics: [
      { name: "rate", unit: "Gbit/s", better: "more", isCharted: true },
      { name: "cpu", unit: "CPU s/GiB", better: "less" },
    ],
    programs: ["iperf3"],
    contenders: ON_ONE_MACHINE,
    prepare: throughTunnel({
      site: () => Promise.resolve(LOOPBACK),
      serve: startBulkServer,
      async measure({ site, tunnel, seconds }) {
        const before = cpuSeconds(tunnel.pids);
        const { bytes, bytesPerSecond } = await bulk(tunnel, direction, streams, { wrap: site.near, seconds });
        const rate = bytesPerSecond * 8 / 1e9;
        const sample: Sample = { rate };
        if (tunnel.pids.length > 0) sample.cpu = (cpuSeconds(tunnel.pids) - before) / (bytes / 2 ** 30);
        return sample;
      },
    }),
  };
}

function echoWorkload(): Workload {
  return {
    name: "echo",
    title: "Echo of 64 bytes on one connection",
    metrics: [
      { name: "p50", unit: "µs", better: "less", isCharted: true },
      { name: "p99", unit: "µs", better: "less", isCharted: true },
    ],
    programs: [],
    contenders: ON_ONE_MACHINE,
    prepare: throughTunnel({
      site: () => Promise.resolve(LOOPBACK),
      serve: startMessageServer,
      async measure({ site, tunnel, bench, seconds }) {
        const { p50, p99 } = await pingPong(bench.load, tunnel, { wrap: site.near, seconds });
        return { p50, p99 };
      },
    }),
  };
}

function httpWorkload(isKept: boolean): Workload {
  return {
    name: isKept ? "http-kept" : "http-new",
    title: isKept ? "HTTP, small requests on 64 kept connections" : "HTTP, a new connection for each small request",
    metrics: [{ name: "rate", unit: "requests/s", better: "more", isCharted: true }],
    programs: ["nginx", "wrk"],
    contenders: ON_ONE_MACHINE,
    prepare: throughTunnel({
      site: () => Promise.resolve(LOOPBACK),
      serve: startNginx,
      measure: async ({ site, tunnel, seconds }) => ({
        rate: await httpRequests(tunnel, isKept, { wrap: site.near, seconds }),
      }),
    }),
  };
}

function idleWorkload(): Workload {
  return {
    name: "idle",
    title: "10,000 idle connections, resident memory of each",
    metrics: [
      { name: "client", unit: "KiB in the client", better: "less" },
      { name: "server", unit: "KiB in the server", better: "less" },
    ],
    programs: [],
    contenders: [TELE],
    isCold: true,
    // Memory does not fall back to what it was: each round has processes of its own.
    prepare: () => Promise.resolve((contender) => Promise.resolve(() => measureFreshIdle(contender))),
  };
}

function measureFreshIdle({ tele = {} }: Contender): Promise<{ client: number; server: number }> {
  return withScene(async (s) => {
    const main = tele.main === undefined ? undefined : pathToFileURL(tele.main);
    const tunnel = {
      client: { main, args: [...tele.clientFlags ?? []] },
      server: { main, args: [...tele.serverFlags ?? []] },
    };
    const options = { connections: IDLE_CONNECTIONS, settleMs: SETTLE_MS, closedMs: [], tunnel };
    const memories = await measureIdle(s, options);
    const kib = (role: string) => memories.find((memory) => memory.role === role)!.perConnection / 1024;
    return { client: kib("client"), server: kib("server") };
  });
}
