/**
 * The figures of memory, quiet and recovery at full size: `deno task measure`. The tests take smaller ones.
 *
 * @module
 */
import { Scenario } from "../../tests/support/scenario.ts";
import { interrupted } from "../interruption.ts";
import { describeFlood, FULL_LOGS, MANY_SENDERS, measureFlood } from "./flood.ts";
import { describeIdle, measureIdle } from "./idle.ts";
import { describeMany, measureMany } from "./many.ts";
import { describeQuiet, measureQuiet, type QuietOptions } from "./quiet.ts";
import { describePassing, describeWorkers, measurePassing, measureWorkers } from "./workers.ts";

const MINUTE_MS = 60_000;

const QUIET: Record<string, QuietOptions> = {
  "no connection, --ping-interval=1s": { args: ["--ping-interval=1s"], watchMs: 10_000, network: "works" },
  "no connection": { watchMs: 35_000, network: "works" },
  "no connection, server refuses": { watchMs: MINUTE_MS, network: "refuses" },
  "one connection, server refuses": { watchMs: MINUTE_MS, network: "refuses", isInUse: true },
  "one connection, black hole": { watchMs: MINUTE_MS, network: "black hole", isInUse: true },
};

const MEASUREMENTS: Record<string, (s: Scenario) => Promise<void>> = {
  /** Each connection takes a file descriptor here and in three other processes: mind `ulimit -n`. */
  async idle(s) {
    const options = { connections: 10_000, settleMs: 5_000, closedMs: [1_000, 15_000, 40_000] };
    console.log(`${options.connections} idle connections`);
    for (const memory of await measureIdle(s, options)) console.log(`  ${describeIdle(memory)}`);
  },
  async flood(s) {
    const common = {
      warmBytes: 96 * 2 ** 20,
      outageMs: MINUTE_MS,
      settleMs: 2_000,
      closedMs: [10_000, 30_000, 60_000],
    };
    console.log("40 connections with senders at both ends that never stop, server refuses for 60 s");
    for (const memory of await measureFlood(s, { ...common, ...MANY_SENDERS })) {
      console.log(`  ${describeFlood(memory)}`);
    }
    console.log(
      "the same with 200 connections, a round trip of 1 s and --replay-buffer=8MiB, so that the logs are full",
    );
    for (const memory of await measureFlood(s, { ...common, ...FULL_LOGS })) console.log(`  ${describeFlood(memory)}`);
  },
  async many(s) {
    console.log("512 sessions with one connection each, server refuses for 60 s");
    console.log(`  ${describeMany(await measureMany(s, { sessions: 512, outageMs: MINUTE_MS }))}`);
  },
  async quiet(s) {
    for (const [name, options] of Object.entries(QUIET)) {
      console.log(`${name}\n  ${describeQuiet(await measureQuiet(s, options))}`);
    }
  },
  /**
   * All share the processors of this machine, clients and users too, and compute as much as the workers: so none of these is
   * ever full. The more requests come at once, the less each of them costs, and the less it matters that two workers have half
   * of them each.
   */
  async workers(s) {
    for (const connections of [8, 64]) {
      console.log(`small HTTP requests on ${connections} kept connections of each of 8 clients, by turns`);
      const contenders = [[1], [2], [1, 1]];
      const options = { contenders, clients: 8, connections, rounds: 5, seconds: 3 };
      for (const result of await measureWorkers(s, options)) console.log(`  ${describeWorkers(result)}`);
    }
    for (const connections of [8, 64]) {
      console.log(`those of one client on ${connections} kept connections, whose carrier is cut 12 times`);
      console.log(`  ${describePassing(await measurePassing(s, { cuts: 12, connections, seconds: 2 }))}`);
    }
  },
};

async function main(names: readonly string[]): Promise<number> {
  if (names.some((name) => name === "--help" || name === "-h")) {
    console.log(
      `deno task measure [NAME ...]\n\nNAME is ${Object.keys(MEASUREMENTS).join(", ")}; all of them without one.`,
    );
    return 0;
  }
  const unknown = names.find((name) => !Object.hasOwn(MEASUREMENTS, name));
  if (unknown !== undefined) {
    console.error(`unknown measurement ${JSON.stringify(unknown)}; there are ${Object.keys(MEASUREMENTS).join(", ")}`);
    return 2;
  }
  const interruption = interrupted();
  for (const name of names.length > 0 ? names : Object.keys(MEASUREMENTS)) {
    const home = await Deno.makeTempDir({ prefix: "tele-measure-" });
    const scenario = new Scenario(home);
    try {
      const code = await Promise.race([MEASUREMENTS[name](scenario), interruption]);
      if (code !== undefined) return code;
    } finally {
      await scenario.end();
      await Deno.remove(home, { recursive: true });
    }
  }
  return 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
