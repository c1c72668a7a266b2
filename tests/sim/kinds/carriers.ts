/**
 * Scenarios in which carriers come and go: none of them may cost a byte, nor send the client in circles.
 *
 * @module
 */
import type { Dice } from "../dice.ts";
import type { Fate } from "../network.ts";
import type { Scenario } from "../scenario.ts";
import type { UserPlan } from "../user.ts";
import { base, plainPlan, userPlan } from "./base.ts";

/** Every carrier lives for a few KiB, and yet everything arrives, without the network ever healing. */
export function shortLives(seed: number, dice: Dice): Scenario {
  const scenario = base(seed, dice);
  scenario.kind = "short lives";
  // What came before a reset is lost with it: late, nothing would ever come.
  scenario.lateReadMs = 0;
  const direction = dice.pick("up", "down") as "up" | "down";
  scenario.lastFate = { direction, atBytes: dice.between(2_048, 6_000), holdMs: 0 };
  scenario.lines = {
    delayMs: dice.pick(0, 1, 5),
    bytesPerSecond: 0,
    bufferBytes: 65_536,
    chunkBytes: dice.pick(0, 1000),
  };
  scenario.cryptoMs = Math.min(scenario.cryptoMs, 5);
  scenario.startCredit = dice.size(4096, 64 * 1024);
  scenario.healMs = 120_000;
  const isLong = dice.chance(0.05);
  if (isLong) scenario.lastFate.atBytes = 4 * 1024;
  for (let left = isLong ? 1 : dice.between(1, 3); left > 0; left--) {
    const plan = plainPlan(isLong ? 1024 * 1024 : dice.size(4_000, 60_000));
    scenario.prompt.push(scenario.streams.length);
    scenario.streams.push({ openMs: 0, client: plan });
  }
  scenario.serverUsers = [{ plan: { ...plainPlan(-1), fin: "end" }, dialMs: 0, refuses: false }];
  return scenario;
}

/** Commits that arrive late, when another attempt has long come first. */
export function lateCommits(seed: number, dice: Dice): Scenario {
  const scenario = base(seed, dice);
  scenario.kind = "late commits";
  scenario.healMs = 20_000;
  for (let left = dice.between(1, 3); left > 0; left--) {
    scenario.streams.push({
      openMs: 0,
      client: {
        ...userPlan(dice, 12_000),
        resetMs: -1,
        bytes: dice.between(8_000, 16_000),
        pieceBytes: 100,
        pauseMs: 40,
      },
    });
  }
  scenario.lines = { ...scenario.lines, delayMs: dice.pick(0, 5, 50), bytesPerSecond: 0 };
  scenario.cryptoMs = dice.pick(0, 5, 150, 300, 300);
  // The commit ends some 250 bytes into the client's direction, the accept some 180 into the server's.
  const late = (): Fate => ({
    direction: dice.chance(0.7) ? "up" : "down",
    atBytes: dice.between(100, 320),
    holdMs: dice.size(1_600, 8_000),
  });
  scenario.fates = [dice.chance(0.2) ? late() : null];
  for (let left = dice.between(1, 5); left > 0; left--) scenario.fates.push(dice.chance(0.6) ? late() : null);
  let atMs = 500;
  for (let left = dice.between(1, 3); left > 0; left--) {
    atMs += dice.between(100, 4_000);
    scenario.events.push({ atMs, kind: dice.pick("cut", "cut") });
  }
  return scenario;
}

/** The client has a better path and resumes there, while the old carrier still delivers. */
export function takeover(seed: number, dice: Dice): Scenario {
  const scenario = base(seed, dice);
  scenario.kind = "takeover";
  scenario.healMs = 8_000;
  scenario.cryptoMs = dice.pick(1, 20, 150);
  scenario.lateReadMs = dice.pick(0, 20, 20);
  scenario.startCredit = 64 * 1024;
  scenario.lines = {
    delayMs: dice.between(200, 900),
    bytesPerSecond: 0,
    bufferBytes: 65_536,
    chunkBytes: dice.pick(0, 300),
  };
  const talk = (): UserPlan => ({
    ...plainPlan(dice.between(10_000, 40_000)),
    pieceBytes: 300,
    pauseMs: dice.between(5, 40),
  });
  for (let left = dice.between(1, 3); left > 0; left--) scenario.streams.push({ openMs: 0, client: talk() });
  scenario.serverUsers = [{ plan: talk(), dialMs: 0, refuses: false }, { plan: talk(), dialMs: 0, refuses: false }];
  let atMs = 4_500;
  scenario.events.push({ atMs: atMs - 500, kind: "lines", lines: { ...scenario.lines, delayMs: dice.pick(0, 2, 50) } });
  for (let left = dice.between(1, 3); left > 0; left--) {
    scenario.events.push({ atMs, kind: "move" });
    atMs += dice.between(10, 1_500);
  }
  return scenario;
}

/** Each carrier dies when its handshake is done, or a little before: the client does not go in circles. */
export function barren(seed: number, dice: Dice): Scenario {
  const scenario = base(seed, dice);
  scenario.kind = "barren";
  scenario.cryptoMs = Math.min(scenario.cryptoMs, 5);
  scenario.lateReadMs = 0;
  scenario.lines = { delayMs: dice.pick(1, 5, 40), bytesPerSecond: 0, bufferBytes: 65_536, chunkBytes: 0 };
  scenario.lastFate = { direction: "down", atBytes: dice.between(170, 205), holdMs: 0 };
  // Whatever the server's user had to say would bring each carrier a few bytes forward.
  scenario.streams = [{ openMs: 0, client: { ...plainPlan(dice.size(100, 10_000)), fin: "heal" } }];
  scenario.serverUsers = [{ plan: { ...plainPlan(0), fin: "heal" }, dialMs: 0, refuses: false }];
  scenario.healMs = 30_000;
  // Attempts that fail before they are attached follow each other within 0.2 s.
  scenario.mostCarriers = 250;
  return scenario;
}

/**
 * The way there dies before anything of a download comes: its client has nothing under way, and only a question tells
 * it that nobody hears it.
 */
export function unheard(seed: number, dice: Dice): Scenario {
  const scenario = base(seed, dice);
  scenario.kind = "unheard";
  scenario.cryptoMs = Math.min(scenario.cryptoMs, 5);
  scenario.startCredit = 64 * 1024;
  scenario.replayBufferBytes = 1024 * 1024;
  scenario.lines = { delayMs: dice.pick(1, 5, 40), bytesPerSecond: 0, bufferBytes: 65_536, chunkBytes: 0 };
  // The other user finds a carrier that carries, if the one before was found dead by then.
  scenario.streams = [{ openMs: 500, client: plainPlan(dice.pick(0, 10)) }, {
    openMs: 9_000,
    client: plainPlan(1_000),
  }];
  const bytes = dice.between(10_000, 60_000);
  scenario.serverUsers = [{ plan: plainPlan(bytes), dialMs: 500, refuses: false }];
  scenario.events = [{ atMs: dice.between(850, 980), kind: "black hole", direction: "up" }];
  scenario.prompt = [1];
  scenario.healMs = 11_500;
  return scenario;
}

/** A carrier dies in one direction, in the middle of transfers: whoever still hears the other must find out. */
export function oneWay(seed: number, dice: Dice): Scenario {
  const scenario = base(seed, dice);
  scenario.kind = "one way";
  scenario.healMs = 2_000;
  scenario.lines = { delayMs: dice.pick(1, 5, 40), bytesPerSecond: 0, bufferBytes: 65_536, chunkBytes: 0 };
  scenario.cryptoMs = Math.min(scenario.cryptoMs, 5);
  // Half of them before anything was acknowledged, so that no rate is known.
  const atBytes = dice.chance(0.5) ? dice.between(150, 700) : dice.size(700, 20_000);
  const hole: Fate = { direction: dice.pick("up", "up", "down") as Fate["direction"], atBytes, holdMs: -1 };
  const cut: Fate = { direction: "down", atBytes: dice.size(700, 60_000), holdMs: 0 };
  scenario.fates = dice.chance(0.6) ? [cut, hole] : [hole];
  const up = dice.chance(0.3) ? 0 : dice.size(20_000, 300_000);
  const down = dice.chance(0.3) ? 0 : dice.size(20_000, 300_000);
  scenario.streams = [{ openMs: 0, client: { ...plainPlan(up), fin: "heal" } }];
  scenario.serverUsers = [{ plan: { ...plainPlan(down), fin: "heal" }, dialMs: 0, refuses: false }];
  return scenario;
}

/**
 * Carriers die with more on them than the next one has room for: what is sent again comes in parts, is lost again, and
 * nothing of its stream goes in front of it.
 */
export function leftBehind(seed: number, dice: Dice): Scenario {
  const scenario = base(seed, dice);
  scenario.kind = "left behind";
  scenario.cryptoMs = Math.min(scenario.cryptoMs, 5);
  scenario.startCredit = 64 * 1024;
  scenario.replayBufferBytes = dice.pick(64, 256, 1024) * 1024;
  // What a write of a dead carrier still has goes out again on the next.
  scenario.lateWriteMs = dice.pick(0, 1, 1, 20);
  const bytesPerSecond = dice.pick(0, 50_000, 200_000);
  const bufferBytes = dice.pick(65_536, 65_536, 8_192);
  scenario.lines = { delayMs: dice.pick(0, 1, 20, 100), bytesPerSecond, bufferBytes, chunkBytes: 0 };
  const isWide = dice.chance(0.3);
  for (let left = isWide ? dice.between(20, 120) : dice.between(1, 6); left > 0; left--) {
    const plan = { ...plainPlan(dice.size(10, isWide ? 4_000 : 120_000)), pieceBytes: dice.pick(100, 2_000, 60_000) };
    plan.resetMs = dice.chance(0.3) ? dice.between(100, 8_000) : -1;
    scenario.streams.push({ openMs: dice.between(0, 6_000), client: plan });
  }
  const talk = { ...plainPlan(dice.size(10, isWide ? 4_000 : 80_000)), pieceBytes: dice.pick(100, 2_000, 60_000) };
  scenario.serverUsers = [
    { plan: { ...plainPlan(-1), fin: "end" }, dialMs: 0, refuses: false },
    { plan: talk, dialMs: dice.pick(0, 300), refuses: false },
    { plan: { ...talk, resetMs: dice.between(100, 6_000) }, dialMs: 0, refuses: dice.chance(0.3) },
  ];
  let atMs = dice.between(300, 1_500);
  for (let left = dice.between(2, 8); left > 0; left--) {
    // What is held is under way when the carrier is cut.
    const direction = dice.pick("up", "down") as "up" | "down";
    if (dice.chance(0.7)) scenario.events.push({ atMs, kind: "hold", direction, forMs: 2_500 });
    if (dice.chance(0.3)) scenario.events.push({ atMs, kind: "unreachable", forMs: dice.between(100, 2_000) });
    atMs += dice.between(20, 1_500);
    scenario.events.push({ atMs, kind: "cut" });
    atMs += dice.between(30, 600);
  }
  scenario.healMs = atMs + 2_000;
  return scenario;
}
