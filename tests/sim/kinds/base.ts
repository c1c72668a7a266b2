/**
 * What all kinds of scenarios begin with.
 *
 * @module
 */
import type { Dice } from "../dice.ts";
import type { Fate } from "../network.ts";
import type { Scenario, ServerUser } from "../scenario.ts";
import type { Lines } from "../sim_path.ts";
import type { UserPlan } from "../user.ts";

const SEVEN_DAYS_MS = 7 * 24 * 3_600_000;

/** Users' servers, lines and limits, all of them likely to be hard; no streams and no events yet. */
export function base(seed: number, dice: Dice): Scenario {
  return {
    seed,
    kind: "chaos",
    streams: [],
    serverUsers: Array.from({ length: 8 }, () => serverUser(dice, 12_000)),
    events: [],
    lines: linesOf(dice),
    otherLines: [],
    fates: [],
    lastFate: null,
    healMs: 10_000,
    pingIntervalMs: dice.pick(1_000, 5_000, 30_000),
    resumeTimeoutMs: SEVEN_DAYS_MS,
    replayBufferBytes: dice.size(4 * 1024, 1024 * 1024),
    startCredit: dice.size(1024, 64 * 1024),
    cryptoMs: dice.chance(0.1) ? 150 : dice.pick(0, 0, 1, 5),
    lateReadMs: dice.chance(0.2) ? dice.pick(1, 20) : 0,
    lateWriteMs: [0, 0, 1, 20][seed & 3],
    togetherMs: dice.pick(0, 0, 1, 10),
    prompt: [],
    mostCarriers: Infinity,
    carriers: 6,
    leastCarriers: 1,
    identity: dice.chance(0.8),
    fewNumbers: seed % 5 === 0,
    token: seed % 3 === 0,
    faultAt: 0,
    maxSessions: 1_000,
    memoryBytes: Infinity,
  };
}

/** Lines of any delay, rate and size of reads. */
export function linesOf(dice: Dice): Lines {
  return {
    delayMs: dice.chance(0.15) ? dice.between(300, 900) : dice.pick(0, 1, 10, 40),
    bytesPerSecond: dice.chance(0.1) ? dice.pick(32_000, 100_000) : 0,
    bufferBytes: dice.size(512, 64 * 1024),
    chunkBytes: dice.chance(0.3) ? dice.size(32, 3000) : 0,
  };
}

/** A user that does anything: stalls, resets, waits for the other one's end. */
export function userPlan(dice: Dice, mostBytes: number): UserPlan {
  const stalls = dice.chance(0.2);
  return {
    bytes: dice.chance(0.1) ? 0 : dice.size(4, mostBytes),
    pieceBytes: dice.size(16, 16_384),
    pauseMs: dice.chance(0.4) ? 0 : dice.size(1, 500),
    fin: dice.pick("sent", "end", "heal"),
    stallAtBytes: stalls ? dice.size(1, mostBytes) - 1 : -1,
    stallMs: dice.chance(0.3) ? -1 : dice.size(10, 5000),
    resetMs: dice.chance(0.06) ? dice.size(1, 10_000) : -1,
    readMs: dice.chance(0.2) ? dice.size(1, 100) : 0,
  };
}

/** A user that sends its bytes as fast as they are taken, ends, and reads what comes. */
export function plainPlan(bytes: number): UserPlan {
  return {
    bytes,
    pieceBytes: 16_384,
    pauseMs: 0,
    fin: "sent",
    stallAtBytes: -1,
    stallMs: -1,
    resetMs: -1,
    readMs: 0,
  };
}

function serverUser(dice: Dice, mostBytes: number): ServerUser {
  const plan = userPlan(dice, mostBytes);
  if (dice.chance(0.35)) {
    plan.bytes = -1;
    plan.pauseMs = 0;
    plan.fin = "end";
  }
  return { plan, dialMs: dice.chance(0.3) ? dice.size(1, 2000) : 0, refuses: dice.chance(0.04) };
}

/** What befalls a carrier by itself, often in its handshake. */
export function fateOf(dice: Dice): Fate {
  const direction = dice.pick("up", "down") as "up" | "down";
  // The handshake takes some 300 bytes each way: half of the fates fall into it.
  const atBytes = dice.chance(0.5) ? dice.between(1, 420) : dice.size(100, 20_000);
  const holdMs = dice.chance(0.6) ? 0 : dice.chance(0.3) ? -1 : dice.size(50, 6000);
  return { direction, atBytes, holdMs };
}
