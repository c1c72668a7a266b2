/**
 * What must be true of every run, whatever the network does.
 *
 * @module
 */
import { encodeHex } from "@std/encoding/hex";
import type { TeleError } from "../../lib/net/error.ts";
import { Mux } from "../../lib/mux/mux.ts";
import type { MuxStream, StreamEnd } from "../../lib/mux/stream.ts";
import type { Attachment } from "../../lib/session/session_options.ts";
import type { Session } from "../../lib/session/session.ts";
import { Bounds } from "./bounds.ts";
import type { SimClock } from "./clock.ts";
import type { SimNetwork } from "./network.ts";
import type { Process } from "./process.ts";
import { mustBeTurnedAway, ROGUE_KEY, type RogueAct } from "./rogue.ts";
import type { Scenario } from "./scenario.ts";
import type { SimUser, UserWatcher } from "./user.ts";
import type { Watcher } from "./watch.ts";

/** Keys of users' servers begin here; below are users' clients. */
export const FIRST_SERVER_KEY = 1_000_000;

/** What a fault says. */
const INJECTED = "an injected fault";

/** Calls of users and the network in one run; more of them mean that the code goes in circles. */
const MOST_CALLS = 500_000;

/** What the model knows of one end of a session. */
interface End {
  readonly session: Session;
  readonly process: Process | undefined;
  /** The client's process, whichever end this is. */
  readonly client: Process | undefined;
  readonly isClient: boolean;
  readonly bornMs: number;
  received: number;
  acknowledged: number;
  attempt: number;
}

/** Something after which streams may be lost. */
export type Cause =
  | "client killed"
  | "client stopped"
  | "server killed"
  | "server stopped"
  | "first contact"
  | "expired";

/** Thrown by nobody: a run has failed once `problem` is set. */
export class Model implements UserWatcher, Watcher {
  problem: string | undefined;
  problemMs = 0;
  readonly startCredit: number;
  readonly users: Map<number, SimUser> = new Map();
  readonly lines: string[] = [];
  /** Those whom the server has not turned away yet. */
  readonly rogues: Set<Process> = new Set();
  /** What processes may hold, and do in one turn. */
  readonly bounds: Bounds = new Bounds((problem) => this.fail(problem));
  readonly #scenario: Scenario;
  readonly #clock: SimClock;
  readonly #network: SimNetwork;
  readonly #isTraced: boolean;
  readonly #causes: { cause: Cause; atMs: number }[] = [];
  readonly #ends: Map<Session, End> = new Map();
  readonly #livePairs: Set<End[]> = new Set();
  readonly #pairs: Map<string, End[]> = new Map();
  /** Ends of client sessions that a user's stream may have been told to. */
  readonly #exposed: Map<SimUser, Set<End>> = new Map();
  readonly #windows: WeakMap<MuxStream, number> = new WeakMap();
  #received = 0;
  /** Users whose streams a fault has ended. */
  readonly #hitByFault: Set<SimUser> = new Set();
  /** Names of users whose streams' ends were told. */
  readonly #told: Set<string> = new Set();
  /** Where the ends of streams lie in what their sessions count. */
  readonly #sentEnds: WeakMap<MuxStream, { mux: Mux; offset: number }> = new WeakMap();
  readonly #rogueSessions: WeakSet<Session> = new WeakSet();
  #calls = 0;
  #startMs: number;

  constructor(scenario: Scenario, clock: SimClock, network: () => SimNetwork, isTraced: boolean) {
    this.#scenario = scenario;
    this.startCredit = scenario.startCredit;
    this.#clock = clock;
    this.#network = network();
    this.#isTraced = isTraced;
    this.#startMs = clock.now();
  }

  fail(problem: string): void {
    if (this.problem !== undefined) return;
    this.problem = problem;
    this.problemMs = this.#clock.now() - this.#startMs;
    this.trace(`FAILED: ${problem}`);
  }

  trace(line: string): void {
    if (!this.#isTraced) return;
    this.lines.push(`${(this.#clock.now() - this.#startMs).toFixed(1).padStart(10)}  ${line}`);
  }

  mayGoOn(): boolean {
    if (++this.#calls <= MOST_CALLS) return true;
    this.fail(`${MOST_CALLS} calls: the code goes in circles`);
    return false;
  }

  /** Streams may be lost from now on. */
  because(cause: Cause): void {
    this.trace(cause);
    this.#causes.push({ cause, atMs: this.#clock.now() });
  }

  // Users.

  /** A user's client opened a stream. */
  opened(user: SimUser, isAttached: boolean): void {
    this.users.set(user.key, user);
    if (!user.isClient) return;
    this.#exposed.set(user, new Set());
    if (!isAttached) return;
    for (const end of this.#ends.values()) {
      if (end.isClient && end.process === user.process && end.session.carrier !== undefined) this.#expose(user, end);
    }
  }

  #expose(user: SimUser, end: End): void {
    this.#exposed.get(user)?.add(end);
  }

  met(user: SimUser, partnerKey: number): void {
    if (partnerKey === ROGUE_KEY && this.#hasRogues) return;
    const partner = this.users.get(partnerKey);
    if (partner === undefined || partner.isClient === user.isClient) {
      return this.fail(`${user.peer} reads bytes of nobody: key ${partnerKey}`);
    }
    this.#meet(user, partner);
  }

  #meet(user: SimUser, partner: SimUser): void {
    for (const [one, other] of [[user, partner], [partner, user]] as const) {
      if (one.partner !== undefined && one.partner !== other) {
        this.fail(`${one.peer} is connected to ${one.partner.peer} and to ${other.peer}`);
      }
      one.partner = other;
    }
    for (const one of [user, partner]) if (one.sawEnd) this.#checkEnd(one);
  }

  sawEnd(user: SimUser): void {
    this.trace(`${user.peer} reads the end after ${user.receivedBytes} bytes`);
    this.#checkEnd(user);
  }

  #checkEnd(user: SimUser): void {
    const { partner } = user;
    if (partner === undefined) {
      if (this.#hasRogues && !user.isClient) return;
      if (user.receivedBytes > 0) this.fail(`${user.peer}: a clean end within the first bytes`);
      return;
    }
    if (!partner.hasEnded) this.fail(`${user.peer}: a clean end, but ${partner.peer} has not ended`);
    if (user.receivedBytes !== partner.sentBytes) {
      this.fail(`${user.peer}: a clean end after ${user.receivedBytes} of ${partner.sentBytes} bytes`);
    }
  }

  closed(user: SimUser): void {
    this.trace(`${user.peer} is closed: ${user.sentBytes} bytes sent, ${user.receivedBytes} received`);
    if (!user.isComplete) this.fail(`${user.peer}: closed as if complete, after ${user.receivedBytes} bytes`);
  }

  aborted(user: SimUser, reason: string | undefined): void {
    this.trace(`${user.peer} is aborted: ${reason}`);
    // Its stream ended before the connection was there.
    if (!user.isUsed && !user.isClient) return;
    const key = Number(/user (\d+) reset/.exec(reason ?? "")?.[1] ?? NaN);
    const refuser = /refused by (\d+)/.exec(reason ?? "");
    if (refuser !== null && user.isClient) {
      if (user.receivedBytes > 0) this.fail(`${user.peer}: refused after ${user.receivedBytes} bytes`);
      return;
    }
    if (!Number.isNaN(key)) return this.#abortedByReset(user, key);
    if (reason?.includes(INJECTED)) return this.#abortedByFault(user);
    if (!this.#mayLose(user)) this.fail(`${user.peer} lost its stream without a cause: ${reason}`);
  }

  #abortedByReset(user: SimUser, key: number): void {
    const resetter = this.users.get(key);
    if (!resetter?.hasReset) return this.fail(`${user.peer}: aborted by a reset of user ${key} that there was not`);
    if (resetter === user) return;
    if (resetter.isClient === user.isClient) return this.fail(`${user.peer}: aborted by ${resetter.peer}`);
    this.#meet(user, resetter);
    if (user.receivedBytes === resetter.sentBytes || user.hasReset || !user.isTaking) return;
    this.fail(`${user.peer}: reset after ${user.receivedBytes} of the ${resetter.sentBytes} bytes sent before`);
  }

  /** One stream is hit, and so both of its users at the most. */
  #abortedByFault(user: SimUser): void {
    this.#hitByFault.add(user);
    const ofClients = [...this.#hitByFault].filter(({ isClient }) => isClient).length;
    if (ofClients > 1 || this.#hitByFault.size > 2) this.fail(`${user.peer}: aborted by a fault of another stream`);
  }

  get #hasRogues(): boolean {
    return this.#scenario.kind === "rogues" || this.#scenario.kind === "little memory";
  }

  #mayLose(user: SimUser): boolean {
    if (!user.isClient) return this.#causes.length > 0 || (this.#hasRogues && user.partner === undefined);
    const exposures = [...this.#exposed.get(user) ?? []];
    return this.#causes.some(({ cause, atMs }) => {
      // Whom no peer has heard of is nobody's to lose but the client's own.
      if (cause === "expired" && exposures.length === 0) return false;
      if (cause !== "server killed" && cause !== "server stopped") return atMs >= user.openedMs;
      return exposures.some(({ session }) => atMs >= (this.#pairs.get(encodeHex(session.id))?.[0]?.bornMs ?? Infinity));
    });
  }

  // Sessions.

  attaching(session: Session, { duplex, peerReceived }: Attachment): void {
    const pipe = this.#network.pipeOf(duplex);
    const holder = duplex.localAddress === undefined ? pipe?.server : pipe?.client;
    if (session.upper instanceof Mux && session.lastAttempt === 0) this.bounds.sessionBegan(holder, session.upper);
    if (pipe !== undefined && pipe.client.name.startsWith("rogue")) {
      const act = pipe.client.name.replace("rogue that ", "") as RogueAct;
      if (mustBeTurnedAway(act)) this.fail(`the server accepted a rogue that had to be turned away: ${act}`);
      this.#rogueSessions.add(session);
      return;
    }
    const isClient = pipe !== undefined && duplex.localAddress !== undefined;
    const process = isClient ? pipe.client : pipe?.server;
    let end = this.#ends.get(session);
    if (end === undefined) {
      const bornMs = this.#clock.now();
      const client = pipe?.client;
      end = { session, process, client, isClient, bornMs, received: 0, acknowledged: 0, attempt: 0 };
      this.#ends.set(session, end);
      const name = encodeHex(session.id);
      const pair = this.#pairs.get(name) ?? [];
      this.#pairs.set(name, pair);
      pair.push(end);
      if (pair.length === 2) this.#livePairs.add(pair);
      if (pair.length > 2) this.fail(`a third end of session ${session.name}`);
    }
    this.trace(
      `${isClient ? "client" : "server"} attaches carrier ${pipe?.index} to ${session.name}: ` +
        `received ${session.received}, the peer ${peerReceived}`,
    );
    if (!isClient) return this.#checkTakeover(session, pipe?.index);
    for (const user of this.users.values()) {
      if (user.isClient && user.process === process && !user.isOver) this.#expose(user, end);
    }
  }

  /** A client that waits for the answer to its commit has no carrier: whoever attaches over one that it has is late. */
  #checkTakeover(session: Session, index: number | undefined): void {
    const client = this.#pairs.get(encodeHex(session.id))?.find((end) => end.isClient);
    if (client === undefined || client.process?.isAlive === false || client.session.carrier === undefined) return;
    this.fail(`the server attaches carrier ${index} over the one that the client uses`);
  }

  carrierLost(session: Session, reason: string): void {
    const end = this.#ends.get(session);
    if (end?.process?.isAlive === false) return;
    const index = Number(/:(\d+)$/.exec(session.carrier?.peer ?? "")?.[1] ?? NaN);
    this.trace(`${end?.isClient ? "client" : "server"} loses carrier ${index}: ${reason}`);
    const silentS = Number(/silent for ([\d.]+) s/.exec(reason)?.[1] ?? Infinity);
    if (silentS < 3) this.fail(`carrier ${index} was given up soon after it was heard: ${reason}`);
    const pipe = this.#network.pipes[index];
    // A rogue may well be silent.
    if (pipe === undefined || pipe.isDisturbed || pipe.client.name.startsWith("rogue")) return;
    if (/silent|nothing acknowledged|no sign of life/.test(reason)) {
      this.fail(`carrier ${index} was given up though alive: ${reason}`);
    }
  }

  ending(session: Session, error: TeleError): void {
    if (this.#rogueSessions.has(session)) return this.trace(`a rogue's session ends: ${error.message}`);
    const end = this.#ends.get(session);
    if (end?.process?.isAlive === false) return;
    this.trace(
      `${
        end === undefined ? "" : end.isClient ? "client's " : "server's "
      }session ${session.name} ends: ${error.message}`,
    );
    if (
      error.code === "protocol" || /which cannot be|less credit|that it had ended|not known here/.test(error.message)
    ) {
      this.fail(`session ${session.name} broke: ${error.message}`);
    }
    if (error.code === "expired") this.#expired(session, error);
    if (session.id.length === 0 && error.code === "refused") {
      // A client with a token gives up an impostor that has none.
      const refusing = this.#scenario.token ? ["refuses", "unknown", "ready"] : ["refuses"];
      const isRefused = this.#scenario.events.some((event) =>
        event.kind === "impostor" && refusing.includes(event.impostor)
      );
      if (isRefused) this.because("first contact");
    }
  }

  #expired(session: Session, error: TeleError): void {
    // A client that was started anew cannot come back for what it had, so nothing has to wait for that.
    if (error.message.includes("took its place") && this.#ends.get(session)?.client?.isAlive === false) return;
    const outageMs = this.#clock.now() - (session.detachedAt ?? this.#clock.now());
    if (outageMs >= this.#scenario.resumeTimeoutMs) return this.because("expired");
    // A session without streams may be forgotten sooner, but no stream, byte or reset on its way may be lost by that.
    const { replayLog: { heldBytes }, upper: { streamCount, hasUnsent } } = session;
    if (streamCount > 0 || heldBytes > 0 || hasUnsent) {
      const resets = hasUnsent ? " and resets" : "";
      this.fail(`session ended too early, ${heldBytes} bytes${resets} waited: ${error.message}`);
    }
  }

  received(stream: MuxStream): void {
    const window = Math.max(this.#windows.get(stream) ?? 0, stream.window.size);
    this.#windows.set(stream, window);
    if (stream.waitingBytes > window) {
      this.fail(`a stream holds ${stream.waitingBytes} bytes, its window was never more than ${window}`);
    }
  }

  fault(): Error | undefined {
    if (++this.#received !== this.#scenario.faultAt) return undefined;
    this.trace("a fault is injected");
    return new Error(INJECTED);
  }

  endSent(mux: Mux, stream: MuxStream, offset: number): void {
    this.#sentEnds.set(stream, { mux, offset });
  }

  /** Finished means that the peer has taken all of it. */
  streamEnded(stream: MuxStream, { kind }: StreamEnd): void {
    this.#told.add(stream.peer);
    if (kind === "cut") this.#cut(stream.peer);
    if (kind !== "finished") return;
    const sent = this.#sentEnds.get(stream);
    if (sent === undefined) return this.fail("a stream is told to be finished that has not sent its end");
    for (const pair of this.#pairs.values()) {
      const own = pair.find(({ session }) => session.upper === sent.mux);
      if (own === undefined) continue;
      const taken = pair.find((end) => end !== own)?.session.received ?? 0;
      if (taken >= sent.offset) return;
      return this.fail(
        `a stream is told to be finished whose end is at ${sent.offset}, but the peer has taken ${taken}`,
      );
    }
  }

  #cut(name: string): void {
    const user = this.users.get(Number(/user (\d+)/.exec(name)?.[1] ?? NaN));
    if (user !== undefined) this.bounds.cut(user.process);
  }

  turnEnded(mux: Mux): void {
    this.bounds.turnEnded(mux);
  }

  /** After every step. */
  checkCounts(): void {
    this.bounds.check();
    if (this.#ends.size === 0) return;
    for (const end of this.#ends.values()) {
      const { session } = end;
      if (session.error !== undefined) {
        this.#ends.delete(session);
        continue;
      }
      const { received, lastAttempt, replayLog: log } = session;
      if (received < end.received) this.fail(`the count received went back from ${end.received} to ${received}`);
      if (log.acknowledged < end.acknowledged) this.fail("the count acknowledged went back");
      if (lastAttempt < end.attempt) this.fail("the attempt's number went back");
      end.received = received;
      end.acknowledged = log.acknowledged;
      end.attempt = lastAttempt;
      const limit = this.#scenario.replayBufferBytes + 8192 + 64 * this.users.size;
      if (log.heldBytes > limit) this.fail(`the replay log holds ${log.heldBytes} bytes, the limit is ${limit}`);
      if (log.heldBytes !== log.end - log.acknowledged) {
        this.fail("the replay log holds other than what is not acknowledged");
      }
    }
    for (const pair of this.#livePairs) this.#checkPair(pair);
    this.#checkReplaced();
  }

  /** A client that was killed and is heard again leaves nothing of its older self at the server. */
  #checkReplaced(): void {
    const left = [...this.#ends.values()].filter(({ isClient, client }) => !isClient && client?.isAlive === false);
    for (const older of left) {
      for (const newer of this.#ends.values()) {
        const isNext = newer.process === older.process && newer.client !== older.client && newer.bornMs > older.bornMs;
        if (isNext && newer.received > 0) {
          this.fail(`session ${older.session.name} of a client that was killed outlives its return`);
        }
      }
    }
  }

  #checkPair(pair: End[]): void {
    const [one, other] = [pair[0].session, pair[1].session];
    if (one.error !== undefined || other.error !== undefined) return void this.#livePairs.delete(pair);
    for (const [from, to] of [[one, other], [other, one]]) {
      if (from.replayLog.acknowledged > to.received) {
        this.fail(`${from.replayLog.acknowledged} bytes are acknowledged, but ${to.received} received`);
      }
      if (to.received > from.replayLog.end) {
        this.fail(`${to.received} bytes are received, but ${from.replayLog.end} were written`);
      }
    }
  }

  // The end.

  /** Whether all is done that was begun: no user waits, and everything sent is acknowledged. */
  get isQuiet(): boolean {
    if (this.rogues.size > 0) return false;
    for (const user of this.users.values()) if (!user.isOver) return false;
    for (const { session, process, isClient } of this.#ends.values()) {
      if (process?.isAlive === false || session.error !== undefined) continue;
      if (isClient && (session.carrier === undefined || session.replayLog.heldBytes > 0)) return false;
    }
    return true;
  }

  /** What still waits, for a person. */
  get waiting(): string {
    const users = [...this.users.values()].filter((user) => !user.isOver).map((user) =>
      `${user.peer} (sent ${user.sentBytes} of ${user.plan.bytes}, received ${user.receivedBytes}, ` +
      `${user.hasEnded ? "ended" : "not ended"}, ${user.sawEnd ? "saw the end" : "no end seen"})`
    );
    for (const { session, process, isClient } of this.#ends.values()) {
      if (process?.isAlive === false || session.error !== undefined) continue;
      const how = session.carrier === undefined ? "detached" : `${session.replayLog.heldBytes} bytes not acknowledged`;
      users.push(`${isClient ? "client" : "server"} session ${session.name} ${how}`);
    }
    for (const { name } of this.rogues) users.push(`${name}, and is not turned away`);
    return users.join(", ");
  }

  /** Whether one at the other side may have gone before it read the first bytes. */
  #mayBeLonely(user: SimUser): boolean {
    if (this.#mayLose(user)) return true;
    for (const other of this.users.values()) {
      const isGone = other.hasReset || this.#hitByFault.has(other) || !other.process.isAlive || !other.isUsed;
      if (other.isClient !== user.isClient && other.partner === undefined && isGone) return true;
    }
    return false;
  }

  /** Users whose connections are over, but their processes were not told how their streams ended. */
  get untold(): string[] {
    const isUntold = (user: SimUser) =>
      user.process.isAlive && user.isUsed && user.isOver && !this.#told.has(user.peer);
    return [...this.users.values()].filter(isUntold).map(({ peer }) => peer);
  }

  /** Once nothing waits any more. */
  checkUsers(): void {
    for (const user of this.users.values()) {
      if (user.over !== "closed") continue;
      const { partner } = user;
      if (partner === undefined) {
        if (user.sentBytes > 0 && !this.#mayBeLonely(user)) {
          this.fail(`${user.peer} sent ${user.sentBytes} bytes to nobody`);
        }
      } else if (
        partner.process.isAlive && !partner.hasReset && partner.over !== "closed" && !this.#mayLose(user) &&
        !this.#hitByFault.has(partner)
      ) {
        this.fail(`${user.peer} ended cleanly, ${partner.peer} did not`);
      }
      if (partner !== undefined && partner.over === "closed" && partner.receivedBytes !== user.sentBytes) {
        this.fail(`${partner.peer} got ${partner.receivedBytes} of ${user.sentBytes} bytes`);
      }
    }
  }
}
