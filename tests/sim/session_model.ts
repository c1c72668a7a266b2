/**
 * What must be true of sessions: their carriers, their counts, and how they end.
 *
 * @module
 */
import { encodeHex } from "@std/encoding/hex";
import type { TeleError } from "../../lib/net/error.ts";
import { Mux } from "../../lib/mux/mux.ts";
import type { Carrier } from "../../lib/session/carrier/carrier.ts";
import type { Remains } from "../../lib/session/carrier/frame_log.ts";
import type { Covered } from "../../lib/session/gone_carrier.ts";
import { MAX_EXTRA_BYTES, RESET_FRAME_BYTES } from "../../lib/session/session_constants.ts";
import type { Attachment } from "../../lib/session/session_options.ts";
import type { Session } from "../../lib/session/session.ts";
import type { Bounds } from "./bounds.ts";
import type { SimClock } from "./clock.ts";
import type { Losses } from "./losses.ts";
import type { Pipe, SimNetwork } from "./network.ts";
import type { Process } from "./process.ts";
import { mustBeTurnedAway, mustEndItsSession, type RogueAct } from "./rogue.ts";
import type { Scenario } from "./scenario.ts";
import type { SimUser } from "./user.ts";
import type { Verdict } from "./verdict.ts";

/** What a carrier left behind is on another one within this time and four round trips, in milliseconds. */
const IDLE_MS = 1_000;

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
  /** As it was when it was last looked at. */
  taken: number;
  takenThere: number;
  lastNumber: number;
  /** Since when something waits that no carrier has, though there are some; `undefined` if that is not so. */
  idleSinceMs: number | undefined;
  /** Its carriers, by number. */
  readonly carriers: Map<number, CarrierEnd>;
}

/** What the model knows of one end of a carrier. */
interface CarrierEnd {
  readonly carrier: Carrier;
  /** What it left behind, once it is gone, and what was taken from it. */
  remains: Remains | undefined;
  taken: number;
  /** Counted bytes that were put into its log. */
  end: number;
  isSettled: boolean;
  /** At a server that has not heard it, but another: what was in its log then. */
  before?: number;
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
  readonly #rogueSessions: Map<Session, Process> = new Map();
  readonly #carriers: WeakMap<Carrier, CarrierEnd> = new WeakMap();
  #hasSeveral = false;
  #maySendTwice = false;

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

  attaching(session: Session, { duplex, number }: Attachment): void {
    const pipe = this.#network.pipeOf(duplex);
    const holder = duplex.localAddress === undefined ? pipe?.server : pipe?.client;
    if (session.upper instanceof Mux && number === 0) this.#bounds.sessionBegan(holder, session.upper);
    if (pipe !== undefined && pipe.client.name.startsWith("rogue")) {
      const act = pipe.client.name.replace("rogue that ", "") as RogueAct;
      if (mustBeTurnedAway(act)) this.#verdict.fail(`the server accepted a rogue that had to be turned away: ${act}`);
      this.#rogueSessions.set(session, pipe.client);
      return;
    }
    const isClient = pipe !== undefined && duplex.localAddress !== undefined;
    const process = isClient ? pipe.client : pipe?.server;
    const end = this.#ends.get(session) ?? this.#begin(session, process, pipe, isClient);
    this.#verdict.trace(
      `${isClient ? "client" : "server"} attaches carrier ${pipe?.index} to ${session.name} as number ${number}: ` +
        `${session.takenBytes} bytes taken, ${session.takenThereBytes} by the peer`,
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
    const counts = { taken: 0, takenThere: 0, lastNumber: 0, idleSinceMs: undefined, carriers: new Map() };
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
    if (this.#scenario.carriers > 1) return;
    this.#verdict.fail(`the server attaches carrier ${index} over the one that the client uses`);
  }

  /** The carrier of a rogue is over. */
  rogueLeft(rogue: Process, act: RogueAct): void {
    if (!mustEndItsSession(act)) return;
    for (const [session, process] of this.#rogueSessions) {
      if (process === rogue && session.error === undefined) {
        this.#verdict.fail(`the server keeps the session of a rogue: ${act}`);
      }
    }
  }

  attached(session: Session, carrier: Carrier): void {
    const end = this.#ends.get(session);
    if (end === undefined) return;
    if (end.carriers.has(carrier.number)) this.#verdict.fail(`a second carrier ${carrier.number} of one session`);
    if (session.carriers.attached.all.length > 1) this.#hasSeveral = true;
    const known = { carrier, remains: undefined, taken: 0, end: 0, isSettled: false };
    end.carriers.set(carrier.number, known);
    this.#carriers.set(carrier, known);
  }

  /** Whether some session had several carriers at once: then data comes in any order. */
  get hasSeveral(): boolean {
    return this.#hasSeveral;
  }

  /** Whether something was sent on another carrier before a receipt said what was taken of it. */
  get maySendTwice(): boolean {
    return this.#maySendTwice;
  }

  /** What is left of a log goes again, without a receipt. */
  takenOver({ acknowledged, handed }: Remains): void {
    if (handed > acknowledged) this.#maySendTwice = true;
  }

  /** What waits on a carrier goes on another as well. */
  copied(): void {
    this.#maySendTwice = true;
  }

  /** From now on nothing counts that it delivers. */
  carrierGone(carrier: Carrier, remains: Remains): void {
    const known = this.#carriers.get(carrier);
    if (known === undefined) return;
    known.remains = remains;
    known.taken = carrier.taken;
    const last = remains.pieces.at(-1);
    known.end = last === undefined ? remains.handed : last.offset + last.end - last.start;
    if (remains.acknowledged > remains.handed) this.#verdict.fail("more is acknowledged than was handed to writes");
  }

  /** A receipt is what the peer has taken, neither more nor less, and what it covers is not sent again. */
  covered(session: Session, covered: readonly Covered[], againBytes: number): void {
    const end = this.#ends.get(session);
    if (end === undefined) return;
    const peer = this.#pairOf(end).find((other) => other !== end);
    let most = 0;
    for (const { number, taken: told } of covered) {
      const own = end.carriers.get(number);
      if (own?.isSettled) this.#verdict.fail(`carrier ${number} is settled a second time`);
      // It was never attached here: nothing was sent on it.
      if (own === undefined) continue;
      own.isSettled = true;
      const taken = peer?.carriers.get(number)?.taken ?? 0;
      if (told !== taken) this.#verdict.fail(`${told} bytes of carrier ${number} are told, and ${taken} were taken`);
      // A frame that was cut goes whole where it is not data.
      if (own.end > told) most += own.end - told + MAX_EXTRA_BYTES + RESET_FRAME_BYTES;
    }
    if (againBytes > most) this.#verdict.fail(`${againBytes} bytes are sent again, ${most} were not taken at the most`);
  }

  #pairOf(end: End): End[] {
    return this.#pairs.get(encodeHex(end.session.id)) ?? [];
  }

  carrierLost(session: Session, carrier: Carrier, reason: string): void {
    const end = this.#ends.get(session);
    if (end?.process?.isAlive === false) return;
    const index = Number(/:(\d+)$/.exec(carrier.peer)?.[1] ?? NaN);
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
    const { budget: { streamFrames }, upper: { streamCount, hasUnsent } } = session;
    if (streamCount > 0 || streamFrames > 0 || hasUnsent) {
      const resets = hasUnsent ? " and resets" : "";
      this.#verdict.fail(`session ended too early, ${streamFrames} frames${resets} waited: ${error.message}`);
    }
  }

  /** Nothing is held for a session that is over. */
  ended({ name, budget: { heldBytes, streamFrames } }: Session): void {
    if (heldBytes === 0 && streamFrames === 0) return;
    this.#verdict.fail(
      `session ${name} has ended and still holds ${heldBytes} bytes, ${streamFrames} frames of streams`,
    );
  }

  /** The mux at the other end of the session whose streams `mux` has; `undefined` if there is no such session. */
  peerOf(mux: Mux): Mux | undefined {
    for (const pair of this.#pairs.values()) {
      const own = pair.find(({ session }) => session.upper === mux);
      const upper = own && pair.find((end) => end !== own)?.session.upper;
      if (upper instanceof Mux) return upper;
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
      const { takenBytes, takenThereBytes, lastNumber, budget: { heldBytes }, carriers: { attached } } = session;
      if (!end.isClient) this.#checkUnheard(end);
      this.#checkIdle(end);
      if (takenBytes < end.taken) this.#verdict.fail(`the bytes taken went back from ${end.taken} to ${takenBytes}`);
      if (takenThereBytes < end.takenThere) this.#verdict.fail("the bytes that the peer has taken went back");
      if (lastNumber < end.lastNumber) this.#verdict.fail("the number of the last carrier went back");
      end.taken = takenBytes;
      end.takenThere = takenThereBytes;
      end.lastNumber = lastNumber;
      const limit = this.#scenario.replayBufferBytes + 8192 + 64 * this.#users.size;
      if (heldBytes > limit) this.#verdict.fail(`the session holds ${heldBytes} bytes, the limit is ${limit}`);
      const [only, ...more] = attached.all;
      // One that was in doubt has given away what is in no log then; and what another brought it need not keep.
      const keepsAll = more.length === 0 && only?.carrier.number === lastNumber && !this.#maySendTwice;
      if (keepsAll && heldBytes < only.carrier.log.end - only.carrier.log.acknowledged) {
        this.#verdict.fail(`the session holds ${heldBytes} bytes, which is less than what is not acknowledged`);
      }
    }
    for (const pair of this.#livePairs) this.#checkPair(pair);
    this.#checkReplaced();
  }

  /** What waits is on a carrier, or soon will be: a session that is attached and does nothing would stand still for ever. */
  #checkIdle(end: End): void {
    const { session: { budget, carriers: { attached }, lastRoundTripMs } } = end;
    const isIdle = budget.heldBytes > 0 && attached.usable.length > 0 &&
      attached.all.every(({ carrier: { log } }) => log.acknowledged === log.end);
    if (!isIdle) return void (end.idleSinceMs = undefined);
    const nowMs = this.#clock.now();
    end.idleSinceMs ??= nowMs;
    if (nowMs - end.idleSinceMs <= IDLE_MS + 4 * lastRoundTripMs) return;
    this.#verdict.fail(`${budget.heldBytes} bytes wait, and no carrier has anything to send`);
  }

  /** A client that was killed and is heard again leaves nothing of its older self at the server. */
  #checkReplaced(): void {
    const left = [...this.#ends.values()].filter(({ isClient, client }) => !isClient && client?.isAlive === false);
    for (const older of left) {
      for (const newer of this.#ends.values()) {
        const isNext = newer.process === older.process && newer.client !== older.client && newer.bornMs > older.bornMs;
        if (isNext && newer.taken > 0) {
          this.#verdict.fail(`session ${older.session.name} of a client that was killed outlives its return`);
        }
      }
    }
  }

  #checkPair(pair: End[]): void {
    const [one, other] = [pair[0].session, pair[1].session];
    if (one.error !== undefined || other.error !== undefined) return void this.#livePairs.delete(pair);
    for (const [from, to] of [[one, other], [other, one]]) {
      if (from.takenThereBytes > to.takenBytes) {
        this.#verdict.fail(`${from.takenThereBytes} bytes are acknowledged, but ${to.takenBytes} were taken`);
      }
      for (const { carrier } of from.carriers.attached.all) {
        const peer = to.carriers.attached.all.find((other) => other.carrier.number === carrier.number);
        if (peer !== undefined) this.#checkCarrier(carrier, peer.carrier);
      }
    }
  }

  /** A server puts nothing on a carrier that it has not heard, beside one that it has. */
  #checkUnheard({ session, carriers }: End): void {
    const { all } = session.carriers.attached;
    const isOneHeard = all.some(({ isHeard, isLeaving }) => isHeard && !isLeaving);
    for (const { carrier, isHeard } of all) {
      const known = carriers.get(carrier.number);
      if (isHeard || known === undefined) continue;
      if (isOneHeard && known.before !== undefined && carrier.log.end > known.before) {
        this.#verdict.fail(`the server sends on carrier ${carrier.number}, which it has not heard beside others`);
      }
      known.before = isOneHeard ? carrier.log.end : undefined;
    }
  }

  #checkCarrier({ log: { acknowledged, handed } }: Carrier, { taken }: Carrier): void {
    if (acknowledged > taken) this.#verdict.fail(`${acknowledged} bytes are acknowledged, but ${taken} were taken`);
    if (taken > handed) this.#verdict.fail(`${taken} bytes were taken, but ${handed} handed to writes`);
  }

  /** Whether each client's session has a carrier, and its peer has all that was sent. */
  get isQuiet(): boolean {
    return this.#live.every(({ session, isClient }) =>
      !isClient || (session.carrier !== undefined && session.budget.heldBytes === 0)
    );
  }

  /** Whether no session of `process` has a carrier. */
  areDetached(process: Process): boolean {
    return this.#live.every((end) => end.process !== process || end.session.carrier === undefined);
  }

  /** The sessions there are, for a person. */
  get waiting(): string[] {
    return this.#live.map(({ session, isClient }) => {
      const how = session.carrier === undefined ? "detached" : `${session.budget.heldBytes} bytes not acknowledged`;
      return `${isClient ? "client" : "server"} session ${session.name} ${how}`;
    });
  }

  get #live(): End[] {
    return [...this.#ends.values()].filter(({ session, process }) =>
      process?.isAlive !== false && session.error === undefined
    );
  }
}
