/**
 * Scenarios in which a client sleeps, or its server forgets it, and the old carrier tells neither.
 *
 * @module
 */
import type { Dice } from "../dice.ts";
import type { Scenario } from "../scenario.ts";
import type { UserPlan } from "../user.ts";
import { base, plainPlan } from "./base.ts";

/**
 * The client sleeps in the middle of transfers, and its carrier dies meanwhile: what waited in its machine must not
 * keep it, nor make the path look as long as the sleep.
 */
export function asleep(seed: number, dice: Dice): Scenario {
  const scenario = base(seed, dice);
  scenario.kind = "asleep";
  scenario.cryptoMs = Math.min(scenario.cryptoMs, 5);
  scenario.lateReadMs = 0;
  scenario.startCredit = 64 * 1024;
  scenario.replayBufferBytes = 1024 * 1024;
  scenario.lines = { delayMs: dice.pick(5, 20, 40), bytesPerSecond: 0, bufferBytes: 65_536, chunkBytes: 0 };
  const talk = (): UserPlan => ({ ...plainPlan(dice.between(40_000, 80_000)), pieceBytes: 1_000, pauseMs: 5 });
  const isUp = dice.chance(0.7);
  const atMs = dice.between(650, 750);
  const forMs = dice.between(20_000, 60_000);
  scenario.streams = [
    { openMs: 500, client: isUp ? talk() : plainPlan(100) },
    { openMs: atMs + forMs + 50, client: plainPlan(1_000) },
  ];
  scenario.serverUsers = [
    { plan: !isUp || dice.chance(0.5) ? talk() : plainPlan(100), dialMs: 0, refuses: false },
    { plan: { ...plainPlan(-1), fin: "end" }, dialMs: 0, refuses: false },
  ];
  scenario.events = [{ atMs, kind: "asleep", forMs, livesMs: dice.between(100, 2_000), readsFirst: dice.chance(0.5) }];
  scenario.prompt = [0, 1];
  const wakesMs = atMs + forMs;
  scenario.healMs = wakesMs + 2_700;
  if (dice.chance(0.5)) {
    // Nobody is there at first, and then attempts must not be as rare as beside a carrier that may be alive.
    scenario.events.push({ atMs: atMs + 10, kind: "refuse", forMs: forMs + 2_500 });
    scenario.healMs = wakesMs + 3_600;
  }
  return scenario;
}

/** The server starts anew while much is under way to it, and its old carriers vanish without a word. */
export function forgotten(seed: number, dice: Dice): Scenario {
  const scenario = base(seed, dice);
  scenario.kind = "forgotten";
  scenario.identity = true;
  scenario.cryptoMs = Math.min(scenario.cryptoMs, 5);
  scenario.startCredit = 64 * 1024;
  scenario.replayBufferBytes = 1024 * 1024;
  scenario.lines = { delayMs: dice.pick(5, 20, 40), bytesPerSecond: 0, bufferBytes: 65_536, chunkBytes: 0 };
  scenario.streams = [
    { openMs: 500, client: plainPlan(dice.between(10_000, 60_000)) },
    { openMs: dice.between(8_500, 12_000), client: plainPlan(1_000) },
  ];
  scenario.serverUsers = [{ plan: { ...plainPlan(-1), fin: "end" }, dialMs: 0, refuses: false }];
  const atMs = 500 + dice.between(1, scenario.lines.delayMs);
  scenario.events = [{ atMs, kind: "kill server", forMs: dice.between(10, 2_000), carriers: "black hole" }];
  // Whoever comes when the session that was forgotten should be, too, is served at once.
  scenario.prompt = [1];
  scenario.healMs = 14_500;
  return scenario;
}
