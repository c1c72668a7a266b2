/**
 * Anything at any time.
 *
 * @module
 */
import type { Dice } from "../dice.ts";
import type { Impostor } from "../impostor.ts";
import type { Scenario, SimEvent } from "../scenario.ts";
import { base, fateOf, linesOf, userPlan } from "./base.ts";

/** A few users and events; nothing is expected but what always holds. */
export function chaos(seed: number, dice: Dice): Scenario {
  const scenario = base(seed, dice);
  scenario.healMs = dice.size(2_000, 12_000);
  let mostBytes = dice.chance(0.1) ? 60_000 : 10_000;
  if (dice.chance(0.05)) {
    scenario.lines.chunkBytes = dice.between(1, 8);
    mostBytes = 1_000;
  }
  for (let left = dice.between(1, 5); left > 0; left--) {
    const openMs = dice.chance(0.4) ? 0 : dice.between(0, scenario.healMs);
    scenario.streams.push({ openMs, client: userPlan(dice, mostBytes) });
  }
  for (let left = dice.between(0, 6); left > 0; left--) {
    scenario.events.push(event(dice, dice.between(0, scenario.healMs)));
  }
  if (dice.chance(0.4)) {
    scenario.fates = Array.from({ length: dice.between(1, 6) }, () => dice.chance(0.7) ? fateOf(dice) : null);
  }
  // Now and then sessions expire; not so soon that a handshake takes longer.
  if (dice.chance(0.02)) scenario.resumeTimeoutMs = dice.between(3_000, 8_000);
  if (seed % 7 === 3) scenario.faultAt = 1 + seed % 40;
  return scenario;
}

function event(dice: Dice, atMs: number): SimEvent {
  const forMs = dice.size(20, 6000);
  const direction = dice.pick("up", "down") as "up" | "down";
  const carriers = dice.pick("cut", "black hole") as "cut" | "black hole";
  const roll = dice.between(1, 100);
  if (roll <= 20) return { atMs, kind: "cut" };
  if (roll <= 35) return { atMs, kind: "black hole", direction: dice.pick("up", "down", "both") };
  if (roll <= 50) return { atMs, kind: "hold", direction, forMs };
  if (roll <= 58) return { atMs, kind: "refuse", forMs };
  if (roll <= 64) return { atMs, kind: "unreachable", forMs };
  if (roll <= 74) {
    const impostor = dice.pick<Impostor>("garbage", "web", "silent", "closes", "refuses", "unknown", "ready");
    return { atMs, kind: "impostor", impostor, forMs };
  }
  if (roll <= 78) return { atMs, kind: "lines", lines: linesOf(dice) };
  if (roll <= 81) return { atMs, kind: "kill client", forMs, carriers };
  if (roll <= 82) return { atMs, kind: "stop client", forMs, carriers };
  if (roll <= 85) return { atMs, kind: "kill server", forMs, carriers };
  if (roll <= 86) return { atMs, kind: "stop server", forMs, carriers };
  if (roll <= 89) return { atMs, kind: "suspend client", forMs };
  if (roll <= 92) return { atMs, kind: "suspend server", forMs };
  if (roll <= 95) return { atMs, kind: "sleep", forMs };
  if (roll <= 96) return { atMs, kind: "wake" };
  if (roll <= 98) return { atMs, kind: "move" };
  return { atMs, kind: "address" };
}
