/**
 * Workloads of a fleet on one machine: what it costs that a carrier is passed on.
 *
 * @module
 */
import { IN_A_FLEET } from "./fleet_contenders.ts";
import { pingPong, startMessageServer } from "./load.ts";
import { cpuSeconds } from "./program.ts";
import { LOOPBACK } from "./site.ts";
import { throughTunnel, type Workload } from "./workload.ts";
import { bulkWorkload } from "./workloads_local.ts";

/** The workloads of this kind, in the order of the output. */
export const FLEET_WORKLOADS: readonly Workload[] = [
  echoWorkload(),
  { ...bulkWorkload("down", 1), name: "fleet-bulk-down", title: "Bulk down, one stream, in a fleet" },
  { ...bulkWorkload("up", 1), name: "fleet-bulk-up", title: "Bulk up, one stream, in a fleet" },
].map((workload) => ({ ...workload, contenders: IN_A_FLEET }));

/** With the processor time of an echo, which on a busy machine says more than how long it takes. */
function echoWorkload(): Omit<Workload, "contenders"> {
  return {
    name: "fleet-echo",
    title: "Echo of 64 bytes, in a fleet",
    metrics: [
      { name: "p50", unit: "µs", better: "less" },
      { name: "p99", unit: "µs", better: "less" },
      { name: "cpu", unit: "CPU µs/echo", better: "less" },
    ],
    programs: [],
    prepare: throughTunnel({
      site: () => Promise.resolve(LOOPBACK),
      serve: startMessageServer,
      async measure({ site, tunnel, bench, seconds }) {
        const before = cpuSeconds(tunnel.pids);
        const { all, p50, p99 } = await pingPong(bench.load, tunnel, { wrap: site.near, seconds });
        return { p50, p99, cpu: (cpuSeconds(tunnel.pids) - before) * 1e6 / all };
      },
    }),
  };
}
