/**
 * Scenarios with others beside the client, or in the place of the server.
 *
 * @module
 */
import type { Dice } from "../dice.ts";
import type { Impostor } from "../impostor.ts";
import { DOWNLOAD_ACTS, ROGUE_ACTS, TOKEN_ACTS } from "../rogue.ts";
import type { Scenario } from "../scenario.ts";
import { base, plainPlan } from "./base.ts";

/** An honest client beside some that are not. */
export function rogues(seed: number, dice: Dice): Scenario {
  const scenario = base(seed, dice);
  scenario.kind = "rogues";
  scenario.healMs = 3_000;
  scenario.lines = { delayMs: 1, bytesPerSecond: 0, bufferBytes: 65_536, chunkBytes: 0 };
  scenario.serverUsers = [{ plan: { ...plainPlan(400), fin: "end" }, dialMs: 0, refuses: false }];
  scenario.streams = [{ openMs: 0, client: { ...plainPlan(5_000), pieceBytes: 200, pauseMs: 50 } }];
  for (let left = dice.between(1, 3); left > 0; left--) {
    const act = dice.pick(...ROGUE_ACTS, ...scenario.token ? TOKEN_ACTS : []);
    scenario.events.push({ atMs: dice.between(1_200, 2_000), kind: "rogue", act });
    if (DOWNLOAD_ACTS.includes(act)) {
      scenario.replayBufferBytes = 4 * 1024 * 1024;
      scenario.serverUsers[0].plan = { ...plainPlan(4_000_000), pieceBytes: 400_000 };
    }
  }
  return scenario;
}

/** Somebody else answers every attempt for a minute. */
export function portal(seed: number, dice: Dice): Scenario {
  const scenario = base(seed, dice);
  scenario.kind = "portal";
  scenario.cryptoMs = Math.min(scenario.cryptoMs, 5);
  scenario.lines = { ...scenario.lines, delayMs: dice.pick(1, 40), chunkBytes: 0 };
  scenario.streams = [{ openMs: 0, client: { ...plainPlan(5_000), pieceBytes: 100, pauseMs: 100 } }];
  scenario.serverUsers = [{ plan: { ...plainPlan(-1), fin: "end" }, dialMs: 0, refuses: false }];
  let atMs = dice.between(1_000, 3_000);
  if (dice.chance(0.5)) {
    // The first carrier dies when one side has attached it and the other may not know.
    scenario.fates = [{
      direction: dice.pick("up", "up", "down"),
      atBytes: dice.between(60, 600),
      holdMs: dice.pick(0, -1),
    }];
    atMs = dice.between(5, 200);
  }
  scenario.events.push({ atMs: atMs + 10, kind: "cut" });
  for (let left = dice.between(1, 3); left > 0; left--) {
    const impostor = dice.pick<Impostor>("garbage", "web", "silent", "closes", "refuses", "unknown", "ready");
    const forMs = 60_000 / left;
    scenario.events.push({ atMs, kind: "impostor", impostor, forMs });
    atMs += forMs + 1;
    if (left > 1) scenario.streams.push({ openMs: atMs - 100, client: plainPlan(1_000) });
  }
  scenario.healMs = atMs + 1_000;
  return scenario;
}

/** A box accepts every connection and forwards nothing; when it is gone, all is done within two seconds and a half. */
export function swallowed(seed: number, dice: Dice): Scenario {
  const scenario = base(seed, dice);
  scenario.kind = "swallowed";
  scenario.cryptoMs = Math.min(scenario.cryptoMs, 5);
  scenario.lateReadMs = 0;
  scenario.startCredit = 64 * 1024;
  // Logs of some KiB, half of them for quiet streams, would need more round trips than the time is for.
  scenario.replayBufferBytes = Math.max(scenario.replayBufferBytes, 64 * 1024);
  scenario.lines = { delayMs: dice.pick(1, 40), bytesPerSecond: 0, bufferBytes: 65_536, chunkBytes: 0 };
  const atMs = dice.between(500, 1_500);
  const forMs = dice.between(6_000, 30_000);
  scenario.events.push({ atMs, kind: "impostor", impostor: "silent", forMs });
  scenario.events.push({ atMs: atMs + 1, kind: "black hole", direction: "both" });
  for (let left = dice.between(1, 3); left > 0; left--) {
    scenario.prompt.push(scenario.streams.length);
    scenario.streams.push({ openMs: 0, client: { ...plainPlan(20_000), pieceBytes: 500, pauseMs: 50 } });
  }
  scenario.serverUsers = [{ plan: { ...plainPlan(-1), fin: "end" }, dialMs: 0, refuses: false }];
  scenario.healMs = atMs + forMs + 2_500;
  return scenario;
}
