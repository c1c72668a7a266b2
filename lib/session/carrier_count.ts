/**
 * How many carriers a client keeps.
 *
 * @module
 */
import { reasonOf, TeleError } from "../net/error.ts";
import type { Log } from "../net/log.ts";
import type { Carrier } from "./carrier/carrier.ts";
import { tellDoubt } from "./carrier/liveness.ts";
import type { AttachedCarrier } from "./carriers.ts";
import { join, type JoinTerms, roundTripFrom } from "./commit.ts";
import { type Fields, readCarriers } from "./handshake/fields.ts";
import type { ClientHandshake } from "./handshake/client_handshake.ts";
import type { Lane } from "./handshake/messages.ts";
import { LaneWatch } from "./lanes/lane_watch.ts";
import { shareOf, surplus } from "./lanes/surplus.ts";
import { PathStory } from "./path_story.ts";
import { Joiner, type JoinerHost } from "./reconnect/joiner.ts";
import type { RedialOptions } from "./reconnect/redial.ts";
import type { Session } from "./session.ts";
import { MOST_CARRIERS } from "./session_constants.ts";
import type { SessionLimits } from "./session_limits.ts";

/** Carriers at once, unless told otherwise. */
export const DEFAULT_CARRIERS = 6;

/** Options of {@linkcode CarrierCount}. */
export interface CarrierCountOptions extends Pick<RedialOptions, "clock" | "dial" | "paths" | "token" | "tickets"> {
  /** Told of carriers that come and go beside others. */
  log: Log;
  /** Limits of sessions. */
  limits: SessionLimits;
  /**
   * Most carriers at once, those in doubt not counted; with 1 the next one takes the place of the one before. As many as
   * there are paths at the least.
   *
   * @default {6}
   */
  carriers?: number;
  /**
   * So many are kept always, whether one is enough or not.
   *
   * @default {1}
   */
  leastCarriers?: number;
}

/** What it asks of the client. */
export interface CarrierCountHost {
  /** The present session. */
  session(): Session;
  /** So many bytes are sent again because of a join beside others. */
  sentAgain(bytes: number): void;
}

/**
 * Joins more carriers while one works, leaves those that are too many, and sees that on each path one of them is the
 * quiet one.
 *
 * Source: `PROTOCOL.md`, "Beside a carrier", "Leaving", "Lanes".
 */
export class CarrierCount {
  readonly #options: CarrierCountOptions;
  readonly #host: CarrierCountHost;
  readonly #joiner: Joiner;
  readonly #story: PathStory;
  readonly #pathCount: number;
  #lanes: LaneWatch;
  /** How many the session may have. */
  #most = 1;

  /** There is no carrier yet. */
  constructor(options: CarrierCountOptions, host: CarrierCountHost) {
    this.#options = options;
    this.#host = host;
    const names = options.paths ?? [""];
    this.#pathCount = names.length;
    this.#story = new PathStory(options.clock, options.log, names);
    this.#joiner = new Joiner(options.clock, {
      dial: options.dial,
      ticket: () => options.tickets?.newest,
      paths: names.length,
      isGuarded: options.token !== undefined,
      sessionId: () => host.session().id,
      working: (path) => this.#workingOn(path).length,
      most: () => this.#most,
      join: (...attempt) => this.#joinMore(...attempt),
      attemptFailed: (error, path) => this.#attemptFailed(reasonOf(error), path),
    });
    this.#joiner.want(options.leastCarriers ?? 1);
    this.#lanes = this.#makeLanes();
  }

  #makeLanes(): LaneWatch {
    const { carriers = DEFAULT_CARRIERS, leastCarriers = 1, clock } = this.#options;
    return new LaneWatch({
      clock,
      most: carriers - this.#pathCount,
      bulk: () => this.#bulk.map(({ carrier: { number, movedBytes } }) => ({ number, movedBytes })),
      onTarget: (count) => this.want(Math.max(leastCarriers, this.#pathCount + count)),
      onUseless: (number) => {
        const attached = this.#bulk.find(({ carrier }) => carrier.number === number);
        if (attached !== undefined) this.#host.session().carriers.leave(attached);
      },
    });
  }

  /** Carriers that work, but the quiet ones. */
  get #bulk(): AttachedCarrier[] {
    const { quiets } = this.#host.session().carriers.attached;
    return this.#working.filter((attached) => !quiets.includes(attached));
  }

  /** An end of the session could send more by so many bulk carriers. */
  wished(end: "own" | "peer", count: number): void {
    this.#lanes.wished(end, count);
  }

  /** Another session begins: what was wished for in the one before is over. */
  restart(): void {
    this.#lanes.stop();
    this.#lanes = this.#makeLanes();
    this.#joiner.want(this.#options.leastCarriers ?? 1);
  }

  /** Whether a carrier is joined beside the one that is in doubt, and not in its place. */
  get isSeveral(): boolean {
    return this.#most > 1;
  }

  /** A session began with an accept that has these fields: they say how many there may be, and have its ticket. */
  began(fields: Fields): void {
    this.#most = Math.min(this.#options.carriers ?? DEFAULT_CARRIERS, readCarriers(fields));
    this.#options.tickets?.take(fields);
  }

  /** There are to be `count` from now on, as far as both ends allow. */
  want(count: number): void {
    this.#joiner.want(count);
    this.adjust();
  }

  /** Carriers that work. */
  get #working(): AttachedCarrier[] {
    return this.#host.session().carriers.attached.all.filter(({ isLeaving, isDoubted }) => !isLeaving && !isDoubted);
  }

  #workingOn(path: number): AttachedCarrier[] {
    return this.#working.filter((attached) => attached.path === path);
  }

  /** What changed may leave the session with too many, too few, or a path without a quiet one. */
  adjust(): void {
    const { attached } = this.#host.session().carriers;
    const working = this.#working;
    for (const quiet of attached.quiets) if (working.includes(quiet)) attached.chooseLane(quiet, "quiet");
    this.#leave(working.length - this.#joiner.wanted);
    this.look();
  }

  #leave(count: number): void {
    const { carriers } = this.#host.session();
    for (const attached of surplus(this.#working, carriers.attached.quiets, count)) carriers.leave(attached);
  }

  /** A path has a carrier again: others leave it its share of them. */
  #cameBack(path: number): void {
    const counts = Array.from({ length: this.#pathCount }, (_, each) => this.#workingOn(each).length);
    this.#leave(shareOf(counts, path));
  }

  /** The same where only dialling may have to begin or to end. */
  look(): void {
    this.#joiner.look();
  }

  /** A carrier is lost, and others go on. */
  oneGone(reason: string, path: number): void {
    this.#options.log("debug", `one connection is lost, others go on: ${reason}`);
    const { all } = this.#host.session().carriers.attached;
    if (!all.some((attached) => attached.path === path)) this.#story.down(path, reason);
    this.lost(path);
    this.adjust();
  }

  /** A carrier is lost, or those before one that is there now died at once: who is missing is dialed one by one. */
  lost(path: number): void {
    this.#joiner.lost(path);
  }

  /** All are lost. */
  allLost(): void {
    this.#story.outage();
    this.look();
  }

  /** The machine woke or its addresses changed: paths that are down are dialed at once. */
  startOver(): void {
    this.#host.session().carriers.former.startOver();
    this.#joiner.startOver();
  }

  #attemptFailed(reason: string, path: number): void {
    this.#options.log("debug", `no other connection yet: ${reason}`);
    const { all } = this.#host.session().carriers.attached;
    if (all.length > 0 && !all.some((attached) => attached.path === path)) this.#story.down(path, reason);
  }

  /** Dials no more. */
  stop(): void {
    this.#joiner.stop();
    this.#lanes.stop();
  }

  /** Carriers from addresses that are gone are dead. Returns whether there are such; `before` comes first then. */
  loseGone(isLocal: (address: string) => boolean, before: () => void): boolean {
    const all = this.#host.session().carriers.attached.all.map(({ carrier }) => carrier);
    const gone = all.filter(({ localAddress }) => localAddress !== undefined && !isLocal(localAddress));
    if (gone.length > 0) before();
    for (const carrier of gone) this.#lose(carrier, `the address ${carrier.localAddress} is gone`);
    return gone.length > 0;
  }

  /** If all are in doubt, they are dead. */
  loseDoubted(meanwhile: string): void {
    const { doubt, carriers } = this.#host.session();
    if (doubt === undefined) return;
    for (const { carrier } of carriers.attached.all) this.#lose(carrier, `${tellDoubt(doubt)} while ${meanwhile}`);
  }

  /** Nothing more is taken from any, in one step with the commit that follows. */
  giveUp(meanwhile: string): void {
    this.loseDoubted(meanwhile);
    this.#host.session().detach(meanwhile);
  }

  #lose(carrier: Carrier, reason: string): void {
    carrier.stop();
    this.#host.session().carrierLost(carrier, reason);
  }

  /**
   * Joins the present session.
   *
   * @throws {TeleError} If that fails, or is given up.
   */
  async join(handshake: ClientHandshake, terms: Omit<JoinTerms, "resumeTimeoutMs" | "tickets">): Promise<void> {
    const session = this.#host.session();
    const { carriers } = session;
    const isTooMuch = carriers.isFull || carriers.attached.all.length >= MOST_CARRIERS - 1;
    if (session.carrier !== undefined && isTooMuch) throw dropped(handshake);
    const { limits: { resumeTimeoutMs }, tickets } = this.#options;
    if (!await join(session, handshake, { ...terms, resumeTimeoutMs, tickets })) throw dropped(handshake);
    this.#story.up(terms.path);
  }

  async #joinMore(handshake: ClientHandshake, attempt: Parameters<JoinerHost["join"]>[1]): Promise<void> {
    const { path, signal, attaching } = attempt;
    const roundTripMs = roundTripFrom(this.#options.clock, attempt.roundTripMs);
    const lane: Lane = this.#workingOn(path).length === 0 ? "quiet" : "bulk";
    const attach: JoinTerms["attach"] = ({ accept: { number }, leftover }, take) => {
      attaching();
      const [sole, ...others] = this.#workingOn(path);
      const { duplex } = handshake;
      const attachment = { duplex, number, leftover, roundTripMs: roundTripMs(), lane, path, othersFollow: true };
      this.#host.sentAgain(this.#host.session().join(attachment, take));
      if (sole === undefined) this.#cameBack(path);
      // That has carried all, is up to speed for bulk, and has much waiting. Nothing waits on the new one.
      else if (others.length === 0) this.#swapLanes(sole);
      this.#options.log("debug", `${this.#working.length} connections`);
      this.adjust();
    };
    await this.join(handshake, { lane, path, signal, attach });
  }

  #swapLanes(sole: AttachedCarrier): void {
    const next = this.#workingOn(sole.path).at(-1);
    if (next === undefined || next === sole) return;
    const { attached } = this.#host.session().carriers;
    attached.chooseLane(next, "quiet");
    attached.chooseLane(sole, "bulk");
  }
}

/** An attempt that is not wanted any more: not a return, which would mean attached. */
export function dropped({ duplex }: ClientHandshake): TeleError {
  duplex.close();
  return new TeleError("closed", "the session was given up during the handshake");
}
