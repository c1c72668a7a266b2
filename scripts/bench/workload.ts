/**
 * What is measured.
 *
 * @module
 */
import type { Scenario } from "../../tests/support/scenario.ts";
import { freePort } from "../../tests/support/user_programs.ts";
import type { Contender } from "./contender.ts";
import type { LoadGenerator } from "./load.ts";
import type { Program } from "./program.ts";
import type { Site, Tunnel } from "./site.ts";

/** One figure of a workload. */
export interface Metric {
  readonly name: string;
  readonly unit: string;
  readonly better: "more" | "less";
  /** Whether the chart shows it. */
  readonly isCharted?: boolean;
}

/** The figures of one measurement, by the names of the metrics. */
export type Sample = Record<string, number>;

/** Measures once; `onNote` is told what must be known about the figures. */
export type Measure = (seconds: number, onNote: (text: string) => void) => Promise<Sample>;

/** What all workloads are given. */
export interface Bench {
  load: LoadGenerator;
  /** The compiled `wan`; `undefined` where there can be no paths of IP packets. */
  wan: string | undefined;
}

/** One thing to measure for each of some contenders. */
export interface Workload {
  readonly name: string;
  readonly title: string;
  readonly metrics: readonly Metric[];
  /** The programs that make the load. */
  readonly programs: readonly string[];
  readonly contenders: readonly Contender[];
  /** The time of one measurement, as a multiple of what was asked for: a long path needs longer to get going. */
  readonly times?: number;
  /** A short measurement of each contender, which is not counted, would tell nothing: each begins afresh anyway. */
  readonly isCold?: boolean;
  /** The contenders of a round are measured at the same time: they need little of the machine, and much time. */
  readonly isSideBySide?: boolean;
  /** Makes what all contenders share, and tells how to set one of them up. */
  prepare(s: Scenario, bench: Bench): Promise<(contender: Contender) => Promise<Measure>>;
}

/** A contender in front of a user's server. */
export interface Run {
  site: Site;
  tunnel: Tunnel;
  contender: Contender;
  server: Program;
  bench: Bench;
  seconds: number;
}

/** The parts of a workload in which a tunnel stands for all rounds. */
export interface TunnelWorkload {
  site(s: Scenario, bench: Bench): Promise<Site>;
  serve(s: Scenario, site: Site, port: number, bench: Bench): Promise<Program>;
  measure(run: Run): Promise<Sample>;
}

/** Makes the function that prepares such a workload. */
export function throughTunnel({ site: makeSite, serve, measure }: TunnelWorkload): Workload["prepare"] {
  return async (s, bench) => {
    const site = await makeSite(s, bench);
    return async (contender) => {
      const to = freePort();
      const server = await serve(s, site, to, bench);
      const tunnel = await contender.start(s, site, to);
      return (seconds) => measure({ site, tunnel, contender, server, bench, seconds });
    };
  };
}
