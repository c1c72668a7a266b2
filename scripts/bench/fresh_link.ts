/**
 * Workloads in which each measurement has paths, processes and kernels' buffers of its own: what one leaves on its way
 * meets no other.
 *
 * @module
 */
import type { Scenario } from "../../tests/support/scenario.ts";
import { freePort } from "../../tests/support/user_programs.ts";
import type { Contender } from "./contender.ts";
import { type CongestionControl, LINK_NEEDS, type LinkOptions } from "./link.ts";
import { startMessageServer } from "./load.ts";
import { withScene } from "./scene.ts";
import { linked } from "./site.ts";
import type { Bench, Measure, Run, Sample, TunnelWorkload, Workload } from "./workload.ts";

/** A contender in front of a user's server, for one measurement. */
export interface FreshRun extends Omit<Run, "seconds"> {
  s: Scenario;
  /** The port of the user's server on the far side. */
  to: number;
}

/** What such a workload is made of. */
export interface FreshWorkload {
  link: LinkOptions;
  /** Starts the user's server. @default {that of messages} */
  serve?: TunnelWorkload["serve"];
  measure(run: FreshRun, seconds: number): Promise<Sample>;
}

/** What the workloads on links are measured with. */
export const CONGESTION_CONTROLS = ["cubic", "bbr"] as const satisfies readonly CongestionControl[];

/** Makes the function that prepares such a workload. */
export function onFreshLink({ link, serve, measure }: FreshWorkload): Workload["prepare"] {
  return freshly((bench, contender) => (seconds) =>
    runOnce(bench, link, contender, (run) => measure(run, seconds), serve)
  );
}

/** As {@linkcode onFreshLink}, for measurements that make their links themselves. */
export function freshly(measureOf: (bench: Bench, contender: Contender) => Measure): Workload["prepare"] {
  return (_s, bench) => {
    if (bench.wan === undefined) return Promise.reject(new Error(`missing: ${LINK_NEEDS}`));
    return Promise.resolve((contender) => Promise.resolve(measureOf(bench, contender)));
  };
}

/** Starts everything anew, runs `body` once, and ends everything. */
export function runOnce<T>(
  bench: Bench,
  link: LinkOptions,
  contender: Contender,
  body: (run: FreshRun) => Promise<T>,
  serve: TunnelWorkload["serve"] = startMessageServer,
): Promise<T> {
  return withScene(async (s) => {
    const site = await linked(s, bench.wan!, link);
    const to = freePort();
    const server = await serve(s, site, to, bench);
    const tunnel = await contender.start(s, site, to);
    return await body({ s, to, site, tunnel, contender, server, bench });
  });
}
