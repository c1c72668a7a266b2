/**
 * Every outage, from a seed: as many runs of the simulator as fit in a few seconds, or in `TELE_SIM_SECONDS`.
 */

import { assertEquals } from "@std/assert";
import { canSimulate } from "./sim/clock.ts";
import { playAlone, runSeeds } from "./sim/run.ts";
import { scenarioOf } from "./sim/scenario.ts";
import { explain } from "./sim/shrink.ts";

/** How long to look for trouble, in seconds. */
const SECONDS = Number(Deno.env.get("TELE_SIM_SECONDS") ?? 20);

Deno.test({
  name: "sim: the same seed is the same run",
  ignore: !canSimulate,
  async fn() {
    for (const seed of [3, 17, 80]) {
      const one = await playAlone(scenarioOf(seed), true);
      const other = await playAlone(scenarioOf(seed), true);
      assertEquals(one.trace, other.trace);
    }
  },
});

Deno.test({
  name: `sim: nothing is lost but time, in as many runs as fit in ${SECONDS} s`,
  ignore: !canSimulate,
  async fn() {
    const report = await runSeeds({ from: 1, seeds: Infinity, seconds: SECONDS, stopsAtFailure: true });
    console.log(`${report.runs} runs, ${report.carriers} carriers, ${report.bytes >> 20} MiB checked`);
    const [failed] = report.failed;
    if (failed !== undefined) throw new Error(await explain(scenarioOf(failed.seed), failed.problem));
  },
});
