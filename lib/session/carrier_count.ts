/**
 * How many carriers a client keeps.
 *
 * @module
 */
import type { Clock } from "../net/clock.ts";
import { reasonOf, TeleError } from "../net/error.ts";
import type { Log } from "../net/log.ts";
import type { Carrier } from "./carrier/carrier.ts";
import { tellDoubt } from "./carrier/liveness.ts";
import type { AttachedCarrier } from "./carriers.ts";
import { join, type JoinTerms } from "./commit.ts";
import type { ClientHandshake } from "./handshake/client_handshake.ts";
import type { Lane } from "./handshake/messages.ts";
import { LaneWatch } from "./lanes/lane_watch.ts";
import { Joiner } from "./reconnect/joiner.ts";
import type { ReconnectHost } from "./reconnect/reconnect.ts";
import type { Session } from "./session.ts";
import { MOST_CARRIERS } from "./session_constants.ts";
import type { SessionLimits } from "./session_limits.ts";

/** Carriers at once, unless told otherwise. */
export const DEFAULT_CARRIERS = 6;

/** Options of {@linkcode CarrierCount}. */
export interface CarrierCountOptions extends Pick<ReconnectHost, "dial"> {
  /** Time. */
  clock: Clock;
  /** Told of carriers that come and go beside others. */
  log: Log;
  /** The token, if there is one: a server must have one too. */
  token?: Uint8Array;
  /** Limits of sessions. */
  limits: SessionLimits;
  /**
   * Most carriers at once, those in doubt not counted; with 1 the next one takes the place of the one before.
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
 * Joins more carriers while one works, leaves those that are too many, and sees that one of them is the quiet one.
 *
 * Source: `PROTOCOL.md`, "Beside a carrier", "Leaving", "Lanes".
 */
export class CarrierCount {
  readonly #options: CarrierCountOptions;
  readonly #host: CarrierCountHost;
  readonly #joiner: Joiner;
  #lanes: LaneWatch;
  /** How many the session may have. */
  #most = 1;

  /** There is no carrier yet. */
  constructor(options: CarrierCountOptions, host: CarrierCountHost) {
    this.#options = options;
    this.#host = host;
    this.#joiner = new Joiner(options.clock, {
      dial: options.dial,
      isGuarded: options.token !== undefined,
      sessionId: () => host.session().id,
      working: () => this.#working.length,
      most: () => this.#most,
      join: (...attempt) => this.#joinMore(...attempt),
      attemptFailed: (error) => options.log("debug", `no other connection yet: ${reasonOf(error)}`),
    });
    this.#joiner.want(options.leastCarriers ?? 1);
    this.#lanes = this.#makeLanes();
  }

  #makeLanes(): LaneWatch {
    const { carriers = DEFAULT_CARRIERS, leastCarriers = 1, clock } = this.#options;
    return new LaneWatch({
      clock,
      most: carriers - 1,
      bulk: () => this.#bulk.map(({ carrier: { number, movedBytes } }) => ({ number, movedBytes })),
      onTarget: (count) => this.want(Math.max(leastCarriers, 1 + count)),
      onUseless: (number) => {
        const attached = this.#bulk.find(({ carrier }) => carrier.number === number);
        if (attached !== undefined) this.#host.session().carriers.leave(attached);
      },
    });
  }

  /** Carriers that work, but the quiet one. */
  get #bulk(): AttachedCarrier[] {
    const { carrier } = this.#host.session();
    return this.#working.filter((attached) => attached.carrier !== carrier);
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

  /** A session began, whose server allows so many. */
  allowed(carriers: number): void {
    this.#most = Math.min(this.#options.carriers ?? DEFAULT_CARRIERS, carriers);
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

  /** What changed may leave the session with too many, too few, or without a quiet one. */
  adjust(): void {
    const { carrier, carriers } = this.#host.session();
    const working = this.#working;
    const quiet = working.find((attached) => attached.carrier === carrier);
    if (quiet !== undefined) carriers.attached.chooseLane(quiet, "quiet");
    const surplus = working.length - this.#joiner.wanted;
    const others = working.filter((attached) => attached !== quiet);
    for (const attached of others.slice(0, Math.max(0, surplus))) carriers.leave(attached);
    this.look();
  }

  /** The same where only dialling may have to begin or to end. */
  look(): void {
    this.#joiner.look();
  }

  /** A carrier is lost, and others go on. */
  oneGone(reason: string): void {
    this.#options.log("debug", `one connection is lost, others go on: ${reason}`);
    this.lost();
    this.adjust();
  }

  /** A carrier is lost, or those before one that is there now died at once: who is missing is dialled one by one. */
  lost(): void {
    this.#joiner.lost();
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
    this.#host.session().detach();
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
  async join(handshake: ClientHandshake, lane: Lane, terms: Pick<JoinTerms, "signal" | "attach">): Promise<void> {
    const session = this.#host.session();
    const { carriers } = session;
    const isTooMuch = carriers.isFull || carriers.attached.all.length >= MOST_CARRIERS - 1;
    if (session.carrier !== undefined && isTooMuch) throw dropped(handshake);
    const { resumeTimeoutMs } = this.#options.limits;
    if (!await join(session, handshake, { ...terms, lane, resumeTimeoutMs })) throw dropped(handshake);
  }

  #swapLanes(sole: AttachedCarrier | undefined): void {
    const next = this.#working.at(-1);
    if (sole === undefined || next === undefined || next === sole) return;
    const { attached } = this.#host.session().carriers;
    attached.chooseLane(next, "quiet");
    attached.chooseLane(sole, "bulk");
  }

  async #joinMore(
    handshake: ClientHandshake,
    roundTripMs: number,
    signal: AbortSignal,
    attaching: () => void,
  ): Promise<void> {
    const attach: JoinTerms["attach"] = ({ accept: { number }, leftover }, take) => {
      attaching();
      const attachment = { duplex: handshake.duplex, number, leftover, roundTripMs, lane: "bulk" as const };
      const [sole, ...others] = this.#working;
      this.#host.sentAgain(this.#host.session().join(attachment, take));
      // That has carried all, is up to speed for bulk, and has much waiting. Nothing waits on the new one.
      if (others.length === 0) this.#swapLanes(sole);
      this.#options.log("debug", `${this.#working.length} connections`);
      this.adjust();
    };
    await this.join(handshake, "bulk", { signal, attach });
  }
}

/** An attempt that is not wanted any more: not a return, which would mean attached. */
export function dropped({ duplex }: ClientHandshake): TeleError {
  duplex.close();
  return new TeleError("closed", "the session was given up during the handshake");
}
