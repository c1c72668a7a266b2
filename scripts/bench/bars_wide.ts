/**
 * How well tele is to use long paths.
 *
 * @module
 */
import type { Bar } from "./bar.ts";
import { CONGESTION_CONTROLS } from "./fresh_link.ts";

type CongestionControl = typeof CONGESTION_CONTROLS[number];

const contender = "tele";
const of = { contender: "direct" };

/** Of the rate of a direct connection through the lossy path, by what the path loses in percent. */
const LOSSY: Record<CongestionControl, [loss: number, bar: number][]> = {
  cubic: [[0, 0.95], [0.1, 3], [1, 4], [3, 4]],
  bbr: [[0, 0.95], [0.1, 1], [1, 1], [3, 1]],
};

/** Of both rates: what six connections would take beside one. */
const MOST_SHARE = 100 * 6 / 7;

/** Every bar of long paths. */
export const WIDE_BARS: readonly Bar[] = [
  { workload: "wide-first", contender, metric: "time", kind: "most", bar: 1.15, beyond: 1.05 },
  ...CONGESTION_CONTROLS.flatMap((control) => [...bulkBars(control), ...typingBars(control), ...outageBars(control)]),
  gatherBar("reno"),
];

function bulkBars(control: CongestionControl): Bar[] {
  const rate = { contender, metric: "rate", kind: "least" } as const;
  const lossy = LOSSY[control].flatMap(([loss, bar]): Bar[] => {
    const workload = `wide-lossy-${loss}-${control}`;
    if (control === "bbr") return [{ ...rate, workload, bar, of }, { ...rate, workload, beyond: 185 }];
    return [loss === 0 ? { ...rate, workload, bar, of } : { ...rate, workload, bar, beyond: 6, of }];
  });
  return [
    ...["down", "up"].flatMap((direction): Bar[] => {
      const workload = `wide-long-${direction}-${control}`;
      return [{ ...rate, workload, bar: 3, or: 850, of }, { ...rate, workload, beyond: 900 }];
    }),
    ...lossy,
    { workload: `wide-share-${control}`, contender, metric: "share", kind: "most", bar: MOST_SHARE },
  ];
}

function typingBars(control: CongestionControl): Bar[] {
  const most = { contender, kind: "most" } as const;
  return [
    { ...most, workload: `wide-echo-${control}`, metric: "p99", bar: 80, beyond: 65 },
    { contender, kind: "least", workload: `wide-echo-${control}`, metric: "rate", bar: 18 },
    ...[1_000, 256, 128].flatMap((kilobits): Bar[] => {
      const workload = `wide-slow-${kilobits}-${control}`;
      return [
        { ...most, workload, metric: "p99", bar: 1.3, of, plus: 150 },
        { ...most, workload, metric: "p99", beyond: 1, of },
      ];
    }),
    gatherBar(control),
  ];
}

function gatherBar(control: string): Bar {
  return { contender, kind: "most", workload: `wide-gather-${control}`, metric: "time", bar: 1.3, of };
}

function outageBars(control: CongestionControl): Bar[] {
  const still = { workload: `wide-dying-path-${control}`, contender, kind: "most" } as const;
  return [
    { ...still, metric: "keys", bar: 200, beyond: 60 },
    { ...still, metric: "download", bar: 350, beyond: 60 },
  ];
}
