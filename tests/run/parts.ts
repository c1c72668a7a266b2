/**
 * The parts in which `deno task test` runs all tests, one after the other.
 *
 * @module
 */

import { sourcesBelow } from "../support/source_tree.ts";

/** Tests that run together. */
export interface Part {
  /** What they have in common, for who watches. */
  readonly about: string;
  /** Folders and files, from the top of the checkout. */
  readonly paths: readonly string[];
  /** Files of those folders that belong to another part. */
  readonly without: readonly string[];
  /** How many files run side by side. */
  readonly jobs: number;
}

/** Beside others these would measure the others: how long a thing takes, and which files the process has open. */
const MEASURING = [
  "tests/endurance/many_test.ts",
  "tests/endurance/quiet_test.ts",
  "tests/e2e/flood_strangers_test.ts",
  "tests/e2e/half_close_test.ts",
  "tests/e2e/latency_test.ts",
  "tests/e2e/leaks_test.ts",
  "tests/hosts/recovery_test.ts",
];

/**
 * These begin first: else one of them would run on when nothing is left to run beside it. Deno takes files in the order
 * of its command line, but in front of them those of folders with a longer path: so the order is that of `e2e` and `sim`.
 */
export const LONGEST: readonly string[] = [
  "tests/e2e/bench_test.ts",
  "tests/e2e/stdio_test.ts",
  "tests/e2e/fleet_balancer_test.ts",
  "tests/e2e/fleet_test.ts",
  "tests/e2e/demo_test.ts",
  "tests/e2e/peer_test.ts",
  "tests/e2e/compiled_test.ts",
  "tests/e2e/command_test.ts",
  "tests/e2e/openssh_test.ts",
  "tests/e2e/web_servers_test.ts",
  "tests/e2e/workers_dealing_test.ts",
  "tests/e2e/seal_test.ts",
  "tests/e2e/workers_fleet_test.ts",
  "tests/e2e/workers_test.ts",
  "tests/sim/sim_test.ts",
];

/** All parts; `tests/unit/house/parts_test.ts` has each test in one of them. */
export const PARTS: readonly Part[] = [
  {
    about: "in memory",
    paths: ["tests/unit/shards/1.ts", "tests/unit/shards/2.ts", "tests/unit/shards/3.ts"],
    without: [],
    jobs: 3,
  },
  { about: "what is measured, by itself", paths: MEASURING, without: [], jobs: 1 },
  {
    about: "real programs, which wait more than they compute, and seconds of models",
    paths: ["tests/e2e", "tests/endurance", "tests/fuzz", "tests/hosts", "tests/paths", "tests/sim"],
    without: MEASURING,
    jobs: 4,
  },
];

/** The files of a part, the longest first. (`deno test --ignore` leaves out nothing of a second folder.) */
export function filesOf({ paths, without }: Part): string[] {
  const files = paths.flatMap((path) =>
    path.endsWith(".ts") ? [path] : sourcesBelow(`${path}/`).filter((file) => file.endsWith("_test.ts"))
  );
  const long = LONGEST.filter((file) => files.includes(file));
  return [...new Set([...long, ...files])].filter((file) => !without.includes(file));
}

/**
 * The arguments of Deno that run a part, and write what came of it to the file `report`. Types are what `deno task check`
 * checks, once for all parts.
 */
export function argumentsOf(part: Part, report: string): string[] {
  return [
    "test",
    "-A",
    "--no-check",
    ...part.jobs > 1 ? ["--parallel"] : [],
    `--junit-path=${report}`,
    ...filesOf(part),
  ];
}
