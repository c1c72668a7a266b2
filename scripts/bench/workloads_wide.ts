/**
 * Workloads over a long path: what the protocols cost there.
 *
 * @module
 */
import { pause, until } from "../../tests/support/wait.ts";
import { DIRECT, SSH, TELE, TELE_FOUR_CARRIERS } from "./contender.ts";
import { bulk, type Direction, firstAnswers, flood, pingPong, startBulkServer, startMessageServer } from "./load.ts";
import { type PathOptions, wideArea } from "./site.ts";
import { quartiles } from "./statistics.ts";
import { throughTunnel, type Workload } from "./workload.ts";

const LONG: PathOptions = { roundTripMs: 100, megabitsPerSecond: 1_000, queueKib: 8 * 1024 };
const NARROW: PathOptions = { roundTripMs: 40, megabitsPerSecond: 20, queueKib: 256 };

/** New connections in one round. */
const FIRST_ANSWERS = 5;

/** How long a bulk upload has the narrow path for itself before the echo begins, in seconds: it must fill the queue. */
const FILLING_SECONDS = 2;

const SINK_MS = 10_000;

/** The workloads of this kind, in the order of the output. */
export const WIDE_WORKLOADS: readonly Workload[] = [
  firstAnswerWorkload(),
  longBulkWorkload("down"),
  longBulkWorkload("up"),
  fullPathWorkload(),
];

function firstAnswerWorkload(): Workload {
  return {
    name: "wide-first",
    title: "100 ms: first answer on a new connection",
    metrics: [{ name: "time", unit: "round trips", better: "less", isCharted: true }],
    programs: [],
    contenders: [DIRECT, TELE, SSH],
    prepare: throughTunnel({
      site: (s, { wanSource }) => wideArea(s, wanSource, LONG),
      serve: startMessageServer,
      async measure({ site, tunnel, bench }) {
        const times = await firstAnswers(bench.load, tunnel, FIRST_ANSWERS, site.near);
        return { time: quartiles(times).median / LONG.roundTripMs };
      },
    }),
  };
}

function longBulkWorkload(direction: Direction): Workload {
  return {
    name: `wide-bulk-${direction}`,
    title: `1 Gbit/s × 100 ms: bulk ${direction}, a stream for each carrier`,
    metrics: [{ name: "rate", unit: "Mbit/s", better: "more", isCharted: true }],
    programs: ["iperf3"],
    contenders: [DIRECT, TELE, TELE_FOUR_CARRIERS, SSH],
    times: 3,
    prepare: throughTunnel({
      site: (s, { wanSource }) => wideArea(s, wanSource, LONG),
      serve: startBulkServer,
      async measure({ site, tunnel, contender, seconds }) {
        const { bytesPerSecond } = await bulk(tunnel, direction, contender.streams ?? 1, { wrap: site.near, seconds });
        return { rate: bytesPerSecond * 8 / 1e6 };
      },
    }),
  };
}

function fullPathWorkload(): Workload {
  return {
    name: "wide-echo",
    title: "20 Mbit/s × 40 ms: echo while an upload fills the path",
    metrics: [
      { name: "p50", unit: "ms", better: "less", isCharted: true },
      { name: "p99", unit: "ms", better: "less", isCharted: true },
      { name: "rate", unit: "Mbit/s", better: "more" },
    ],
    programs: [],
    contenders: [DIRECT, TELE, SSH],
    times: 3,
    prepare: throughTunnel({
      site: (s, { wanSource }) => wideArea(s, wanSource, NARROW),
      serve: startMessageServer,
      async measure({ site, tunnel, bench, server, seconds }) {
        const sinks = () => [...server.said.matchAll(/^sink (\d+) ([\d.]+)$/gm)];
        const before = sinks().length;
        const uploading = flood(bench.load, tunnel, { wrap: site.near, seconds: seconds + FILLING_SECONDS });
        // It is awaited below; an echo that fails first must not leave its failure unseen.
        uploading.catch(() => {});
        await pause(FILLING_SECONDS * 1_000);
        const { p50, p99 } = await pingPong(bench.load, tunnel, { wrap: site.near, seconds });
        await uploading;
        await until(() => sinks().length > before, SINK_MS, "the end of the upload");
        const [, bytes, took] = sinks()[before].map(Number);
        return { p50: p50 / 1_000, p99: p99 / 1_000, rate: bytes * 8 / took / 1e6 };
      },
    }),
  };
}
