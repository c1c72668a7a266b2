/**
 * Scenarios of many streams, or of much on each: the limits of credit, memory and turns.
 *
 * @module
 */
import type { Dice } from "../dice.ts";
import type { Scenario } from "../scenario.ts";
import type { UserPlan } from "../user.ts";
import { base, fateOf, plainPlan } from "./base.ts";

/** Many streams that never read, and another that must not notice; or many that open at once. */
export function crowd(seed: number, dice: Dice): Scenario {
  const scenario = base(seed, dice);
  scenario.kind = "crowd";
  if (dice.chance(0.3)) return rush(scenario, dice);
  // With proofs that take most of a second, several commits may be given up before one is answered: not prompt.
  scenario.cryptoMs = Math.min(scenario.cryptoMs, 5);
  scenario.startCredit = dice.size(1024, 16 * 1024);
  scenario.lines = { delayMs: dice.pick(0, 10), bytesPerSecond: 0, bufferBytes: 65_536, chunkBytes: 0 };
  scenario.replayBufferBytes = 1024 * 1024;
  const stalled = dice.pick(30, 60, 100, 200);
  if (stalled === 100) {
    // More than the start pool holds, which is the least with so little memory.
    scenario.startCredit = 64 * 1024;
    scenario.memoryBytes = 64 * 1024 * 1024;
  }
  const bytes = scenario.startCredit + 2000;
  // Before the accept nobody knows how large the start pool is.
  const openMs = stalled === 100 ? 1_500 : 0;
  for (let count = 0; count < stalled; count++) scenario.streams.push({ openMs, client: plainPlan(bytes) });
  scenario.prompt = [stalled];
  scenario.streams.push({ openMs: 2_000, client: plainPlan(10_000) });
  scenario.serverUsers = Array.from({ length: stalled + 1 }, (_, index) => ({
    plan: index < stalled
      ? { ...plainPlan(0), fin: "end", stallAtBytes: 0 }
      : { ...plainPlan(-1), fin: "end" as const },
    dialMs: 0,
    refuses: false,
  }));
  if (dice.chance(0.5)) scenario.events.push({ atMs: 1_000, kind: dice.pick("cut", "cut") });
  // All of them are lost at once.
  if (dice.chance(0.5)) scenario.events.push({ atMs: 8_000, kind: "kill server", forMs: 100, carriers: "cut" });
  scenario.healMs = 10_000;
  return scenario;
}

/**
 * Streams with so few bytes each that one read holds more opens than one turn takes, and than the turn behind it takes
 * too.
 */
function rush(scenario: Scenario, dice: Dice): Scenario {
  scenario.cryptoMs = Math.min(scenario.cryptoMs, 5);
  scenario.startCredit = 1024;
  scenario.lines = { delayMs: dice.pick(1, 10), bytesPerSecond: 0, bufferBytes: 65_536, chunkBytes: 0 };
  scenario.replayBufferBytes = 1024 * 1024;
  const openMs = dice.pick(0, 1_500);
  const plan: UserPlan = plainPlan(dice.pick(0, 10));
  for (let count = 0; count < 500; count++) scenario.streams.push({ openMs, client: plan });
  scenario.serverUsers = [{ plan: { ...plainPlan(-1), fin: "end" }, dialMs: 0, refuses: false }];
  if (dice.chance(0.5)) scenario.events.push({ atMs: openMs + dice.between(1, 50), kind: "cut" });
  return scenario;
}

/** More bytes than any window holds. */
export function bulk(seed: number, dice: Dice): Scenario {
  const scenario = base(seed, dice);
  scenario.kind = "bulk";
  scenario.startCredit = dice.pick(32, 128, 256) * 1024;
  scenario.replayBufferBytes = dice.pick(128, 512, 4096) * 1024;
  scenario.lines = { delayMs: dice.pick(0, 2, 20), bytesPerSecond: 0, bufferBytes: 65_536, chunkBytes: 0 };
  for (let left = dice.between(1, 2); left > 0; left--) {
    scenario.streams.push({ openMs: 0, client: { ...plainPlan(dice.size(100_000, 900_000)), pieceBytes: 200_000 } });
  }
  scenario.serverUsers = [
    { plan: { ...plainPlan(-1), fin: "end" }, dialMs: 0, refuses: false },
    { plan: { ...plainPlan(dice.size(100_000, 600_000)), pieceBytes: 200_000 }, dialMs: 0, refuses: false },
  ];
  if (dice.chance(0.1)) return steady(scenario);
  for (let left = dice.between(0, 4); left > 0; left--) {
    scenario.events.push({ atMs: dice.size(1, 2_000), kind: dice.pick("cut", "cut") });
  }
  if (dice.chance(0.5)) scenario.fates = [null, fateOf(dice), fateOf(dice)];
  return scenario;
}

/** Nothing is in the way: each acknowledgement makes room, and what waits for that goes at once. */
function steady(scenario: Scenario): Scenario {
  scenario.replayBufferBytes = 4096 * 1024;
  scenario.cryptoMs = Math.min(scenario.cryptoMs, 5);
  scenario.lateReadMs = scenario.lateWriteMs = 0;
  scenario.streams = [{ openMs: 0, client: { ...plainPlan(3_000_000), pieceBytes: 200_000 } }];
  scenario.serverUsers = [{ plan: { ...plainPlan(10), fin: "end" }, dialMs: 0, refuses: false }];
  scenario.prompt = [0];
  return scenario;
}

/**
 * The server's memory is little: who downloads much, and who takes all the start credit it can, leaves some to others.
 */
export function littleMemory(seed: number, dice: Dice): Scenario {
  const scenario = base(seed, dice);
  scenario.kind = "little memory";
  scenario.cryptoMs = Math.min(scenario.cryptoMs, 5);
  scenario.startCredit = 16 * 1024;
  scenario.replayBufferBytes = 4 * 1024 * 1024;
  scenario.lines = { delayMs: dice.pick(1, 20), bytesPerSecond: 0, bufferBytes: 1024 * 1024, chunkBytes: 0 };
  scenario.streams = [{ openMs: 0, client: { ...plainPlan(dice.size(1_000, 500_000)), pieceBytes: 200_000 } }];
  scenario.prompt = [0];
  const isGreedy = dice.chance(0.6);
  const bytes = isGreedy ? 0 : 900_000;
  const plan: UserPlan = { ...plainPlan(bytes), pieceBytes: 200_000, fin: isGreedy ? "end" : "sent" };
  scenario.serverUsers = [{ plan, dialMs: 0, refuses: false }];
  scenario.memoryBytes = (isGreedy ? dice.pick(8, 120) : 1) * 1024 * 1024;
  if (isGreedy) scenario.events = [{ atMs: dice.between(500, 2_000), kind: "rogue", act: "takes all start credit" }];
  return scenario;
}

/** Streams that are reset at once, and whose users' servers do not read: the credit that they took is others' again. */
export function manyResets(seed: number, dice: Dice): Scenario {
  const scenario = base(seed, dice);
  scenario.kind = "many resets";
  scenario.cryptoMs = Math.min(scenario.cryptoMs, 5);
  scenario.startCredit = 64 * 1024;
  scenario.lines = { delayMs: dice.pick(1, 10), bytesPerSecond: 0, bufferBytes: 65_536, chunkBytes: 0 };
  // So little that the start pool is the least.
  scenario.memoryBytes = 64 * 1024 * 1024;
  for (let count = 0; count < 100; count++) {
    scenario.streams.push({ openMs: 500 + 20 * count, client: { ...plainPlan(100), fin: "heal", resetMs: 15 } });
  }
  scenario.serverUsers = [{ plan: { ...plainPlan(0), fin: "end", stallAtBytes: 0 }, dialMs: 0, refuses: false }];
  scenario.healMs = 4_000;
  return scenario;
}
