/**
 * Scenarios of outages that outlast what else has an end: a session, patience, a place at a full server.
 *
 * @module
 */
import type { Dice } from "../dice.ts";
import type { Scenario } from "../scenario.ts";
import type { UserPlan } from "../user.ts";
import { base, plainPlan } from "./base.ts";

/** Ten minutes or more than an hour without a network in the middle of everything; half a minute later all is done. */
export function longOutage(seed: number, dice: Dice): Scenario {
  const scenario = base(seed, dice);
  scenario.kind = "long outage";
  scenario.cryptoMs = Math.min(scenario.cryptoMs, 5);
  scenario.startCredit = dice.size(4096, 64 * 1024);
  scenario.lines = { delayMs: dice.pick(1, 40), bytesPerSecond: 0, bufferBytes: 65_536, chunkBytes: 0 };
  const atMs = dice.between(500, 3_000);
  const isOfHours = dice.chance(0.3);
  const forMs = isOfHours ? dice.between(3_700_000, 4_000_000) : dice.between(600_000, 620_000);
  scenario.events.push({ atMs, kind: dice.pick("refuse", "unreachable"), forMs });
  // What is under way is lost at once or nobody learns of it.
  scenario.events.push(
    dice.chance(0.5) ? { atMs: atMs + 1, kind: "cut" } : { atMs: atMs + 1, kind: "black hole", direction: "both" },
  );
  scenario.healMs = atMs + forMs + 30_000;
  for (let left = dice.between(1, 4); left > 0; left--) {
    const openMs = dice.chance(0.7) ? 0 : dice.between(0, atMs + forMs);
    scenario.prompt.push(scenario.streams.length);
    scenario.streams.push({ openMs, client: { ...plainPlan(dice.size(1_000, 60_000)), pieceBytes: 500, pauseMs: 50 } });
  }
  scenario.serverUsers = [{ plan: { ...plainPlan(-1), fin: "end" }, dialMs: 0, refuses: false }];
  if (isOfHours) askOnce(scenario, dice.size(10_000, 60_000));
  return scenario;
}

/**
 * The only stream is a request whose answer begins before the outage: then its last bytes wait, and its stream is over.
 */
function askOnce(scenario: Scenario, answerBytes: number): void {
  scenario.streams = [{ openMs: 0, client: plainPlan(500) }];
  scenario.prompt = [0];
  scenario.identity = true;
  scenario.replayBufferBytes = 1024 * 1024;
  const plan = { ...plainPlan(answerBytes), pieceBytes: 500, pauseMs: 50 };
  scenario.serverUsers = [{ plan, dialMs: 0, refuses: false }];
}

/** The server takes one session, and while that has an outage others want in: they must wait, not it. */
export function fullHouse(seed: number, dice: Dice): Scenario {
  const scenario = base(seed, dice);
  scenario.kind = "full house";
  scenario.maxSessions = 1;
  // There is no room for another session beside the first.
  scenario.fewNumbers = false;
  scenario.cryptoMs = Math.min(scenario.cryptoMs, 5);
  scenario.lines = { delayMs: dice.pick(1, 10), bytesPerSecond: 0, bufferBytes: 65_536, chunkBytes: 0 };
  scenario.serverUsers = [{ plan: { ...plainPlan(-1), fin: "end" }, dialMs: 0, refuses: false }];
  // With a stream no outage is too long; without one, no outage of seconds.
  const isUsed = dice.chance(0.5);
  const fromMs = dice.between(1_500, 3_000);
  const forMs = isUsed ? dice.between(125_000, 200_000) : dice.between(1_000, 60_000);
  const atMs = fromMs + forMs;
  scenario.events.push({ atMs: fromMs, kind: "refuse", forMs }, { atMs: fromMs + 1, kind: "cut" });
  for (let left = dice.between(1, 3); left > 0; left--) {
    scenario.events.push({ atMs: atMs + dice.between(1, 100), kind: "rogue", act: "comes to a full house" });
  }
  scenario.streams = [
    { openMs: 0, client: { ...plainPlan(5_000), fin: isUsed ? "heal" : "sent" } },
    { openMs: atMs + dice.between(500, 2_000), client: plainPlan(1_000) },
  ];
  scenario.prompt = [1];
  scenario.healMs = atMs + 20_000;
  return scenario;
}

/**
 * The user's server resets the only stream about when an outage begins: the session has no stream any more, but the
 * peer has not heard of that. It must outlast hours, and newcomers at a full house.
 */
export function brokenOff(seed: number, dice: Dice): Scenario {
  const scenario = base(seed, dice);
  scenario.kind = "broken off";
  scenario.cryptoMs = Math.min(scenario.cryptoMs, 5);
  scenario.identity = true;
  scenario.lines = { delayMs: dice.pick(1, 40), bytesPerSecond: 0, bufferBytes: 65_536, chunkBytes: 0 };
  const fromMs = dice.between(1_500, 3_000);
  const isFullHouse = dice.chance(0.5);
  const forMs = isFullHouse ? dice.between(125_000, 200_000) : dice.between(3_700_000, 4_000_000);
  const atMs = fromMs + forMs;
  scenario.events.push(
    { atMs: fromMs, kind: "refuse", forMs },
    dice.chance(0.5) ? { atMs: fromMs, kind: "cut" } : { atMs: fromMs, kind: "black hole", direction: "both" },
  );
  if (isFullHouse) {
    scenario.maxSessions = 1;
    for (let left = dice.between(1, 3); left > 0; left--) {
      scenario.events.push({ atMs: atMs + dice.between(1, 100), kind: "rogue", act: "comes to a full house" });
    }
  }
  scenario.streams = [{ openMs: 0, client: { ...plainPlan(500), fin: "heal" } }];
  // While nobody knows of the outage, in it, or just in front: then the reset may have arrived, and a newcomer be let
  // in.
  const earliestMs = isFullHouse ? 0 : -100;
  const resetMs = fromMs + dice.pick(dice.between(earliestMs, 1_500), dice.between(5_000, 100_000));
  // A piece that waits in an outage keeps the reset behind it from being noticed.
  const plan: UserPlan = { ...plainPlan(dice.size(10, 5_000)), fin: "heal", resetMs };
  scenario.serverUsers = [{ plan, dialMs: 0, refuses: false }];
  scenario.healMs = atMs + 30_000;
  return scenario;
}

/** The session expires in an outage in which users come and wait: of them nobody has heard, so they lose nothing. */
export function expiry(seed: number, dice: Dice): Scenario {
  const scenario = base(seed, dice);
  scenario.kind = "expiry";
  scenario.cryptoMs = Math.min(scenario.cryptoMs, 5);
  scenario.startCredit = dice.size(4096, 64 * 1024);
  scenario.lines = { delayMs: dice.pick(1, 40), bytesPerSecond: 0, bufferBytes: 65_536, chunkBytes: 0 };
  scenario.resumeTimeoutMs = dice.between(5_000, 8_000);
  const atMs = dice.between(500, 2_000);
  const forMs = scenario.resumeTimeoutMs + dice.between(1_000, 5_000);
  scenario.events.push({ atMs, kind: dice.pick("refuse", "unreachable"), forMs });
  scenario.events.push({ atMs: atMs + 1, kind: "cut" });
  scenario.streams = [{ openMs: 0, client: { ...plainPlan(5_000), fin: "heal" } }];
  for (let left = dice.between(1, 3); left > 0; left--) {
    scenario.prompt.push(scenario.streams.length);
    scenario.streams.push({ openMs: atMs + dice.between(500, forMs), client: plainPlan(dice.size(100, 5_000)) });
  }
  scenario.serverUsers = [{ plan: { ...plainPlan(-1), fin: "end" }, dialMs: 0, refuses: false }];
  scenario.healMs = atMs + forMs + 20_000;
  return scenario;
}
