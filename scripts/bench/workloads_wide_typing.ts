/**
 * Workloads over a long path: typing beside an upload that fills it.
 *
 * @module
 */
import { DIRECT, SSH, TELE } from "./contender.ts";
import { CONGESTION_CONTROLS, onFreshLink } from "./fresh_link.ts";
import type { CongestionControl, LinkOptions } from "./link.ts";
import { push, startTyping, type, Upload } from "./load.ts";
import type { PathOptions } from "./path.ts";
import type { Workload } from "./workload.ts";

const NARROW: PathOptions = { roundTripMs: 40, megabitsPerSecond: 20, queueKib: 256 };
const SLOW = { roundTripMs: 60, queueKib: 64 };
const GATHERING = { roundTripMs: 40, megabitsPerSecond: 50, queueKib: 4 * 1024 };

/**
 * What the box gathers, so that a direct connection copes. BBR takes the shortest round trip that it sees for the
 * path's: where acknowledgements alone are gathered, that of one which just did not wait, and it crawls. CUBIC leaves
 * slow start at once where round trips are a second long, and where one packet left a little later behind a burst than
 * others (HyStart); Reno does not, and so tells what is tele's own.
 */
const GATHERED = {
  cubic: { everyMs: 500, direction: "towards the near end" },
  bbr: { everyMs: 500, direction: "both ways" },
  reno: { everyMs: 500, direction: "towards the near end" },
} as const;

const SLOW_KILOBITS = [1_000, 256, 128];

/** Between two keys, in milliseconds. On a slow path keys must not fill it themselves. */
const KEY_MS = 20;
const SLOW_KEY_MS = 200;

const GATHERED_BYTES = 20e6;
const GATHERED_LIMIT_MS = 240_000;

/** The workloads of this kind, in the order of the output. */
export const WIDE_TYPING_WORKLOADS: readonly Workload[] = [
  ...CONGESTION_CONTROLS.flatMap(typingWorkloads),
  gatherWorkload("reno"),
];

function typingWorkloads(control: typeof CONGESTION_CONTROLS[number]): Workload[] {
  return [
    besideUpload(control, "wide-echo", "20 Mbit/s × 40 ms", NARROW, KEY_MS, { times: 3 }),
    ...SLOW_KILOBITS.map((kilobits) => {
      const path = { ...SLOW, megabitsPerSecond: kilobits / 1_000 };
      const more = { times: 10, isSideBySide: true };
      return besideUpload(control, `wide-slow-${kilobits}`, `${kilobits} kbit/s × 60 ms`, path, SLOW_KEY_MS, more);
    }),
    gatherWorkload(control),
  ];
}

function besideUpload(
  congestionControl: CongestionControl,
  name: string,
  title: string,
  path: PathOptions,
  everyMs: number,
  more: Pick<Workload, "times" | "isSideBySide">,
): Workload {
  return {
    name: `${name}-${congestionControl}`,
    title: `${title}, ${congestionControl.toUpperCase()}: a key each ${everyMs} ms beside an upload, start included`,
    metrics: [
      { name: "p50", unit: "ms", better: "less" },
      { name: "p99", unit: "ms", better: "less", isCharted: true },
      { name: "p99 later", unit: "ms", better: "less" },
      { name: "rate", unit: "Mbit/s", better: "more" },
    ],
    programs: [],
    contenders: [DIRECT, TELE, SSH],
    ...more,
    isCold: true,
    prepare: onFreshLink({
      link: { paths: [path], congestionControl },
      async measure({ s, site, tunnel, server, bench }, seconds) {
        const upload = await Upload.start(s, bench.load, tunnel, server, site.near);
        const { p50, p99, late } = await type(bench.load, tunnel, everyMs, { wrap: site.near, seconds });
        return { p50, p99, "p99 later": late, rate: await upload.stop() * 8 / 1e6 };
      },
    }),
  };
}

function gatherWorkload(congestionControl: CongestionControl): Workload {
  const gathers = GATHERED[congestionControl];
  const link: LinkOptions = { paths: [{ ...GATHERING, gathers }], congestionControl };
  const what = gathers.direction === "both ways" ? "what passes" : "acknowledgements";
  return {
    name: `wide-gather-${congestionControl}`,
    title: `A box that gathers ${what} for 500 ms, ${congestionControl.toUpperCase()}: 20 MB up beside typing`,
    metrics: [{ name: "time", unit: "s", better: "less" }],
    programs: [],
    contenders: [DIRECT, TELE, SSH],
    isCold: true,
    isSideBySide: true,
    prepare: onFreshLink({
      link,
      async measure({ s, site, tunnel, bench }) {
        await startTyping(s, bench.load, tunnel, KEY_MS, site.near);
        const options = { wrap: site.near, limitMs: GATHERED_LIMIT_MS };
        return { time: await push(bench.load, tunnel, GATHERED_BYTES, options) };
      },
    }),
  };
}
