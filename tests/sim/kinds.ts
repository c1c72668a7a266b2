/**
 * The kinds of scenarios, and which one a seed is.
 *
 * @module
 */
import { Dice } from "./dice.ts";
import { linesOf } from "./kinds/base.ts";
import { barren, lateCommits, leftBehind, oneWay, shortLives, takeover, unheard } from "./kinds/carriers.ts";
import { chaos } from "./kinds/chaos.ts";
import { brokenOff, expiry, fullHouse, longOutage } from "./kinds/outages.ts";
import { beginsToSwallow, far, idle, slow, smallOnly } from "./kinds/paths.ts";
import { drains, farewells, restarts } from "./kinds/processes.ts";
import { asleep, forgotten } from "./kinds/sleeps.ts";
import { bulk, crowd, littleMemory, manyResets } from "./kinds/streams.ts";
import { portal, rogues, swallowed } from "./kinds/strangers.ts";
import { oneOfSeveral, twoPaths } from "./kinds/two_paths.ts";
import type { Scenario } from "./scenario.ts";

/** How many seeds in a hundred each kind has; all others are {@linkcode chaos}. */
const KINDS: readonly (readonly [number, (seed: number, dice: Dice) => Scenario])[] = [
  [4, shortLives],
  [1, crowd],
  [2, idle],
  [5, lateCommits],
  [8, restarts],
  [2, bulk],
  [2, slow],
  [2, rogues],
  [4, takeover],
  [1, portal],
  [1, longOutage],
  [1, expiry],
  [1, swallowed],
  [1, far],
  [1, barren],
  [1, fullHouse],
  [2, farewells],
  [1, brokenOff],
  [1, littleMemory],
  [1, manyResets],
  [1, oneWay],
  [1, smallOnly],
  [4, leftBehind],
  [1, unheard],
  [1, asleep],
  [1, forgotten],
  [2, twoPaths],
  [1, oneOfSeveral],
  [4, drains],
  [1, beginsToSwallow],
];

/** With one carrier at a time, with the others beside one in doubt, or with several all the time, also by two paths. */
function withCarriers(scenario: Scenario, dice: Dice): Scenario {
  if (scenario.leastCarriers > 1) return scenario;
  const roll = dice.between(1, 10);
  if (roll <= 3) return { ...scenario, carriers: 1 };
  // Who waits behind a carrier that stands still is not yet sent on another before that is in doubt.
  if (roll <= 6 || scenario.prompt.length > 0) return scenario;
  const leastCarriers = dice.between(2, 8);
  const several = { ...scenario, leastCarriers, carriers: 8 };
  // What a rogue says must be heard.
  const hasRogues = scenario.events.some(({ kind }) => kind === "rogue");
  return !hasRogues && dice.chance(0.4) ? withAnotherPath(several, dice) : several;
}

/** Carriers are dealt over two paths, of which one is dead now and then. */
function withAnotherPath(scenario: Scenario, dice: Dice): Scenario {
  const events = [...scenario.events];
  for (let left = dice.between(0, 3); left > 0; left--) {
    const atMs = dice.between(1, Math.min(scenario.healMs, 10_000));
    const direction = dice.pick("up", "down", "both");
    events.push({ atMs, kind: "path", path: dice.pick(0, 1), direction, forMs: dice.size(50, 8_000) });
  }
  // Each path has its own attempts.
  return { ...scenario, otherLines: [linesOf(dice)], events, mostCarriers: 2 * scenario.mostCarriers };
}

/** The scenario of a seed. */
export function scenarioOf(seed: number): Scenario {
  const dice = new Dice(seed);
  let left = dice.between(1, 100);
  const make = KINDS.find(([share]) => (left -= share) <= 0)?.[1] ?? chaos;
  return withCarriers(make(seed, dice), dice);
}
