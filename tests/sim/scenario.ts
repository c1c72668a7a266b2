/**
 * What happens in a run: plain data made from a seed, so that it can be printed and shrunk.
 *
 * @module
 */
import { Random } from "../support/random.ts";
import type { Fate, Impostor, Lines } from "./network.ts";
import { DOWNLOAD_ACTS, ROGUE_ACTS, type RogueAct, TOKEN_ACTS } from "./rogue.ts";
import type { UserPlan } from "./user.ts";

/** Something that happens at a moment, in milliseconds from the start. */
export type SimEvent =
  & { atMs: number }
  & (
    | { kind: "cut" }
    | { kind: "black hole"; direction: "up" | "down" | "both" }
    | { kind: "hold"; direction: "up" | "down"; forMs: number }
    | { kind: "refuse" | "unreachable"; forMs: number }
    | { kind: "impostor"; impostor: Impostor; forMs: number }
    | { kind: "lines"; lines: Lines }
    | {
      kind: "kill client" | "stop client" | "kill server" | "stop server";
      forMs: number;
      carriers: "cut" | "black hole";
    }
    | { kind: "suspend client" | "suspend server"; forMs: number }
    | { kind: "sleep"; forMs: number }
    | { kind: "wake" }
    | { kind: "address" }
    | { kind: "move" }
    | { kind: "rogue"; act: RogueAct }
  );

/** One stream that the user's client opens. */
export interface SimStream {
  openMs: number;
  client: UserPlan;
}

/** What the user's server does with one connection. */
export interface ServerUser {
  plan: UserPlan;
  dialMs: number;
  refuses: boolean;
}

/** A whole run. */
export interface Scenario {
  seed: number;
  kind: string;
  streams: SimStream[];
  /** The n-th connection that a user's server gets is treated like the n-th of these, counted round. */
  serverUsers: ServerUser[];
  events: SimEvent[];
  lines: Lines;
  fates: (Fate | null)[];
  lastFate: Fate | null;
  /** When the network heals and everything is let go. */
  healMs: number;
  pingIntervalMs: number;
  resumeTimeoutMs: number;
  replayBufferBytes: number;
  /** Credit that each stream starts with, in bytes. */
  startCredit: number;
  /** The longest that one call of WebCrypto takes. */
  cryptoMs: number;
  /** What is read from a carrier comes up to so late. */
  lateReadMs: number;
  /** What is written to a carrier leaves up to so late, and a closed carrier lets go of it up to so late. */
  lateWriteMs: number;
  /** Input and output that ends within this time may end together. */
  togetherMs: number;
  /** Streams that must be complete before the network heals, by index. */
  prompt: number[];
  /** More carriers than this until then mean that the client goes in circles. */
  mostCarriers: number;
  /** Whether the client can be recognized after a restart. */
  identity: boolean;
  /** Whether both ends have a token. */
  token: boolean;
  /** The piece of data that a fault of tele's own hits when it comes, counted over all streams; 0: none. */
  faultAt: number;
  /** Sessions that the server takes. */
  maxSessions: number;
  /** What they may hold together, in bytes. */
  memoryBytes: number;
}

/** What the dice offer beside {@linkcode Random}. */
class Dice extends Random {
  pick<Item>(...items: Item[]): Item {
    return items[this.between(0, items.length - 1)];
  }

  /** A number whose order of magnitude is as likely as any other. */
  size(low: number, high: number): number {
    const share = this.next32() / 2 ** 32;
    return Math.round(low * (high / low) ** share);
  }
}

const SEVEN_DAYS_MS = 7 * 24 * 3_600_000;

/** The scenario of a seed. */
export function scenarioOf(seed: number): Scenario {
  const dice = new Dice(seed);
  const roll = dice.between(1, 100);
  if (roll <= 4) return shortLives(seed, dice);
  if (roll <= 5) return crowd(seed, dice);
  if (roll <= 7) return idle(seed, dice);
  if (roll <= 12) return lateCommits(seed, dice);
  if (roll <= 20) return restarts(seed, dice);
  if (roll <= 22) return bulk(seed, dice);
  if (roll <= 24) return slow(seed, dice);
  if (roll <= 26) return rogues(seed, dice);
  if (roll <= 30) return takeover(seed, dice);
  if (roll <= 31) return portal(seed, dice);
  if (roll <= 32) return longOutage(seed, dice);
  if (roll <= 33) return expiry(seed, dice);
  if (roll <= 34) return swallowed(seed, dice);
  if (roll <= 35) return far(seed, dice);
  if (roll <= 36) return barren(seed, dice);
  if (roll <= 37) return fullHouse(seed, dice);
  if (roll <= 39) return farewells(seed, dice);
  if (roll <= 40) return brokenOff(seed, dice);
  if (roll <= 41) return littleMemory(seed, dice);
  if (roll <= 42) return manyResets(seed, dice);
  return chaos(seed, dice);
}

function base(seed: number, dice: Dice): Scenario {
  return {
    seed,
    kind: "chaos",
    streams: [],
    serverUsers: Array.from({ length: 8 }, () => serverUser(dice, 12_000)),
    events: [],
    lines: linesOf(dice),
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
    identity: dice.chance(0.8),
    token: seed % 3 === 0,
    faultAt: 0,
    maxSessions: 1_000,
    memoryBytes: Infinity,
  };
}

function linesOf(dice: Dice): Lines {
  return {
    delayMs: dice.chance(0.15) ? dice.between(300, 900) : dice.pick(0, 1, 10, 40),
    bytesPerSecond: dice.chance(0.1) ? dice.pick(32_000, 100_000) : 0,
    bufferBytes: dice.size(512, 64 * 1024),
    chunkBytes: dice.chance(0.3) ? dice.size(32, 3000) : 0,
  };
}

function userPlan(dice: Dice, mostBytes: number): UserPlan {
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

function serverUser(dice: Dice, mostBytes: number): ServerUser {
  const plan = userPlan(dice, mostBytes);
  if (dice.chance(0.35)) {
    plan.bytes = -1;
    plan.pauseMs = 0;
    plan.fin = "end";
  }
  return { plan, dialMs: dice.chance(0.3) ? dice.size(1, 2000) : 0, refuses: dice.chance(0.04) };
}

function fateOf(dice: Dice): Fate {
  const direction = dice.pick("up", "down") as "up" | "down";
  // The handshake takes some 300 bytes each way: half of the fates fall into it.
  const atBytes = dice.chance(0.5) ? dice.between(1, 420) : dice.size(100, 20_000);
  const holdMs = dice.chance(0.6) ? 0 : dice.chance(0.3) ? -1 : dice.size(50, 6000);
  return { direction, atBytes, holdMs };
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

function chaos(seed: number, dice: Dice): Scenario {
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

/** Every carrier lives for a few KiB, and yet everything arrives, without the network ever healing. */
function shortLives(seed: number, dice: Dice): Scenario {
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

function plainPlan(bytes: number): UserPlan {
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

/** Many streams that never read, and one that must not notice; or many that open at once. */
function crowd(seed: number, dice: Dice): Scenario {
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

/** Streams with so few bytes each that one read holds more opens than one turn takes, and than the turn behind it takes too. */
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

/** Minutes in which nothing happens, on a carrier that nobody may give up. */
function idle(seed: number, dice: Dice): Scenario {
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

/** Commits that arrive late, when another attempt has long come first. */
function lateCommits(seed: number, dice: Dice): Scenario {
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

/** A tele process starts anew while user connections come and go. */
function restarts(seed: number, dice: Dice): Scenario {
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

/** More bytes than any window holds. */
function bulk(seed: number, dice: Dice): Scenario {
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
  for (let left = dice.between(0, 4); left > 0; left--) {
    scenario.events.push({ atMs: dice.size(1, 2_000), kind: dice.pick("cut", "cut") });
  }
  if (dice.chance(0.5)) scenario.fates = [null, fateOf(dice), fateOf(dice)];
  return scenario;
}

/** One of the two ends as asked, in the middle of everything, on a path that buffers: the other one is told. */
function farewells(seed: number, dice: Dice): Scenario {
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
  scenario.events.push({
    atMs: atMs - dice.between(1, 100),
    kind: "black hole",
    direction: dice.pick("both", "up", "down"),
  });
  scenario.healMs = atMs + 45_000;
  return scenario;
}

/** A path that is slow but alive: nobody may give it up. */
function slow(seed: number, dice: Dice): Scenario {
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

/** An honest client beside some that are not. */
function rogues(seed: number, dice: Dice): Scenario {
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

/** The client has a better path and resumes there, while the old carrier still delivers. */
function takeover(seed: number, dice: Dice): Scenario {
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

/** Somebody else answers every attempt for a minute. */
function portal(seed: number, dice: Dice): Scenario {
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

/** Ten minutes or more than an hour without a network in the middle of everything; half a minute later all is done. */
function longOutage(seed: number, dice: Dice): Scenario {
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

/** The server takes one session, and while that has an outage others want in: they must wait, not it. */
function fullHouse(seed: number, dice: Dice): Scenario {
  const scenario = base(seed, dice);
  scenario.kind = "full house";
  scenario.maxSessions = 1;
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
 * The user's server resets the only stream about when an outage begins: the session has no stream any more, but the peer has
 * not heard of that. It must outlast hours, and newcomers at a full house.
 */
function brokenOff(seed: number, dice: Dice): Scenario {
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
  // While nobody knows of the outage, in it, or just in front: then the reset may have arrived, and a newcomer be let in.
  const earliestMs = isFullHouse ? 0 : -100;
  const resetMs = fromMs + dice.pick(dice.between(earliestMs, 1_500), dice.between(5_000, 100_000));
  // A piece that waits in an outage keeps the reset behind it from being noticed.
  const plan: UserPlan = { ...plainPlan(dice.size(10, 5_000)), fin: "heal", resetMs };
  scenario.serverUsers = [{ plan, dialMs: 0, refuses: false }];
  scenario.healMs = atMs + 30_000;
  return scenario;
}

/** The server's memory is little: who downloads much, and who takes all the start credit it can, leaves some to others. */
function littleMemory(seed: number, dice: Dice): Scenario {
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
function manyResets(seed: number, dice: Dice): Scenario {
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

/** The only stream is a request whose answer begins before the outage: then its last bytes wait, and its stream is over. */
function askOnce(scenario: Scenario, answerBytes: number): void {
  scenario.streams = [{ openMs: 0, client: plainPlan(500) }];
  scenario.prompt = [0];
  scenario.identity = true;
  scenario.replayBufferBytes = 1024 * 1024;
  const plan = { ...plainPlan(answerBytes), pieceBytes: 500, pauseMs: 50 };
  scenario.serverUsers = [{ plan, dialMs: 0, refuses: false }];
}

/** The session expires in an outage in which users come and wait: of them nobody has heard, so they lose nothing. */
function expiry(seed: number, dice: Dice): Scenario {
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

/** A box accepts every connection and forwards nothing; when it is gone, all is done within two seconds and a half. */
function swallowed(seed: number, dice: Dice): Scenario {
  const scenario = base(seed, dice);
  scenario.kind = "swallowed";
  scenario.cryptoMs = Math.min(scenario.cryptoMs, 5);
  scenario.lateReadMs = 0;
  scenario.startCredit = 64 * 1024;
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

/** A round trip takes seconds: it attaches all the same, and nobody gives up a carrier that is alive. */
function far(seed: number, dice: Dice): Scenario {
  const scenario = base(seed, dice);
  scenario.kind = "far";
  scenario.cryptoMs = Math.min(scenario.cryptoMs, 5);
  scenario.lateReadMs = 0;
  scenario.lines = { delayMs: dice.between(1_300, 2_600), bytesPerSecond: 0, bufferBytes: 256 * 1024, chunkBytes: 0 };
  scenario.streams = [{ openMs: 0, client: plainPlan(dice.size(100, 10_000)) }];
  scenario.prompt = [0];
  scenario.serverUsers = [{ plan: { ...plainPlan(-1), fin: "end" }, dialMs: 0, refuses: false }];
  scenario.healMs = 60_000;
  if (dice.chance(0.5)) scenario.events.push({ atMs: dice.between(20_000, 25_000), kind: "wake" });
  if (dice.chance(0.3)) scenario.events.push({ atMs: dice.between(10_000, 20_000), kind: "cut" });
  return scenario;
}

/** Each carrier dies when its handshake is done, or a little before: the client does not go in circles. */
function barren(seed: number, dice: Dice): Scenario {
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
