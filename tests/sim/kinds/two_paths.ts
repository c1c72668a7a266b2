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

/** Keys both ways, and with half of the seeds bulk both ways. What is typed takes 3 s. */
function keysAndBulk(scenario: Scenario, dice: Dice): void {
  scenario.streams = [{ openMs: 1_000, client: keys(dice) }];
  scenario.serverUsers = [{ plan: keys(dice), dialMs: 0, refuses: false }];
  if (dice.chance(0.5)) {
    const bulk = () => ({ ...plainPlan(dice.between(200_000, 600_000)), pauseMs: 20 });
    scenario.streams.push({ openMs: 1_000, client: bulk() });
    scenario.serverUsers.push({ plan: bulk(), dialMs: 0, refuses: false });
  }
  scenario.prompt = scenario.streams.map((_, index) => index);
}

/** Bulk alone: then nobody but bulk itself finds out that a path is dead. */
function withoutKeys(scenario: Scenario): void {
  scenario.streams.shift();
  scenario.serverUsers.shift();
  scenario.prompt = [0];
}

/**
 * One path dies in one direction or both, with bulk and keys on both, or one of them. All of it must have come long before anybody takes
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
  keysAndBulk(scenario, dice);
  const direction = dice.pick("up", "down", "both");
  scenario.events = [{
    atMs: dice.between(1_200, 3_000),
    kind: "path",
    path: dice.pick(0, 1),
    direction,
    forMs: 60_000,
  }];
  scenario.healMs = 4_600;
  if (scenario.streams.length > 1 && dice.chance(0.4)) withoutKeys(scenario);
  return scenario;
}

/**
 * One of several carriers of one path dies in one direction, the quiet one or another. On one path little is sent again
 * beside it, so some of it waits until the carrier is in doubt.
 */
export function oneOfSeveral(seed: number, dice: Dice): Scenario {
  const scenario = twoPaths(seed, dice);
  scenario.kind = "one of several";
  scenario.otherLines = [];
  const direction = dice.pick("up", "down") as "up" | "down";
  scenario.events = [{ atMs: dice.between(1_200, 3_000), kind: "hold", direction, forMs: 60_000 }];
  scenario.healMs = 9_000;
  return scenario;
}
