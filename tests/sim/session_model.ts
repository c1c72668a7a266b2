/**
 * What must be true of sessions: their carriers, their counts, and how they end.
 *
 * @module
 */
import { encodeHex } from "@std/encoding/hex";
import type { TeleError } from "../../lib/net/error.ts";
import { Mux } from "../../lib/mux/mux.ts";
import type { Attachment } from "../../lib/session/session_options.ts";
import type { Session } from "../../lib/session/session.ts";
import type { Bounds } from "./bounds.ts";
import type { SimClock } from "./clock.ts";
import type { Losses } from "./losses.ts";
import type { Pipe, SimNetwork } from "./network.ts";
import type { Process } from "./process.ts";
import { mustBeTurnedAway, type RogueAct } from "./rogue.ts";
import type { Scenario } from "./scenario.ts";
import type { SimUser } from "./user.ts";
import type { Verdict } from "./verdict.ts";

/** What the model knows of one end of a session. */
interface End {
  readonly session: Session;
  readonly process: Process | undefined;
  /** The client's process, whichever end this is. */
  readonly client: Process | undefined;
  readonly isClient: boolean;
  readonly bornMs: number;
  /** When the first of both ends began. */
  readonly sessionBornMs: number;
  received: number;
  acknowledged: number;
  attempt: number;
}

/** What a {@linkcode SessionModel} needs. */
export interface SessionModelOptions {
  scenario: Scenario;
  clock: SimClock;
  network: SimNetwork;
  verdict: Verdict;
  losses: Losses;
  bounds: Bounds;
  users: ReadonlyMap<number, SimUser>;
}

/** All sessions of one run, at both ends. */
export class SessionModel {
  readonly #scenario: Scenario;
  readonly #clock: SimClock;
  readonly #network: SimNetwork;
  readonly #verdict: Verdict;
  readonly #losses: Losses;
  readonly #bounds: Bounds;
  readonly #users: ReadonlyMap<number, SimUser>;
  readonly #ends: Map<Session, End> = new Map();
  readonly #livePairs: Set<End[]> = new Set();
  readonly #pairs: Map<string, End[]> = new Map();
  readonly #rogueSessions: WeakSet<Session> = new WeakSet();

  constructor(options: SessionModelOptions) {
    this.#scenario = options.scenario;
    this.#clock = options.clock;
    this.#network = options.network;
    this.#verdict = options.verdict;
    this.#losses = options.losses;
    this.#bounds = options.bounds;
    this.#users = options.users;
  }

  /** A user's client opened a stream: the sessions of its process with a carrier may tell their peers of it. */
  opened(user: SimUser): void {
    for (const end of this.#ends.values()) {
      if (end.isClient && end.process === user.process && end.session.carrier !== undefined) {
        this.#losses.expose(user, end);
      }
    }
  }

  attaching(session: Session, { duplex, peerReceived }: Attachment): void {
    const pipe = this.#network.pipeOf(duplex);
    const holder = duplex.localAddress === undefined ? pipe?.server : pipe?.client;
    if (session.upper instanceof Mux && session.lastAttempt === 0) this.#bounds.sessionBegan(holder, session.upper);
    if (pipe !== undefined && pipe.client.name.startsWith("rogue")) {
      const act = pipe.client.name.replace("rogue that ", "") as RogueAct;
      if (mustBeTurnedAway(act)) this.#verdict.fail(`the server accepted a rogue that had to be turned away: ${act}`);
      this.#rogueSessions.add(session);
      return;
    }
    const isClient = pipe !== undefined && duplex.localAddress !== undefined;
    const process = isClient ? pipe.client : pipe?.server;
    const end = this.#ends.get(session) ?? this.#begin(session, process, pipe, isClient);
    this.#verdict.trace(
      `${isClient ? "client" : "server"} attaches carrier ${pipe?.index} to ${session.name}: ` +
        `received ${session.received}, the peer ${peerReceived}`,
    );
    if (!isClient) return this.#checkTakeover(session, pipe?.index);
    for (const user of this.#users.values()) {
      if (user.isClient && user.process === process && !user.isOver) this.#losses.expose(user, end);
    }
  }

  #begin(session: Session, process: Process | undefined, pipe: Pipe | undefined, isClient: boolean): End {
    const name = encodeHex(session.id);
    const pair = this.#pairs.get(name) ?? [];
    this.#pairs.set(name, pair);
    const bornMs = this.#clock.now();
    const sessionBornMs = pair[0]?.bornMs ?? bornMs;
    const { client } = pipe ?? {};
    const counts = { received: 0, acknowledged: 0, attempt: 0 };
    const end = { session, process, client, isClient, bornMs, sessionBornMs, ...counts };
    this.#ends.set(session, end);
    pair.push(end);
    if (pair.length === 2) this.#livePairs.add(pair);
    if (pair.length > 2) this.#verdict.fail(`a third end of session ${session.name}`);
    return end;
  }

  /** A client that waits for the answer to its commit has no carrier: whoever attaches over one that it has is late. */
  #checkTakeover(session: Session, index: number | undefined): void {
    const client = this.#pairs.get(encodeHex(session.id))?.find((end) => end.isClient);
    if (client === undefined || client.process?.isAlive === false || client.session.carrier === undefined) return;
    this.#verdict.fail(`the server attaches carrier ${index} over the one that the client uses`);
  }

  carrierLost(session: Session, reason: string): void {
    const end = this.#ends.get(session);
    if (end?.process?.isAlive === false) return;
    const index = Number(/:(\d+)$/.exec(session.carrier?.peer ?? "")?.[1] ?? NaN);
    this.#verdict.trace(`${end?.isClient ? "client" : "server"} loses carrier ${index}: ${reason}`);
    const silentS = Number(/silent for ([\d.]+) s/.exec(reason)?.[1] ?? Infinity);
    if (silentS < 3) this.#verdict.fail(`carrier ${index} was given up soon after it was heard: ${reason}`);
    const pipe = this.#network.pipes[index];
    // A rogue may well be silent.
    if (pipe === undefined || pipe.isDisturbed || pipe.client.name.startsWith("rogue")) return;
    if (/silent|nothing acknowledged|no answer|no sign of life/.test(reason)) {
      this.#verdict.fail(`carrier ${index} was given up though alive: ${reason}`);
    }
  }

  ending(session: Session, error: TeleError): void {
    if (this.#rogueSessions.has(session)) return this.#verdict.trace(`a rogue's session ends: ${error.message}`);
    const end = this.#ends.get(session);
    if (end?.process?.isAlive === false) return;
    this.#verdict.trace(
      `${
        end === undefined ? "" : end.isClient ? "client's " : "server's "
      }session ${session.name} ends: ${error.message}`,
    );
    if (
      error.code === "protocol" || /which cannot be|less credit|that it had ended|not known here/.test(error.message)
    ) {
      this.#verdict.fail(`session ${session.name} broke: ${error.message}`);
    }
    if (error.code === "expired") this.#expired(session, error);
    if (session.id.length === 0 && error.code === "refused") {
      // A client with a token gives up an impostor that has none.
      const refusing = this.#scenario.token ? ["refuses", "unknown", "ready"] : ["refuses"];
      const isRefused = this.#scenario.events.some((event) =>
        event.kind === "impostor" && refusing.includes(event.impostor)
      );
      if (isRefused) this.#losses.because("first contact");
    }
  }

  #expired(session: Session, error: TeleError): void {
    // A client that was started anew cannot come back for what it had, so nothing has to wait for that.
    if (error.message.includes("took its place") && this.#ends.get(session)?.client?.isAlive === false) return;
    const outageMs = this.#clock.now() - (session.detachedAt ?? this.#clock.now());
    if (outageMs >= this.#scenario.resumeTimeoutMs) return this.#losses.because("expired");
    // A session without streams may be forgotten sooner, but no stream, byte or reset on its way may be lost by that.
    const { replayLog: { heldBytes }, upper: { streamCount, hasUnsent } } = session;
    if (streamCount > 0 || heldBytes > 0 || hasUnsent) {
      const resets = hasUnsent ? " and resets" : "";
      this.#verdict.fail(`session ended too early, ${heldBytes} bytes${resets} waited: ${error.message}`);
    }
  }

  /** What the peer of the session whose streams `mux` has took of it; `undefined` if there is no such session. */
  takenByPeerOf(mux: Mux): number | undefined {
    for (const pair of this.#pairs.values()) {
      const own = pair.find(({ session }) => session.upper === mux);
      if (own !== undefined) return pair.find((end) => end !== own)?.session.received ?? 0;
    }
    return undefined;
  }

  /** After every step. */
  checkCounts(): void {
    if (this.#ends.size === 0) return;
    for (const end of this.#ends.values()) {
      const { session } = end;
      if (session.error !== undefined) {
        this.#ends.delete(session);
        continue;
      }
      const { received, lastAttempt, replayLog: log } = session;
      if (received < end.received) {
        this.#verdict.fail(`the count received went back from ${end.received} to ${received}`);
      }
      if (log.acknowledged < end.acknowledged) this.#verdict.fail("the count acknowledged went back");
      if (lastAttempt < end.attempt) this.#verdict.fail("the attempt's number went back");
      end.received = received;
      end.acknowledged = log.acknowledged;
      end.attempt = lastAttempt;
      const limit = this.#scenario.replayBufferBytes + 8192 + 64 * this.#users.size;
      if (log.heldBytes > limit) {
        this.#verdict.fail(`the replay log holds ${log.heldBytes} bytes, the limit is ${limit}`);
      }
      if (log.heldBytes !== log.end - log.acknowledged) {
        this.#verdict.fail("the replay log holds other than what is not acknowledged");
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
          this.#verdict.fail(`session ${older.session.name} of a client that was killed outlives its return`);
        }
      }
    }
  }

  #checkPair(pair: End[]): void {
    const [one, other] = [pair[0].session, pair[1].session];
    if (one.error !== undefined || other.error !== undefined) return void this.#livePairs.delete(pair);
    for (const [from, to] of [[one, other], [other, one]]) {
      if (from.replayLog.acknowledged > to.received) {
        this.#verdict.fail(`${from.replayLog.acknowledged} bytes are acknowledged, but ${to.received} received`);
      }
      if (to.received > from.replayLog.end) {
        this.#verdict.fail(`${to.received} bytes are received, but ${from.replayLog.end} were written`);
      }
    }
  }

  /** Whether each client's session has a carrier, and its peer has all that was sent. */
  get isQuiet(): boolean {
    return this.#live.every(({ session, isClient }) =>
      !isClient || (session.carrier !== undefined && session.replayLog.heldBytes === 0)
    );
  }

  /** The sessions there are, for a person. */
  get waiting(): string[] {
    return this.#live.map(({ session, isClient }) => {
      const how = session.carrier === undefined ? "detached" : `${session.replayLog.heldBytes} bytes not acknowledged`;
      return `${isClient ? "client" : "server"} session ${session.name} ${how}`;
    });
  }

  get #live(): End[] {
    return [...this.#ends.values()].filter(({ session, process }) =>
      process?.isAlive !== false && session.error === undefined
    );
  }
}
