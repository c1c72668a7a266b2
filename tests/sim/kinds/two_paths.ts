/**
 * Scenarios with two paths, of which one dies without a word: whoever sends by both notices little of it.
 *
 * @module
 */
import type { Dice } from "../dice.ts";
import type { Scenario } from "../scenario.ts";
import type { UserPlan } from "../user.ts";
import { base, plainPlan } from "./base.ts";

/** What is typed: in small pieces, each answered by nobody. */
function keys(dice: Dice): UserPlan {
  return { ...plainPlan(dice.between(1_000, 3_000)), pieceBytes: 20, pauseMs: 20 };
}

/**
 * One path dies in one direction or both, with bulk and keys on both. All of it must have come long before anybody takes
 * a carrier for dead: it goes on the other path as soon as there is no progress.
 */
export function twoPaths(seed: number, dice: Dice): Scenario {
  const scenario = base(seed, dice);
  scenario.kind = "two paths";
  scenario.cryptoMs = Math.min(scenario.cryptoMs, 5);
  scenario.lateReadMs = 0;
  scenario.startCredit = 64 * 1024;
  scenario.replayBufferBytes = 1024 * 1024;
  const lines = () => ({ delayMs: dice.pick(1, 5, 20), bytesPerSecond: 0, bufferBytes: 65_536, chunkBytes: 0 });
  scenario.lines = lines();
  scenario.otherLines = [lines()];
  scenario.carriers = 8;
  scenario.leastCarriers = dice.between(3, 6);
  const bulk = dice.chance(0.5);
  // What is typed takes 3 s at the most.
  scenario.streams = [{ openMs: 1_000, client: keys(dice) }];
  scenario.serverUsers = [{ plan: keys(dice), dialMs: 0, refuses: false }];
  if (bulk) {
    scenario.streams.push({ openMs: 1_000, client: { ...plainPlan(dice.between(200_000, 600_000)), pauseMs: 20 } });
    const down = { ...plainPlan(dice.between(200_000, 600_000)), pauseMs: 20 };
    scenario.serverUsers.push({ plan: down, dialMs: 0, refuses: false });
  }
  const direction = dice.pick("up", "down", "both");
  scenario.events = [{
    atMs: dice.between(1_200, 3_000),
    kind: "path",
    path: dice.pick(0, 1),
    direction,
    forMs: 60_000,
  }];
  scenario.prompt = scenario.streams.map((_, index) => index);
  scenario.healMs = 9_000;
  return scenario;
}
