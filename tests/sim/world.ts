/**
 * One run of the simulator: the real client and server, their users, and what happens to them.
 *
 * @module
 */
import { MuxClient, MuxServer } from "../../lib/mux/link.ts";
import type { Identity } from "../../lib/session/handshake/keys.ts";
import { onMemoryFault } from "../support/lent_memory.ts";
import { takeChance } from "./chance.ts";
import { drain, SimClock } from "./clock.ts";
import { FIRST_SERVER_KEY, Model } from "./model.ts";
import { type Pipe, SimNetwork } from "./network.ts";
import { Process } from "./process.ts";
import { playRogue, type RogueAct } from "./rogue.ts";
import type { Scenario, SimEvent, SimStream } from "./scenario.ts";
import { SimUser, type UserPlan } from "./user.ts";
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

/** What both ends have in runs with a token. */
const TOKEN = new TextEncoder().encode("sixteen bytes or more");

/** Everything must be done so long after the network healed, in milliseconds. */
const HEALED_WITHIN_MS = 20_000;

/** Carriers that nobody uses are closed after so long, in milliseconds. */
const FORGOTTEN_WITHIN_MS = 60_000;

/** A process that was told to stop is gone within this time, in milliseconds: a goodbye waits for 30 s at the most. */
const GONE_WITHIN_MS = 35_000;

/** Ends what a process that stops tells the other. */
const TOLD_TO_STOP = "was told to stop";

/** Plays `scenario` to its end. Only from within a task; see {@linkcode drain}. */
export function play(scenario: Scenario, isTraced = false): Outcome {
  return new World(scenario, isTraced).play();
}

class World {
  readonly #scenario: Scenario;
  readonly #clock = new SimClock();
  readonly #network: SimNetwork;
  readonly #model: Model;
  #client: { process: Process; mux: MuxClient } | undefined;
  #server: { process: Process; mux: MuxServer } | undefined;
  #identity: Identity | undefined;
  /** Processes that have learned that the other one was told to stop. */
  readonly #told: Set<Process> = new Set();
  #incarnations = 0;
  #serverUsers = 0;
  #pending = 0;
  #isHealed = false;
  #startMs: number;

  constructor(scenario: Scenario, isTraced: boolean) {
    this.#scenario = scenario;
    this.#startMs = this.#clock.now();
    this.#network = new SimNetwork({
      clock: this.#clock,
      seed: scenario.seed,
      lines: scenario.lines,
      fates: scenario.fates,
      lastFate: scenario.lastFate,
      lateReadMs: scenario.lateReadMs,
      lateWriteMs: scenario.lateWriteMs,
      trace: (line) => this.#model.trace(line),
      mayGoOn: () => this.#model.mayGoOn(),
    });
    this.#model = new Model(scenario, this.#clock, () => this.#network, isTraced);
  }

  play(): Outcome {
    const giveBack = takeChance(
      this.#scenario.seed,
      this.#clock.io,
      () => this.#isHealed ? 0 : this.#scenario.cryptoMs,
    );
    watch(this.#model);
    onMemoryFault((fault) => this.#model.fail(fault));
    let healedAfterMs = 0;
    try {
      healedAfterMs = this.#play();
    } catch (error) {
      this.#model.fail(`thrown: ${error instanceof Error ? error.stack : error}`);
    } finally {
      watch(undefined);
      onMemoryFault(undefined);
      giveBack();
    }
    const users = [...this.#model.users.values()];
    return {
      problem: this.#model.problem,
      atMs: this.#model.problemMs,
      healedAfterMs,
      trace: this.#model.lines,
      carriers: this.#network.pipes.length,
      bytes: users.reduce((bytes, user) => bytes + user.receivedBytes, 0),
    };
  }

  #play(): number {
    const { healMs, events, streams, prompt, mostCarriers } = this.#scenario;
    this.#makeIdentity();
    this.#startServer();
    this.#startClient();
    for (const event of events) this.#plan(event.atMs, () => this.#happen(event));
    streams.forEach((stream, index) => this.#plan(stream.openMs, () => this.#open(stream, index + 1)));
    drain();

    const isDone = () => this.#pending === 0 && this.#model.isQuiet;
    this.#run(this.#startMs + healMs, isDone);
    for (const index of prompt) this.#checkPrompt(index + 1);
    const carriers = this.#network.pipes.length;
    if (carriers > mostCarriers) this.#model.fail(`${carriers} carriers in ${healMs} ms: the client goes in circles`);
    if (this.#model.problem !== undefined) return 0;

    this.#heal();
    const healedMs = this.#clock.now();
    this.#run(healedMs + HEALED_WITHIN_MS, () => this.#isOver);
    const tookMs = this.#clock.now() - healedMs;
    if (this.#model.problem !== undefined) return tookMs;
    if (!this.#isOver) this.#model.fail(`not over ${HEALED_WITHIN_MS} ms after the network healed: ${this.#waiting}`);
    this.#model.checkUsers();
    this.#run(this.#clock.now() + FORGOTTEN_WITHIN_MS, () => this.#isForgotten);
    if (!this.#isForgotten) this.#model.fail(`something is left long after: ${this.#left}, ${this.#waiting}`);
    if (this.#model.problem === undefined) this.#end();
    return tookMs;
  }

  /** Whether nobody holds a carrier but the one in use, and the end of each stream was told. */
  get #isForgotten(): boolean {
    if (this.#model.untold.length > 0) return false;
    const [client, server] = [this.#client!, this.#server!];
    return this.#network.heldBy(client.process) <= 1 && this.#network.heldBy(server.process) <= 1;
  }

  get #left(): string {
    return [this.#client!, this.#server!].map(({ process }) =>
      `${process.name} holds ${this.#network.heldBy(process)} carriers`
    ).join(", ") + `, never told how they ended: ${this.#model.untold.join(", ") || "none"}`;
  }

  get #isOver(): boolean {
    if (this.#pending > 0 || !this.#client?.mux.isAttached || !this.#model.isQuiet) return false;
    return this.#client.mux.streamCount === 0;
  }

  get #waiting(): string {
    const { mux } = this.#client!;
    return `${this.#pending} events to come, ${mux.isAttached ? "attached" : "not attached"}, ` +
      `${mux.streamCount} streams, ${this.#server!.mux.sessionCount} sessions, ${this.#model.waiting}`;
  }

  #checkPrompt(key: number): void {
    const user = this.#model.users.get(key);
    if (user?.over !== "closed") this.#model.fail(`user ${key} was held up: ${this.#model.waiting.slice(0, 300)}`);
  }

  /** Steps until `isDone`, `untilMs`, or the first problem. */
  #run(untilMs: number, isDone: () => boolean): void {
    const { togetherMs } = this.#scenario;
    let steps = 0;
    while (this.#model.problem === undefined) {
      if (++steps % 8 === 0 && isDone()) return;
      if (!this.#clock.step(untilMs, togetherMs)) {
        this.#clock.skipTo(untilMs);
        return;
      }
      this.#model.checkCounts();
    }
  }

  /** Both processes end as asked: nothing may be left behind. */
  #end(): void {
    const [client, server] = [this.#client!, this.#server!];
    for (const { process } of [client, server]) this.#model.bounds.stopping(process);
    client.mux.stop("the run is over");
    drain();
    this.#run(this.#clock.now() + GONE_WITHIN_MS, () => client.process.pendingTimers === 0);
    if (this.#model.problem !== undefined) return;
    if (client.process.pendingTimers > 0) {
      this.#model.fail(`${client.process.pendingTimers} timers are left in the client`);
    }
    server.mux.stop("the run is over");
    drain();
    this.#run(this.#clock.now() + GONE_WITHIN_MS, () => server.process.pendingTimers === 0);
    if (this.#model.problem !== undefined) return;
    if (server.mux.sessionCount > 0) this.#model.fail(`${server.mux.sessionCount} sessions are left in the server`);
    if (server.process.pendingTimers > 0) {
      this.#model.fail(`${server.process.pendingTimers} timers are left in the server`);
    }
    for (const { process } of [client, server]) this.#model.bounds.checkGivenBack(process);
  }

  #plan(atMs: number, action: () => void): void {
    this.#pending++;
    const delayMs = this.#startMs + atMs - this.#clock.now();
    this.#clock.setTimer(() => {
      this.#pending--;
      action();
    }, delayMs);
  }

  #after(delayMs: number, action: () => void): void {
    this.#plan(this.#clock.now() - this.#startMs + delayMs, action);
  }

  // The two tele processes.

  /** A client may go without a goodbye: without an identity, the server could not know. */
  get #hasIdentity(): boolean {
    return this.#scenario.identity ||
      this.#scenario.events.some(({ kind }) => kind === "kill client" || kind === "stop client");
  }

  #makeIdentity(): void {
    if (!this.#hasIdentity) return;
    const key = { kind: "Ed25519", bytes: new Uint8Array(32).fill(this.#scenario.seed & 0xff | 1) };
    this.#identity = { keys: { privateKey: key, publicKey: key } as unknown as CryptoKeyPair, slot: 0 };
  }

  #linkOptions(process: Process) {
    const { pingIntervalMs, resumeTimeoutMs, replayBufferBytes } = this.#scenario;
    return {
      clock: process.clock,
      log: (_level: string, message: string) => {
        this.#model.trace(`${process.name} says: ${message}`);
        if (message.includes(TOLD_TO_STOP)) this.#told.add(process);
      },
      pingIntervalMs,
      resumeTimeoutMs,
      replayBufferBytes,
      token: this.#token,
    };
  }

  get #token(): Uint8Array | undefined {
    return this.#scenario.token ? TOKEN : undefined;
  }

  #startClient(): void {
    if (this.#client?.process.isAlive) return;
    const process = new Process(`client ${++this.#incarnations}`, this.#clock);
    const mux = new MuxClient({
      ...this.#linkOptions(process),
      dial: (signal) => this.#network.dial(process, signal),
      memory: this.#model.bounds.budgetOf(process, Infinity),
      identity: this.#identity,
    });
    this.#client = { process, mux };
    this.#model.trace(`${process.name} starts`);
  }

  #startServer(): void {
    if (this.#server?.process.isAlive) return;
    const process = new Process(`server ${++this.#incarnations}`, this.#clock);
    const mux = new MuxServer({
      ...this.#linkOptions(process),
      dial: (signal) => this.#dialUser(process, signal),
      maxSessions: this.#scenario.maxSessions,
      memory: this.#model.bounds.budgetOf(process, this.#scenario.memoryBytes),
    });
    this.#server = { process, mux };
    this.#network.server = { process, accept: (carrier) => void mux.accept(carrier) };
    this.#model.trace(`${process.name} starts`);
  }

  #isMine({ client, server }: Pipe, process: Process): boolean {
    return client === process || server === process;
  }

  #kill(process: Process, how: "cut" | "black hole"): void {
    if (!process.isAlive) return;
    process.kill();
    if (this.#network.server?.process === process) this.#network.server = undefined;
    for (const record of this.#network.open) {
      if (!this.#isMine(record, process)) continue;
      record.isDisturbed = true;
      if (how === "cut") record.pipe.cut();
      else record.pipe.blackHole();
    }
  }

  #suspend(process: Process, forMs: number): void {
    if (!process.isAlive || process.isSuspended) return;
    process.suspend();
    this.#disturb(process);
    const inbound = (record: Pipe) => record.client === process ? record.pipe.bToA : record.pipe.aToB;
    for (const record of this.#network.open) if (this.#isMine(record, process)) inbound(record).hold();
    this.#after(forMs, () => {
      process.resume();
      this.#disturb(process);
      for (const record of this.#network.open) if (this.#isMine(record, process)) inbound(record).release();
    });
  }

  #disturb(process?: Process): void {
    for (const record of this.#network.open) {
      if (process === undefined || this.#isMine(record, process)) record.isDisturbed = true;
    }
  }

  // Users.

  #user(key: number, process: Process, plan: UserPlan): SimUser {
    const user = new SimUser({
      key,
      isClient: key < FIRST_SERVER_KEY,
      process,
      plan,
      clock: this.#clock,
      watcher: this.#model,
      seed: this.#scenario.seed ^ Math.imul(key, 0x9e3779b1),
    });
    if (this.#isHealed) user.heal();
    return user;
  }

  #open(stream: SimStream, key: number): void {
    const client = this.#client;
    if (!client?.process.isAlive || client.process.isSuspended) return;
    const user = this.#user(key, client.process, stream.client);
    this.#model.trace(`${user.peer} connects`);
    this.#model.opened(user, client.mux.isAttached);
    try {
      client.mux.open(user);
    } catch {
      // A client that was told to stop takes nobody: its user finds nobody listening.
      this.#model.users.delete(key);
    }
  }

  #dialUser(process: Process, signal: AbortSignal): Promise<SimUser> {
    const number = this.#serverUsers++;
    const key = FIRST_SERVER_KEY + number;
    const { serverUsers } = this.#scenario;
    const { plan, dialMs, refuses } = serverUsers[number % serverUsers.length];
    return new Promise((resolve, reject) => {
      const connect = () =>
        process.io(() => {
          if (signal.aborted) return reject(signal.reason);
          this.#model.trace(`server user ${key} ${refuses ? "refuses" : "accepts"}`);
          if (refuses) return reject(new Error(`refused by ${key}`));
          const user = this.#user(key, process, plan);
          this.#model.opened(user, true);
          resolve(user);
        });
      if (dialMs === 0 || this.#isHealed) connect();
      else this.#clock.io.setTimer(connect, dialMs);
    });
  }

  // What happens.

  #happen(event: SimEvent): void {
    if (this.#isHealed) return;
    this.#model.trace(`event: ${JSON.stringify(event)}`);
    const network = this.#network;
    const open = network.open;
    const last = open.at(-1);
    switch (event.kind) {
      case "cut":
        return network.cutAll();
      case "black hole":
        for (const record of open) {
          record.isDisturbed = true;
          if (event.direction !== "down") record.pipe.aToB.blackHole();
          if (event.direction !== "up") record.pipe.bToA.blackHole();
        }
        return;
      case "hold":
        return last && network.hold(last, event.direction, event.forMs);
      case "refuse":
      case "unreachable":
        network.setState(event.kind === "refuse" ? "refusing" : "unreachable");
        return this.#after(event.forMs, () => network.setState("up"));
      case "impostor":
        network.impostor = event.impostor;
        return this.#after(event.forMs, () => network.impostor = undefined);
      case "lines":
        network.lines = event.lines;
        return;
      case "kill client":
        return this.#restart("client", () => this.#kill(this.#client!.process, event.carriers), event.forMs);
      case "kill server":
        return this.#restart("server", () => this.#kill(this.#server!.process, event.carriers), event.forMs);
      case "stop client":
        return this.#stop("client", event.forMs);
      case "stop server":
        return this.#stop("server", event.forMs);
      case "suspend client":
        return this.#suspend(this.#client!.process, event.forMs);
      case "suspend server":
        return this.#suspend(this.#server!.process, event.forMs);
      case "sleep":
        this.#disturb();
        for (const { pipe } of open) pipe.blackHole();
        this.#clock.jumpWall(event.forMs * 1000);
        return this.#wake();
      case "wake":
        return this.#wake();
      case "address":
        this.#disturb();
        for (const { pipe } of open) pipe.blackHole();
        network.localAddress = network.localAddress === "10.0.0.1" ? "10.0.0.2" : "10.0.0.1";
        if (this.#client!.process.isAlive && !this.#client!.process.isSuspended) {
          this.#client!.mux.addressesChanged((address) => address === network.localAddress);
        }
        return;
      case "move":
        if (this.#client!.process.isAlive && !this.#client!.process.isSuspended) {
          this.#client!.mux.addressesChanged(() => false);
        }
        return;
      case "rogue":
        return this.#letIn(event.act);
    }
  }

  #letIn(act: RogueAct): void {
    const process = new Process(`rogue that ${act}`, this.#clock);
    const { overheard } = this.#network;
    this.#model.rogues.add(process);
    this.#network.dial(process, new AbortController().signal)
      .then((carrier) => playRogue(act, carrier, { overheard, token: this.#token }))
      .catch(() => {})
      .then(() => void this.#model.rogues.delete(process));
  }

  #wake(): void {
    const { process, mux } = this.#client!;
    if (process.isAlive && !process.isSuspended) mux.wokeUp();
  }

  /** One of the two ends as asked, and is gone. The other one is told, unless the network was in the way. */
  #stop(who: "client" | "server", forMs: number): void {
    const [client, server] = [this.#client!, this.#server!];
    const [side, other] = who === "client" ? [client, server] : [server, client];
    const [carrier, ...more] = this.#network.open;
    const isBetween = carrier?.client === client.process && carrier.server === server.process;
    const mayTell = isBetween && more.length === 0 && client.mux.isAttached && side.process.isAlive;
    if (mayTell) this.#told.delete(other.process);
    this.#model.because(`${who} stopped`);
    let hasStopped = false;
    const stoppedMs = this.#clock.now();
    this.#model.bounds.stopping(side.process);
    side.mux.stop(`the ${who} ${TOLD_TO_STOP}`).then(() => hasStopped = true);
    const look = () => {
      const isExcused = !mayTell || carrier.isDisturbed;
      const isLate = this.#clock.now() - stoppedMs > GONE_WITHIN_MS;
      if (!hasStopped && isLate) this.#model.fail(`${side.process.name} was told to stop, and is not gone`);
      // Others do not wait for it where nobody can be told, so that it is killed in the middle of that too.
      const isAwaited = !isExcused || this.#scenario.kind === "farewells";
      if (!hasStopped && !isLate && isAwaited) return this.#after(1_000, look);
      if (!isExcused && !this.#told.has(other.process)) {
        this.#model.fail(`${other.process.name} was not told that ${side.process.name} ended`);
      }
      this.#restart(who, () => this.#kill(side.process, "cut"), forMs);
    };
    this.#after(1_000, look);
  }

  #restart(who: "client" | "server", kill: () => void, forMs: number): void {
    this.#model.because(`${who} killed`);
    kill();
    this.#after(forMs, () => who === "client" ? this.#startClient() : this.#startServer());
  }

  #heal(): void {
    this.#isHealed = true;
    this.#model.trace("the network heals");
    for (const side of [this.#client!, this.#server!]) {
      const { process } = side;
      if (!process.isSuspended) continue;
      process.resume();
      this.#disturb(process);
    }
    this.#network.heal();
    for (const user of this.#model.users.values()) user.heal();
    drain();
  }
}
