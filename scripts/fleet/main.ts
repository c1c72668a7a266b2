/**
 * A fleet of many servers with many sessions, as arithmetic has it and as the real code does.
 *
 *     deno task fleet [--servers=50] [--sessions=100000] [--carriers=1] [--scene=connect,cut,roll,restart,lose] …
 *
 * @module
 */
import { canSimulate } from "../../tests/sim/clock.ts";
import { runTool } from "../cli.ts";
import { interrupted } from "../interruption.ts";
import { type JoinCosts, joinCosts } from "./join_cost.ts";
import { measureMemory, usedBytes } from "./memory.ts";
import { FLEET_HELP, type FleetRunOptions, parseFleetOptions, type Scene } from "./options.ts";
import { type SceneResult, table } from "./report.ts";
import { roll } from "./roll.ts";
import { connect, cut, lose, restart } from "./scenes.ts";
import { World } from "./world.ts";

const PLAYS: Record<Scene, (world: World, costs: JoinCosts) => Promise<SceneResult>> = {
  connect,
  cut,
  roll,
  restart,
  lose,
  memory: measureMemory,
};

/** Plays the scenes, and gives what comes of each to `tell`. Returns whether all is as it should be. */
export async function play(options: FleetRunOptions, tell: (result: SceneResult) => void): Promise<boolean> {
  // Before the world that follows: there is one chance at a time.
  const costs = await joinCosts(options);
  const world = new World(options);
  let isGood = true;
  try {
    if (options.scenes.includes("memory")) world.baseBytes = await usedBytes();
    for (const scene of options.scenes) {
      const result = await PLAYS[scene](world, costs);
      tell(result);
      isGood &&= result.problems.length === 0;
    }
  } finally {
    world.end();
  }
  return isGood;
}

async function fleet(options: FleetRunOptions): Promise<number> {
  if (!canSimulate) throw new Error("this version of Deno cannot run the simulator: it has no core.runMicrotasks");
  let beganMs = performance.now();
  const tell = (result: SceneResult) => {
    console.log(table(result));
    for (const problem of result.problems) console.log(`PROBLEM: ${problem}`);
    console.log(`(${((performance.now() - beganMs) / 1_000).toFixed(0)} s of this machine)\n`);
    beganMs = performance.now();
  };
  const played = play(options, tell).then((isGood) => isGood ? 0 : 1);
  return await Promise.race([played, interrupted()]);
}

if (import.meta.main) {
  Deno.exit(await runTool({ name: "fleet", help: FLEET_HELP, parse: parseFleetOptions, run: fleet }, Deno.args));
}
