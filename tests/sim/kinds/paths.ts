/**
 * Scenarios on paths that look dead and are not, and the other way round.
 *
 * @module
 */
import type { Dice } from "../dice.ts";
import type { Scenario } from "../scenario.ts";
import type { Largest } from "../sim_path.ts";
import { base, plainPlan } from "./base.ts";

/** Minutes in which nothing happens, on a carrier that nobody may give up. */
export function idle(seed: number, dice: Dice): Scenario {
  const scenario = base(seed, dice);
  scenario.kind = "idle";
  scenario.healMs = dice.between(100_000, 250_000);
  scenario.pingIntervalMs = dice.pick(5_000, 30_000);
  scenario.streams = [{ openMs: 0, client: { ...plainPlan(5_000), fin: "heal" } }];
  scenario.lines = { delayMs: dice.pick(0, 10, 100), bytesPerSecond: 0, bufferBytes: 65_536, chunkBytes: 0 };
  scenario.serverUsers = [{ plan: { ...plainPlan(-1), fin: "end" }, dialMs: 0, refuses: false }];
  if (dice.chance(0.6)) {
    // The carrier dies unseen, and then a user comes: the network is whole, so that is soon noticed.
    const atMs = dice.between(70_000, 150_000);
    const openMs = atMs + dice.between(10, 3_000);
    scenario.events.push({ atMs, kind: "black hole", direction: dice.pick("up", "down", "both") });
    scenario.streams.push({ openMs, client: plainPlan(3_000) });
    scenario.prompt = [1];
    scenario.healMs = openMs + 20_000;
  }
  return scenario;
}

/** A path that is slow but alive: nobody may give it up. */
export function slow(seed: number, dice: Dice): Scenario {
  const scenario = base(seed, dice);
  scenario.kind = "slow";
  const bytesPerSecond = dice.pick(2_000, 4_000, 8_000, 32_000);
  scenario.lines = {
    delayMs: dice.pick(1, 50, 400),
    bytesPerSecond,
    bufferBytes: dice.size(4_096, 256 * 1024),
    chunkBytes: 0,
  };
  scenario.startCredit = 64 * 1024;
  scenario.healMs = 60_000;
  const bulk = () => plainPlan(dice.size(10_000, Math.min(200_000, 20 * bytesPerSecond)));
  scenario.streams = [{ openMs: 0, client: bulk() }];
  scenario.serverUsers = [{ plan: dice.chance(0.5) ? bulk() : plainPlan(1_000), dialMs: 0, refuses: false }];
  if (dice.chance(0.5)) {
    // Keys beside it: their acknowledgements wait behind the peer's own bytes.
    const keys = { ...plainPlan(50), pieceBytes: 1, pauseMs: 500 };
    scenario.streams.push({ openMs: 1_000, client: keys });
    scenario.serverUsers.push({ plan: keys, dialMs: 0, refuses: false });
  }
  return scenario;
}

/** A round trip takes seconds: it attaches all the same, and nobody gives up a carrier that is alive. */
export function far(seed: number, dice: Dice): Scenario {
  const scenario = base(seed, dice);
  scenario.kind = "far";
  scenario.cryptoMs = Math.min(scenario.cryptoMs, 5);
  scenario.lateReadMs = 0;
  scenario.lines = { delayMs: dice.between(1_300, 2_600), bytesPerSecond: 0, bufferBytes: 256 * 1024, chunkBytes: 0 };
  scenario.streams = [{ openMs: 0, client: plainPlan(dice.size(100, 10_000)) }];
  scenario.prompt = [0];
  scenario.serverUsers = [{ plan: { ...plainPlan(-1), fin: "end" }, dialMs: 0, refuses: false }];
  scenario.healMs = 60_000;
  if (dice.chance(0.5)) {
    // When the session is idle, so that no sign of life comes by chance. And until somebody comes, or the network would
    // heal at once, and be a fast one, before the carrier is judged.
    scenario.pingIntervalMs = 30_000;
    scenario.events.push({ atMs: dice.between(100_000, 110_000), kind: "wake" });
    scenario.streams.push({ openMs: 120_000, client: plainPlan(100) });
    scenario.prompt.push(1);
    scenario.healMs = 150_000;
  }
  if (dice.chance(0.3)) scenario.events.push({ atMs: dice.between(10_000, 20_000), kind: "cut" });
  return scenario;
}

/** What passes where large packets vanish, both ways or one way. */
function largestOf(dice: Dice): Largest {
  const limit = () => dice.between(1_150, 1_400);
  return dice.pick({ up: limit(), down: limit() }, { up: limit(), down: 1e9 }, { up: 1e9, down: limit() });
}

/** Large packets vanish without a word, both ways or one way, and TCP never finds out: what is small must do. */
export function smallOnly(seed: number, dice: Dice): Scenario {
  const scenario = base(seed, dice);
  scenario.kind = "small only";
  scenario.cryptoMs = Math.min(scenario.cryptoMs, 5);
  scenario.lateReadMs = 0;
  const largest = largestOf(dice);
  const delayMs = dice.pick(1, 5, 40);
  scenario.lines = { delayMs, bytesPerSecond: 0, bufferBytes: 65_536, chunkBytes: 0, largest };
  scenario.startCredit = 64 * 1024;
  scenario.healMs = 120_000;
  // Of many streams the window values alone would be large.
  const isWide = dice.chance(0.4);
  const [count, most] = isWide ? [dice.between(150, 400), 6_000] : [dice.between(1, 3), 150_000];
  // So little that a few bytes on each make its window move.
  if (isWide) scenario.startCredit = 1024;
  for (let left = count; left > 0; left--) {
    scenario.prompt.push(scenario.streams.length);
    scenario.streams.push({ openMs: 0, client: plainPlan(isWide ? dice.size(10, 100) : dice.size(200, most)) });
  }
  scenario.serverUsers = [{ plan: plainPlan(dice.size(1_000, most)), dialMs: 0, refuses: false }];
  if (dice.chance(0.3)) scenario.events.push({ atMs: dice.between(1_000, 20_000), kind: "cut" });
  return scenario;
}

/** The same from some time on, in the middle of transfers, whose carriers have come up to speed by then. */
export function beginsToSwallow(seed: number, dice: Dice): Scenario {
  const scenario = base(seed, dice);
  scenario.kind = "begins to swallow";
  scenario.cryptoMs = Math.min(scenario.cryptoMs, 5);
  scenario.lateReadMs = 0;
  const bytesPerSecond = dice.pick(0, 1_000_000, 4_000_000);
  scenario.lines = { delayMs: dice.pick(1, 5, 40), bytesPerSecond, bufferBytes: 65_536, chunkBytes: 0 };
  scenario.startCredit = 64 * 1024;
  scenario.carriers = 8;
  scenario.leastCarriers = dice.pick(1, 1, 2, 3, 6);
  scenario.healMs = 240_000;
  const plan = () => ({
    ...plainPlan(dice.size(2_000, 400_000)),
    pieceBytes: dice.pick(100, 2_000, 16_384),
    pauseMs: 20,
  });
  for (let left = dice.between(1, 4); left > 0; left--) {
    scenario.prompt.push(scenario.streams.length);
    scenario.streams.push({ openMs: dice.pick(0, 0, 2_000), client: plan() });
  }
  scenario.serverUsers = [{ plan: plan(), dialMs: 0, refuses: false }];
  scenario.events.push({ atMs: dice.between(300, 4_000), kind: "swallow", largest: largestOf(dice) });
  return scenario;
}
