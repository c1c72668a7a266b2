/**
 * Workloads over a long path: what the protocols cost there.
 *
 * @module
 */
import { DIRECT, SSH, TELE } from "./contender.ts";
import { firstAnswers, startMessageServer } from "./load.ts";
import type { PathOptions } from "./path.ts";
import { linked, relayed } from "./site.ts";
import { quartiles } from "./statistics.ts";
import { throughTunnel, type Workload } from "./workload.ts";
import { WIDE_BULK_WORKLOADS } from "./workloads_wide_bulk.ts";
import { WIDE_OUTAGE_WORKLOADS } from "./workloads_wide_outage.ts";
import { WIDE_TYPING_WORKLOADS } from "./workloads_wide_typing.ts";

const LONG: PathOptions = { roundTripMs: 100, megabitsPerSecond: 1_000, queueKib: 8 * 1024 };

/** New connections in one round. */
const FIRST_ANSWERS = 5;

/** The workloads of this kind, in the order of the output. */
export const WIDE_WORKLOADS: readonly Workload[] = [
  firstAnswerWorkload(),
  ...WIDE_BULK_WORKLOADS,
  ...WIDE_TYPING_WORKLOADS,
  ...WIDE_OUTAGE_WORKLOADS,
];

function firstAnswerWorkload(): Workload {
  return {
    name: "wide-first",
    title: "100 ms: first answer on a new connection",
    metrics: [{ name: "time", unit: "round trips", better: "less", isCharted: true }],
    programs: [],
    contenders: [DIRECT, TELE, SSH],
    prepare: throughTunnel({
      site: async (s, { wan }) => wan === undefined ? relayed(s, LONG) : await linked(s, wan, { paths: [LONG] }),
      serve: startMessageServer,
      async measure({ site, tunnel, bench }) {
        const times = await firstAnswers(bench.load, tunnel, FIRST_ANSWERS, site.near);
        return { time: quartiles(times).median / LONG.roundTripMs };
      },
    }),
  };
}
