/**
 * Workloads over several paths, one of which dies and tells nobody: how long nothing moves.
 *
 * @module
 */
import { pause } from "../../tests/support/wait.ts";
import { DIRECT, SSH, TELE } from "./contender.ts";
import { CONGESTION_CONTROLS, freshly, type FreshRun, runOnce } from "./fresh_link.ts";
import type { CongestionControl, LinkOptions } from "./link.ts";
import { fetch, type } from "./load.ts";
import type { Path, PathOptions } from "./path.ts";
import type { Sample, Workload } from "./workload.ts";

/** Which of two paths dies: the one that carries more of the download, or the other. */
type Place = "busier" | "other";

const PATH: PathOptions = { roundTripMs: 40, megabitsPerSecond: 50, queueKib: 256 };

const KEY_MS = 20;

/** Before a path dies everything has found its pace; the first second is not looked at. In seconds. */
const BEFORE_SECONDS = 3;
const SKIPPED_SECONDS = 1;

/** How long packets are counted to see which path carries more, in milliseconds. */
const LOOK_MS = 500;

/** Who has one path gets it back after this time, in seconds: else nothing would move any more. */
const OUTAGE_SECONDS = 3;

/** The workloads of this kind, in the order of the output. */
export const WIDE_OUTAGE_WORKLOADS: readonly Workload[] = CONGESTION_CONTROLS.map(dyingPath);

function dyingPath(congestionControl: CongestionControl): Workload {
  const link: LinkOptions = { paths: [PATH, PATH], congestionControl };
  return {
    name: `wide-dying-path-${congestionControl}`,
    title: `One of two paths of 50 Mbit/s × 40 ms dies silently, ${congestionControl.toUpperCase()}: longest stillness`,
    metrics: [
      { name: "keys", unit: "ms", better: "less" },
      { name: "download", unit: "ms", better: "less" },
    ],
    programs: [],
    contenders: [DIRECT, TELE, SSH],
    times: 2,
    isCold: true,
    prepare: freshly((bench, contender) => async (seconds, onNote) => {
      const once = (place: Place) => runOnce(bench, link, contender, (run) => measureStillness(run, seconds, place));
      const busier = await once("busier");
      if (busier.paths > 1) return worse(busier.sample, (await once("other")).sample);
      onNote(`uses one path; it was down for ${OUTAGE_SECONDS} s and came back`);
      return busier.sample;
    }),
  };
}

async function measureStillness(
  { site, tunnel, bench }: FreshRun,
  seconds: number,
  place: Place,
): Promise<{ paths: number; sample: Sample }> {
  const { load } = bench;
  const paths = tunnel.paths ?? 1;
  const all = BEFORE_SECONDS + OUTAGE_SECONDS + seconds;
  const typing = type(load, tunnel, KEY_MS, { wrap: site.near, seconds: all });
  const download = fetch(load, tunnel, SKIPPED_SECONDS, { wrap: site.near, seconds: all - SKIPPED_SECONDS });
  const breaking = async () => {
    await pause(BEFORE_SECONDS * 1_000 - LOOK_MS);
    const [busier, other] = await byTraffic(site.paths.slice(0, paths));
    const dying = place === "busier" ? busier : other;
    await dying.die();
    if (paths > 1) return;
    await pause(OUTAGE_SECONDS * 1_000);
    await dying.revive();
  };
  const [{ still: keys }, { still }] = await Promise.all([typing, download, breaking()]);
  return { paths, sample: { keys, download: still } };
}

/** The busiest first. */
async function byTraffic(paths: readonly Path[]): Promise<Path[]> {
  const counts = () => Promise.all(paths.map((path) => path.passed()));
  const before = await counts();
  await pause(LOOK_MS);
  const after = await counts();
  const traffic = new Map(paths.map((path, index) => [path, after[index] - before[index]]));
  return paths.toSorted((one, other) => traffic.get(other)! - traffic.get(one)!);
}

function worse(one: Sample, other: Sample): Sample {
  return Object.fromEntries(Object.entries(one).map(([name, value]) => [name, Math.max(value, other[name])]));
}
