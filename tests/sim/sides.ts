/**
 * The two tele processes of a run: they start, are killed, suspended, stopped, and start anew.
 *
 * @module
 */
import { MuxClient, MuxServer } from "../../lib/mux/link.ts";
import type { Identity } from "../../lib/session/handshake/keys.ts";
import type { Duplex } from "../../lib/net/duplex.ts";
import { drain, type SimClock } from "./clock.ts";
import type { Model } from "./model.ts";
import type { Pipe, SimNetwork } from "./network.ts";
import { Process } from "./process.ts";
import type { Scenario } from "./scenario.ts";
import type { Schedule } from "./schedule.ts";
import type { Verdict } from "./verdict.ts";

/** What both ends have in runs with a token. */
const TOKEN = new TextEncoder().encode("sixteen bytes or more");

/** A process that was told to stop is gone within this time, in milliseconds: a goodbye waits for 30 s at the most. */
export const GONE_WITHIN_MS = 35_000;

/** Whoever drains is ended when it had no stream and no link in so many seconds behind the healing of the network. */
const MOST_IDLE_LOOKS = 3;

/** How the sentence ends that a process that stops tells the other. */
const TOLD_TO_STOP = "was told to stop";

/** What {@linkcode Sides} need. */
export interface SidesOptions {
  scenario: Scenario;
  clock: SimClock;
  schedule: Schedule;
  network: SimNetwork;
  verdict: Verdict;
  model: Model;
  /** Connects the server to a user's server. */
  dialUser(process: Process, signal: AbortSignal): Promise<Duplex>;
}

/** Client and server, as they are now. */
export class Sides {
  readonly #scenario: Scenario;
  readonly #clock: SimClock;
  readonly #schedule: Schedule;
  readonly #network: SimNetwork;
  readonly #verdict: Verdict;
  readonly #model: Model;
  readonly #dialUser: SidesOptions["dialUser"];
  readonly #identity: Identity | undefined;
  /** Processes that have learned that the other one was told to stop. */
  readonly #told: Set<Process> = new Set();
  #client: { process: Process; mux: MuxClient };
  #server: { process: Process; mux: MuxServer };
  #incarnations = 0;

  /** Starts both. */
  constructor(options: SidesOptions) {
    this.#scenario = options.scenario;
    this.#clock = options.clock;
    this.#schedule = options.schedule;
    this.#network = options.network;
    this.#verdict = options.verdict;
    this.#model = options.model;
    this.#dialUser = options.dialUser;
    this.#identity = makeIdentity(options.scenario);
    this.#server = this.#startServer();
    this.#client = this.#startClient();
  }

  get client(): { readonly process: Process; readonly mux: MuxClient } {
    return this.#client;
  }

  get server(): { readonly process: Process; readonly mux: MuxServer } {
    return this.#server;
  }

  /** What both ends have in common, if anything. */
  get token(): Uint8Array | undefined {
    return this.#scenario.token ? TOKEN : undefined;
  }

  #linkOptions(process: Process) {
    const { pingIntervalMs, resumeTimeoutMs, replayBufferBytes } = this.#scenario;
    return {
      clock: process.clock,
      log: (_level: string, message: string) => {
        this.#verdict.trace(`${process.name} says: ${message}`);
        if (message.includes(TOLD_TO_STOP)) this.#told.add(process);
      },
      pingIntervalMs,
      resumeTimeoutMs,
      replayBufferBytes,
      token: this.token,
    };
  }

  #startClient(): { process: Process; mux: MuxClient } {
    const { streams, fewNumbers, identity } = this.#scenario;
    const process = new Process(`client ${++this.#incarnations}`, this.#clock);
    const mux = new MuxClient({
      ...this.#linkOptions(process),
      dial: (signal, _connected, path) => this.#network.dial(process, signal, path),
      paths: this.#network.paths.map(({ name }) => name),
      memory: this.#model.bounds.budgetOf(process, Infinity),
      identity: this.#identity,
      lastStream: fewNumbers && identity ? 2 * streams.length : undefined,
      carriers: this.#scenario.carriers,
      leastCarriers: this.#scenario.leastCarriers,
    });
    this.#verdict.trace(`${process.name} starts`);
    return { process, mux };
  }

  #startServer(): { process: Process; mux: MuxServer } {
    const process = new Process(`server ${++this.#incarnations}`, this.#clock);
    const mux = new MuxServer({
      ...this.#linkOptions(process),
      dial: (signal) => this.#dialUser(process, signal),
      maxSessions: this.#scenario.maxSessions,
      memory: this.#model.bounds.budgetOf(process, this.#scenario.memoryBytes),
    });
    this.#network.server = { process, accept: (carrier) => void mux.accept(carrier) };
    this.#verdict.trace(`${process.name} starts`);
    return { process, mux };
  }

  #isMine({ client, server }: Pipe, process: Process): boolean {
    return client === process || server === process;
  }

  /** `process` is gone at once; `how` says what becomes of its carriers. */
  kill(process: Process, how: "cut" | "black hole"): void {
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

  /** `process` stands still for `forMs`, as by SIGSTOP. */
  suspend(process: Process, forMs: number): void {
    if (!process.isAlive || process.isSuspended) return;
    process.suspend();
    this.disturb(process);
    const inbound = (record: Pipe) => record.client === process ? record.pipe.bToA : record.pipe.aToB;
    for (const record of this.#network.open) if (this.#isMine(record, process)) inbound(record).hold();
    this.#schedule.after(forMs, () => {
      process.resume();
      this.disturb(process);
      for (const record of this.#network.open) if (this.#isMine(record, process)) inbound(record).release();
    });
  }

  /**
   * The client stands still for `forMs`, and its carriers die `livesMs` after it fell asleep: what came before that
   * waits in its machine, and is read at waking up, or even before it learns that it slept.
   */
  sleep({ forMs, livesMs, readsFirst }: { forMs: number; livesMs: number; readsFirst: boolean }): void {
    const { process } = this.#client;
    if (!process.isAlive || process.isSuspended) return;
    process.suspend();
    this.disturb(process);
    const carriers = this.#network.open.filter((record) => record.client === process);
    for (const { pipe } of carriers) pipe.bToA.hold();
    this.#schedule.after(livesMs, () => {
      for (const { pipe } of carriers) pipe.aToB.largestBytes = pipe.bToA.largestBytes = 0;
    });
    this.#schedule.after(forMs, () => {
      const read = () => {
        for (const { pipe } of carriers) pipe.bToA.release();
        drain();
      };
      if (readsFirst) read();
      process.resume();
      this.wake();
      read();
    });
  }

  /** Whoever calls a carrier of `process` dead may be right from now on; of anyone without it. */
  disturb(process?: Process): void {
    for (const record of this.#network.open) {
      if (process === undefined || this.#isMine(record, process)) record.isDisturbed = true;
    }
  }

  /** One of the two ends as asked, is gone, and starts anew after `forMs`. The other one is told, unless the network was in the way. */
  stop(who: "client" | "server", forMs: number): void {
    const [client, server] = [this.#client, this.#server];
    const [side, other] = who === "client" ? [client, server] : [server, client];
    const [carrier, ...more] = this.#network.open;
    const isBetween = carrier?.client === client.process && carrier.server === server.process;
    const mayTell = isBetween && more.length === 0 && client.mux.isAttached && side.process.isAlive;
    if (mayTell) this.#told.delete(other.process);
    this.#model.losses.because(`${who} stopped`);
    let hasStopped = false;
    const stoppedMs = this.#clock.now();
    this.#model.bounds.stopping(side.process);
    side.mux.stop(`the ${who} ${TOLD_TO_STOP}`).then(() => hasStopped = true);
    const look = () => {
      const isExcused = !mayTell || carrier.isDisturbed;
      const isLate = this.#clock.now() - stoppedMs > GONE_WITHIN_MS;
      if (!hasStopped && isLate) this.#verdict.fail(`${side.process.name} was told to stop, and is not gone`);
      // Others do not wait for it where nobody can be told, so that it is killed in the middle of that too.
      const isAwaited = !isExcused || this.#scenario.kind === "farewells";
      if (!hasStopped && !isLate && isAwaited) return this.#schedule.after(1_000, look);
      if (!isExcused && !this.#told.has(other.process)) {
        this.#verdict.fail(`${other.process.name} was not told that ${side.process.name} ended`);
      }
      this.restart(who, () => this.kill(side.process, "cut"), forMs);
    };
    this.#schedule.after(1_000, look);
  }

  /** One of the two takes nobody new, is gone when all that it has is over, and starts anew `forMs` later. */
  drain(who: "client" | "server", forMs: number): void {
    const side = who === "client" ? this.#client : this.#server;
    const { process, mux } = side;
    if (!process.isAlive || process.isSuspended || mux.isDraining) return;
    this.#verdict.trace(`${process.name} drains`);
    let isOver = false, idleLooks = 0;
    const end = () => {
      if (isOver || !process.isAlive) return;
      isOver = true;
      this.#verdict.trace(`${process.name} is drained`);
      this.kill(process, "cut");
      this.#schedule.after(forMs, () => this.#startAnew(who));
    };
    mux.drain().then(() => {
      const left = mux instanceof MuxServer ? mux.sessionCount : mux.streamCount;
      if (left > 0) this.#verdict.fail(`${process.name} is drained, and ${left} are left`);
      end();
    });
    // A session whose client has never had it, or is gone without a word, waits for an hour: its user does not.
    const look = () => {
      if (isOver || !process.isAlive) return;
      const isIdle = this.#schedule.isHealed && mux.streamCount === 0 && this.#model.areDetached(process);
      if (isIdle) idleLooks++;
      if (idleLooks > MOST_IDLE_LOOKS) end();
      else this.#schedule.after(1_000, look);
    };
    look();
  }

  #startAnew(who: "client" | "server"): void {
    if (who === "client" && !this.#client.process.isAlive) this.#client = this.#startClient();
    if (who === "server" && !this.#server.process.isAlive) this.#server = this.#startServer();
  }

  /** One of the two is killed by `kill`, and starts anew after `forMs`. */
  restart(who: "client" | "server", kill: () => void, forMs: number): void {
    this.#model.losses.because(`${who} killed`);
    kill();
    this.#schedule.after(forMs, () => this.#startAnew(who));
  }

  /** Whether the client can be told something. */
  get #isClientUp(): boolean {
    const { process } = this.#client;
    return process.isAlive && !process.isSuspended;
  }

  /** Its machine woke up. */
  wake(): void {
    if (this.#isClientUp) this.#client.mux.wokeUp();
  }

  /** Its machine has the addresses for which `isThere` holds. */
  addressesChanged(isThere: (address: string) => boolean): void {
    if (this.#isClientUp) this.#client.mux.addressesChanged(isThere);
  }

  /** Suspended processes run again. */
  heal(): void {
    for (const { process } of [this.#client, this.#server]) {
      if (!process.isSuspended) continue;
      process.resume();
      this.disturb(process);
    }
  }
}

/** A client may go without a goodbye: without an identity, the server could not know. */
function makeIdentity({ identity, events, seed }: Scenario): Identity | undefined {
  const needsIt = events.some(({ kind }) =>
    kind === "kill client" || kind === "stop client" || kind === "drain client"
  );
  if (!identity && !needsIt) return undefined;
  const key = { kind: "Ed25519", bytes: new Uint8Array(32).fill(seed & 0xff | 1) };
  return { keys: { privateKey: key, publicKey: key } as unknown as CryptoKeyPair, slot: 0, lastSlot: 0 };
}
