/**
 * One run of the simulator: the real client and server, their users, and what happens to them.
 *
 * @module
 */
import { onMemoryFault } from "../support/lent_memory.ts";
import { takeChance } from "./chance.ts";
import { drain, SimClock } from "./clock.ts";
import { Events } from "./events.ts";
import { Model } from "./model.ts";
import { MOST_SETTLE_MS, SimNetwork } from "./network.ts";
import type { Scenario, SimEvent, SimStream } from "./scenario.ts";
import { Schedule } from "./schedule.ts";
import { GONE_WITHIN_MS, Sides } from "./sides.ts";
import { Users } from "./users.ts";
import { Verdict } from "./verdict.ts";
import { watch } from "./watch.ts";

/** What came of a run. */
export interface Outcome {
  /** What went wrong, if anything did. */
  problem?: string;
  /** When, in virtual milliseconds. */
  atMs: number;
  /** How long it took from the network's healing until nothing waited any more, in virtual milliseconds. */
  healedAfterMs: number;
  trace: string[];
  carriers: number;
  bytes: number;
}

/** Once the network has healed, everything is done within this time, in milliseconds. */
const HEALED_WITHIN_MS = 20_000;

/**
 * The same where a carrier is left that has less than 16 kbit/s, and may have died before: what was under way on its
 * path excuses its silence for as long as that needs.
 */
const SLOW_HEALED_WITHIN_MS = 30_000;

/** Carriers that nobody uses are closed within this time, in milliseconds. */
const FORGOTTEN_WITHIN_MS = 60_000;

/** Plays `scenario` to its end. Only from within a task; see {@linkcode drain}. */
export function play(scenario: Scenario, isTraced = false): Outcome {
  const clock = new SimClock();
  const schedule = new Schedule(clock);
  const verdict = new Verdict(clock, isTraced);
  const network = new SimNetwork({
    clock,
    seed: scenario.seed,
    lines: [scenario.lines, ...scenario.otherLines],
    fates: scenario.fates,
    lastFate: scenario.lastFate,
    lateReadMs: scenario.lateReadMs,
    lateWriteMs: scenario.lateWriteMs,
    trace: (line) => verdict.trace(line),
    mayGoOn: () => verdict.mayGoOn(),
  });
  const model = new Model(scenario, clock, network, verdict);
  const giveBack = takeChance(scenario.seed, clock.io, () => schedule.isHealed ? 0 : scenario.cryptoMs);
  watch(model);
  onMemoryFault((fault) => verdict.fail(fault));
  let healedAfterMs = 0;
  try {
    healedAfterMs = new World({ scenario, clock, schedule, network, verdict, model }).play();
  } catch (error) {
    verdict.fail(`thrown: ${error instanceof Error ? error.stack : error}`);
  } finally {
    watch(undefined);
    onMemoryFault(undefined);
    giveBack();
  }
  const users = [...model.users.all.values()];
  return {
    problem: verdict.problem,
    atMs: verdict.problemMs,
    healedAfterMs,
    trace: verdict.lines,
    carriers: network.pipes.length,
    bytes: users.reduce((bytes, user) => bytes + user.receivedBytes, 0),
  };
}

/** Parts of a {@linkcode World}. */
interface Parts {
  scenario: Scenario;
  clock: SimClock;
  schedule: Schedule;
  network: SimNetwork;
  verdict: Verdict;
  model: Model;
}

/** The course of a run: what was planned, the healing, and the end. */
class World {
  readonly #scenario: Scenario;
  readonly #clock: SimClock;
  readonly #schedule: Schedule;
  readonly #network: SimNetwork;
  readonly #verdict: Verdict;
  readonly #model: Model;
  readonly #users: Users;
  readonly #sides: Sides;
  readonly #events: Events;

  constructor(parts: Parts) {
    this.#scenario = parts.scenario;
    this.#clock = parts.clock;
    this.#schedule = parts.schedule;
    this.#network = parts.network;
    this.#verdict = parts.verdict;
    this.#model = parts.model;
    const users = this.#users = new Users(parts);
    const sides = this.#sides = new Sides({ ...parts, dialUser: (process, signal) => users.dial(process, signal) });
    this.#events = new Events({ ...parts, sides });
  }

  /** Says how long it took from the network's healing until nothing waited any more, in virtual milliseconds. */
  play(): number {
    const { healMs, events, streams, prompt, mostCarriers } = this.#scenario;
    const schedule = this.#schedule;
    for (const event of events) schedule.at(event.atMs, () => this.#happen(event));
    streams.forEach((stream, index) => schedule.at(stream.openMs, () => this.#open(stream, index + 1)));
    drain();

    const isDone = () => schedule.pending === 0 && this.#model.isQuiet;
    this.#run(schedule.startMs + healMs, isDone);
    for (const index of prompt) this.#checkPrompt(index + 1);
    const carriers = this.#network.pipes.length;
    if (carriers > mostCarriers) this.#verdict.fail(`${carriers} carriers in ${healMs} ms: the client goes in circles`);
    if (this.#verdict.problem !== undefined) return 0;

    const mostMs = this.#network.open.some(({ isSlow }) => isSlow) ? SLOW_HEALED_WITHIN_MS : HEALED_WITHIN_MS;
    this.#heal();
    const healedMs = this.#clock.now();
    this.#run(healedMs + mostMs, () => this.#isOver);
    const tookMs = this.#clock.now() - healedMs;
    if (this.#verdict.problem !== undefined) return tookMs;
    if (!this.#isOver) this.#verdict.fail(`not over ${mostMs} ms after the network healed: ${this.#waiting}`);
    this.#model.users.check();
    this.#run(this.#clock.now() + FORGOTTEN_WITHIN_MS, () => this.#isForgotten);
    if (!this.#isForgotten) this.#verdict.fail(`something is left long after: ${this.#left}, ${this.#waiting}`);
    if (this.#verdict.problem === undefined) this.#end();
    return tookMs;
  }

  /** Whether nobody holds a carrier but those in use, and the end of each stream was told. */
  get #isForgotten(): boolean {
    if (this.#model.untold.length > 0) return false;
    const { client, server } = this.#sides;
    const most = this.#scenario.leastCarriers;
    return this.#network.heldBy(client.process) <= most && this.#network.heldBy(server.process) <= most;
  }

  get #left(): string {
    return [this.#sides.client, this.#sides.server].map(({ process }) =>
      `${process.name} holds ${this.#network.heldBy(process)} carriers`
    ).join(", ") + `, never told how they ended: ${this.#model.untold.join(", ") || "none"}`;
  }

  get #isOver(): boolean {
    if (this.#schedule.pending > 0 || !this.#sides.client.mux.isAttached || !this.#model.isQuiet) return false;
    return this.#sides.client.mux.streamCount === 0;
  }

  get #waiting(): string {
    const { mux } = this.#sides.client;
    return `${this.#schedule.pending} events to come, ${mux.isAttached ? "attached" : "not attached"}, ` +
      `${mux.streamCount} streams, ${this.#sides.server.mux.sessionCount} sessions, ${this.#model.waiting}`;
  }

  #checkPrompt(key: number): void {
    const user = this.#model.users.all.get(key);
    if (user?.over !== "closed") this.#verdict.fail(`user ${key} was held up: ${this.#model.waiting.slice(0, 300)}`);
  }

  /** Steps until `isDone`, `untilMs`, or the first problem. */
  #run(untilMs: number, isDone: () => boolean): void {
    const { togetherMs } = this.#scenario;
    let steps = 0;
    while (this.#verdict.problem === undefined) {
      if (++steps % 8 === 0 && isDone()) return;
      if (!this.#clock.step(untilMs, togetherMs)) {
        this.#clock.skipTo(untilMs);
        return;
      }
      this.#model.check();
    }
  }

  /** Both processes end as asked: nothing may be left behind. */
  #end(): void {
    const { client, server } = this.#sides;
    for (const { process } of [client, server]) this.#model.bounds.stopping(process);
    client.mux.stop("the run is over");
    drain();
    this.#run(this.#clock.now() + GONE_WITHIN_MS, () => client.process.pendingTimers === 0);
    if (this.#verdict.problem !== undefined) return;
    if (client.process.pendingTimers > 0) {
      this.#verdict.fail(`${client.process.pendingTimers} timers are left in the client`);
    }
    server.mux.stop("the run is over");
    drain();
    this.#run(this.#clock.now() + GONE_WITHIN_MS, () => server.process.pendingTimers === 0);
    if (this.#verdict.problem !== undefined) return;
    if (server.mux.sessionCount > 0) this.#verdict.fail(`${server.mux.sessionCount} sessions are left in the server`);
    if (server.process.pendingTimers > 0) {
      this.#verdict.fail(`${server.process.pendingTimers} timers are left in the server`);
    }
    for (const { process } of [client, server]) this.#model.bounds.checkGivenBack(process);
    // Writes of carriers that are over may still settle. Who is killed gives nothing back.
    this.#run(this.#clock.now() + MOST_SETTLE_MS, () => false);
    if (!this.#scenario.events.some(({ kind }) => /^(kill|stop|drain)/.test(kind))) this.#model.bounds.checkSegments();
  }

  #happen(event: SimEvent): void {
    if (!this.#schedule.isHealed) this.#events.happen(event);
  }

  #open(stream: SimStream, key: number): void {
    this.#users.open(this.#sides.client, stream, key);
  }

  #heal(): void {
    this.#schedule.isHealed = true;
    this.#verdict.trace("the network heals");
    this.#sides.heal();
    this.#network.heal();
    for (const user of this.#model.users.all.values()) user.heal();
    drain();
  }
}
