/**
 * Scenarios in which one of the two processes ends, as asked or not.
 *
 * @module
 */
import type { Dice } from "../dice.ts";
import type { Scenario, SimEvent } from "../scenario.ts";
import { base, plainPlan, userPlan } from "./base.ts";

/** A tele process starts anew while user connections come and go. */
export function restarts(seed: number, dice: Dice): Scenario {
  const scenario = base(seed, dice);
  scenario.kind = "restarts";
  scenario.healMs = 12_000;
  scenario.identity = true;
  const atMs = dice.between(500, 6_000);
  const carriers = dice.pick("cut", "cut", "black hole") as "cut" | "black hole";
  const kind = dice.pick("kill server", "kill server", "kill client", "stop client", "stop server") as "kill server";
  const forMs = dice.size(50, 4_000);
  if (dice.chance(0.4)) {
    const downMs = dice.between(0, 400);
    scenario.events.push({ atMs: Math.max(0, atMs - downMs), kind: "refuse", forMs: downMs + forMs });
    scenario.events.push({ atMs: Math.max(0, atMs - downMs), kind: "cut" });
  }
  scenario.events.push({ atMs, kind, forMs, carriers });
  for (let left = dice.between(1, 4); left > 0; left--) {
    scenario.streams.push({ openMs: dice.between(0, atMs + forMs + 500), client: userPlan(dice, 12_000) });
  }
  return scenario;
}

/** One of the two ends as asked, in the middle of everything, on a path that buffers: the other one is told. */
export function farewells(seed: number, dice: Dice): Scenario {
  const scenario = base(seed, dice);
  scenario.kind = "farewells";
  scenario.startCredit = dice.pick(64, 256) * 1024;
  scenario.replayBufferBytes = 1024 * 1024;
  scenario.lines = {
    delayMs: dice.pick(1, 20, 100),
    bytesPerSecond: dice.pick(100_000, 250_000, 2_500_000),
    bufferBytes: dice.pick(64, 256, 1024) * 1024,
    chunkBytes: 0,
  };
  scenario.streams = [{ openMs: 0, client: { ...plainPlan(dice.size(1_000, 900_000)), pieceBytes: 200_000 } }];
  const answers = { ...plainPlan(dice.size(1_000, 900_000)), pieceBytes: 200_000 };
  scenario.serverUsers = [{ plan: answers, dialMs: 0, refuses: false }];
  const kind = dice.pick("stop client", "stop server") as "stop client" | "stop server";
  const atMs = dice.between(500, 2_000);
  scenario.events = [{ atMs, kind, forMs: dice.size(20, 2_000), carriers: "cut" }];
  if (dice.chance(0.4)) return scenario;
  // Nobody hears it, and what is in front of it would take minutes: it is gone all the same, and who stays notices.
  scenario.lines.bytesPerSecond = dice.pick(10_000, 100_000);
  const silentMs = atMs - dice.between(1, 100);
  scenario.events.push({ atMs: silentMs, kind: "black hole", direction: dice.pick("both", "up", "down") });
  // Enough both ways that few of the bytes under way are acknowledged before that.
  if (dice.chance(0.6)) scenario.streams[0].client.bytes = answers.bytes = 900_000;
  // What is under way when the network heals takes its time all the same: on the carriers behind this one, not long.
  scenario.events.push({ atMs: silentMs, kind: "lines", lines: { ...scenario.lines, bytesPerSecond: 2_500_000 } });
  scenario.healMs = atMs + 45_000;
  return scenario;
}

/** Both ends are drained, one after the other or at once, on a network that breaks: nobody loses anything. */
export function drains(seed: number, dice: Dice): Scenario {
  const scenario = base(seed, dice);
  scenario.kind = "drains";
  scenario.healMs = 15_000;
  scenario.identity = dice.chance(0.8);
  for (let left = dice.between(2, 6); left > 0; left--) {
    scenario.streams.push({ openMs: dice.between(0, 9_000), client: userPlan(dice, 12_000) });
  }
  for (let left = dice.between(1, 4); left > 0; left--) {
    const kind = dice.pick("drain server", "drain server", "drain client") as "drain server";
    scenario.events.push({ atMs: dice.between(100, 8_000), kind, forMs: dice.size(5, 1_000) });
  }
  for (let left = dice.between(0, 4); left > 0; left--) {
    const atMs = dice.between(50, 10_000);
    const direction = dice.pick("up", "down", "both") as "up" | "down" | "both";
    const breaks: SimEvent[] = [
      { atMs, kind: "cut" },
      { atMs, kind: "black hole", direction },
      { atMs, kind: "hold", direction: dice.pick("up", "down") as "up" | "down", forMs: dice.size(50, 4_000) },
      { atMs, kind: "unreachable", forMs: dice.size(50, 3_000) },
    ];
    scenario.events.push(breaks[dice.between(0, breaks.length - 1)]!);
  }
  return scenario;
}
