/**
 * Workloads over a long path: how much one stream gets out of it.
 *
 * @module
 */
import { DIRECT, SSH, TELE } from "./contender.ts";
import { CONGESTION_CONTROLS, onFreshLink } from "./fresh_link.ts";
import type { CongestionControl, LinkOptions } from "./link.ts";
import { bulk, type Direction, fetch, startBulkServer } from "./load.ts";
import type { PathOptions } from "./path.ts";
import type { Workload } from "./workload.ts";

const LONG: PathOptions = { roundTripMs: 100, megabitsPerSecond: 1_000, queueKib: 8 * 1024 };
const LOSSY: PathOptions = { roundTripMs: 80, megabitsPerSecond: 200, queueKib: 4 * 1024 };
const SHARED: PathOptions = { roundTripMs: 40, megabitsPerSecond: 50, queueKib: 256 };

/** What the lossy path loses, in percent. */
const LOSSES = [0, 0.1, 1, 3];

/** What comes this early is not counted where a path loses packets: a start by luck says nothing. In seconds. */
const SKIPPED_SECONDS = 3;

const RATE = { name: "rate", unit: "Mbit/s", better: "more" } as const;

/** The workloads of this kind, in the order of the output. */
export const WIDE_BULK_WORKLOADS: readonly Workload[] = CONGESTION_CONTROLS.flatMap((control) => [
  longWorkload(control, "down"),
  longWorkload(control, "up"),
  ...LOSSES.map((loss) => lossyWorkload(control, loss)),
  shareWorkload(control),
]);

function longWorkload(congestionControl: CongestionControl, direction: Direction): Workload {
  return {
    name: `wide-long-${direction}-${congestionControl}`,
    title: `1 Gbit/s × 100 ms, ${nameOf(congestionControl)}: one stream ${direction}, start included`,
    metrics: [{ ...RATE, isCharted: true }],
    programs: ["iperf3"],
    contenders: [DIRECT, TELE, SSH],
    times: 3,
    isCold: true,
    prepare: onFreshLink({
      link: { paths: [LONG], congestionControl },
      serve: startBulkServer,
      async measure({ site, tunnel }, seconds) {
        const { bytesPerSecond } = await bulk(tunnel, direction, 1, { wrap: site.near, seconds });
        return { rate: megabits(bytesPerSecond) };
      },
    }),
  };
}

function lossyWorkload(congestionControl: CongestionControl, lossPercent: number): Workload {
  const link: LinkOptions = { paths: [{ ...LOSSY, lossPercent }], congestionControl };
  return {
    name: `wide-lossy-${lossPercent}-${congestionControl}`,
    title: `200 Mbit/s × 80 ms, ${lossPercent} % lost, ${nameOf(congestionControl)}: one stream down`,
    metrics: [{ ...RATE, isCharted: true }],
    programs: [],
    contenders: [DIRECT, TELE, SSH],
    times: 2,
    isCold: true,
    // CUBIC gets little through such a path, and that needs little of the machine.
    isSideBySide: congestionControl === "cubic" && lossPercent > 0,
    prepare: onFreshLink({
      link,
      async measure({ site, tunnel, bench }, seconds) {
        const { bytesPerSecond } = await fetch(bench.load, tunnel, SKIPPED_SECONDS, { wrap: site.near, seconds });
        return { rate: megabits(bytesPerSecond) };
      },
    }),
  };
}

function shareWorkload(congestionControl: CongestionControl): Workload {
  return {
    name: `wide-share-${congestionControl}`,
    title: `50 Mbit/s × 40 ms, ${nameOf(congestionControl)}: one stream down beside a plain TCP connection's`,
    metrics: [
      { name: "share", unit: "% of both", better: "less" },
      RATE,
      { name: "plain", unit: "Mbit/s of the other", better: "more" },
    ],
    programs: [],
    contenders: [DIRECT, TELE, SSH],
    times: 3,
    isCold: true,
    prepare: onFreshLink({
      link: { paths: [SHARED], congestionControl },
      async measure({ to, site, tunnel, bench }, seconds) {
        const beside = await site.reach(to);
        const [own, plain] = await Promise.all([tunnel, beside].map(async (endpoint) => {
          const { bytesPerSecond } = await fetch(bench.load, endpoint, SKIPPED_SECONDS, { wrap: site.near, seconds });
          return megabits(bytesPerSecond);
        }));
        return { share: 100 * own / (own + plain), rate: own, plain };
      },
    }),
  };
}

/** As people write it. */
function nameOf(congestionControl: CongestionControl): string {
  return congestionControl.toUpperCase();
}

function megabits(bytesPerSecond: number): number {
  return bytesPerSecond * 8 / 1e6;
}
