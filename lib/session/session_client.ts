/**
 * The client's end: keeps one session alive over any number of carriers, and begins a new one when it is lost.
 *
 * @module
 */
import type { Clock } from "../net/clock.ts";
import { reasonOf, TeleError } from "../net/error.ts";
import type { Log } from "../net/log.ts";
import { CarrierHistory } from "./reconnect/carrier_history.ts";
import { EndCode, MOST_CARRIERS } from "./session_constants.ts";
import type { Carrier } from "./carrier/carrier.ts";
import type { AttachedCarrier } from "./carriers.ts";
import { readCarriers, readResumeTimeout, readStartPool } from "./handshake/fields.ts";
import { type Accepted, type ClientHandshake, FullError } from "./handshake/client_handshake.ts";
import type { Lane } from "./handshake/messages.ts";
import type { Identity } from "./handshake/keys.ts";
import { RefusalError } from "./ending.ts";
import { begin, canJoin, join, type JoinTerms } from "./commit.ts";
import { tellDoubt } from "./carrier/liveness.ts";
import { outlasts } from "./reconnect/doubt.ts";
import { PresentSession, type PresentSessionOptions } from "./present_session.ts";
import { LaneWatch } from "./lanes/lane_watch.ts";
import { Joiner } from "./reconnect/joiner.ts";
import { Refusals } from "./reconnect/refusals.ts";
import { Redial, type RedialOptions } from "./reconnect/redial.ts";
import type { Challenged } from "./reconnect/reconnect.ts";
import type { Attachment } from "./session_options.ts";
import { Session } from "./session.ts";
import type { UpperLayer } from "./upper_layer.ts";
import { Outage } from "./outage.ts";
import { renewedTokenSalt, tokenSalt } from "./handshake/token.ts";

/** Options of {@linkcode SessionClient}. */
export interface SessionClientOptions<Upper extends UpperLayer> extends PresentSessionOptions<Upper>, RedialOptions {
  /** Time. */
  clock: Clock;
  /** Told of outages and lost sessions. */
  log: Log;
  /** Who this client is across restarts. */
  identity?: Identity;
  /** A secret that the server has too, of at least 16 bytes. */
  token?: Uint8Array;
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

/** Carriers at once, unless told otherwise. */
export const DEFAULT_CARRIERS = 6;

/**
 * Keeps a session with a server.
 *
 * Invariant 9: whatever answers during an outage is outage. Only a server that completed a handshake, and so proved
 * itself (with a token: that it has the same), can say that it does not know the session.
 */
export class SessionClient<Upper extends UpperLayer> {
  readonly #options: SessionClientOptions<Upper>;
  readonly #outage: Outage;
  readonly #history: CarrierHistory;
  /** What the token adds to the keys of a new session. */
  #tokenSalt: Promise<Uint8Array>;
  readonly #present: PresentSession<Upper>;
  readonly #refusals = new Refusals();
  readonly #redial: Redial;
  readonly #joiner: Joiner;
  #lanes: LaneWatch;
  /** How many carriers the session may have at once. */
  #mostCarriers = 1;
  #identity: Identity | undefined;
  #stopped = false;
  #replayedBytes = 0;

  /**
   * Connects at once, and again whenever the carrier is lost.
   *
   * @throws {TeleError} `bad-input` if the token is too short or too long.
   */
  constructor(options: SessionClientOptions<Upper>) {
    this.#options = options;
    this.#tokenSalt = tokenSalt(options.token);
    this.#outage = new Outage(options.clock, options.log);
    this.#history = new CarrierHistory(options.clock.now());
    this.#identity = options.identity;
    this.#present = new PresentSession(options, {
      onDetached: (reason) => this.#onDetached(reason),
      onDoubted: () => this.#onDoubted(),
      onTrusted: (wasLast) => this.#onTrusted(wasLast),
      onCarrierGone: (reason) => this.#onCarrierGone(reason),
      onWished: (end, count) => this.#lanes.wished(end, count),
      onEnding: (error) => this.#onEnding(error),
    });
    this.#redial = new Redial(options, {
      session: () => this.session,
      history: this.#history,
      commit: (challenged, signal) => this.#commit(challenged, signal),
      attemptFailed: (error, attempts) => this.#attemptFailed(error, attempts),
    });
    this.#joiner = new Joiner(options.clock, {
      dial: options.dial,
      isGuarded: options.token !== undefined,
      sessionId: () => this.session.id,
      working: () => this.#working.length,
      most: () => this.#mostCarriers,
      join: (...attempt) => this.#joinMore(...attempt),
      attemptFailed: (error) => options.log("debug", `no other connection yet: ${reasonOf(error)}`),
    });
    this.#lanes = this.#makeLanes();
    this.#joiner.want(options.leastCarriers ?? 1);
    this.#outage.begin(undefined);
    this.#redial.begin();
  }

  /** Carriers that work. */
  get #working(): AttachedCarrier[] {
    return this.session.carriers.attached.all.filter(({ isLeaving, isDoubted }) => !isLeaving && !isDoubted);
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
        if (attached !== undefined) this.session.carriers.leave(attached);
      },
    });
  }

  /** Carriers that work, but the quiet one. */
  get #bulk(): AttachedCarrier[] {
    return this.#working.filter(({ carrier }) => carrier !== this.session.carrier);
  }

  /** There are to be `count` carriers from now on, as far as {@linkcode SessionClientOptions.carriers} allows. */
  want(count: number): void {
    this.#joiner.want(count);
    this.#adjust();
  }

  /** What changed may leave the session with too many carriers, too few, or without a quiet one. */
  #adjust(): void {
    const { session } = this;
    const working = this.#working;
    const quiet = working.find(({ carrier }) => carrier === session.carrier);
    if (quiet !== undefined) session.carriers.chooseLane(quiet, "quiet");
    const surplus = working.length - this.#joiner.wanted;
    const others = working.filter((attached) => attached !== quiet);
    for (const attached of others.slice(0, Math.max(0, surplus))) session.carriers.leave(attached);
    this.#joiner.look();
  }

  /** The layer above the present session: new streams are opened there. */
  get upper(): Upper {
    return this.#present.upper;
  }

  /** The present session. */
  get session(): Session {
    return this.#present.session;
  }

  /** Whether there is a carrier. */
  get isAttached(): boolean {
    return this.session.carrier !== undefined;
  }

  /** How long there has been no carrier, in milliseconds; `undefined` while there is one. */
  get outageMs(): number | undefined {
    return this.#outage.lastedMs;
  }

  /** Whether there has been a carrier. */
  get wasUp(): boolean {
    return this.#outage.wasUp;
  }

  /** Bytes that were sent again after outages. */
  get replayedBytes(): number {
    return this.#replayedBytes;
  }

  /**
   * From now on, another token makes new sessions; who waits for one tries at once. The session that is there goes on.
   *
   * @throws {TeleError} `bad-input` if it is too short or too long, or there was none before.
   */
  renewToken(token: Uint8Array): void {
    this.#tokenSalt = renewedTokenSalt(token, this.#options.token);
    // An attempt under way may have used the former, and its refusal would end users who came since.
    this.#redial.secretChanged();
  }

  /** A user came: during an outage, tries at once. */
  hurry(): void {
    if (!this.isAttached) this.#redial.hurry();
  }

  /**
   * The machine slept: a carrier must show a sign of life, an outage tries at once.
   *
   * @param awayMs How long, in milliseconds; without it the user only doubts that the carrier is alive.
   */
  wokeUp(awayMs = 0): void {
    if (awayMs > 0) this.#outage.wasAway(awayMs);
    this.#history.startOver();
    this.#redial.startOver();
    // Behind that, since it dials beside the carriers.
    for (const { carrier } of this.session.carriers.attached.all) carrier.suspect();
  }

  /** The machine's addresses changed: a carrier from an address that is gone is dead, an outage tries at once. */
  addressesChanged(isLocal: (address: string) => boolean): void {
    this.#history.startOver();
    const isGone = (local: string | undefined): local is string => local !== undefined && !isLocal(local);
    const gone = this.session.carriers.attached.all.filter(({ carrier }) => isGone(carrier.localAddress));
    if (gone.length === 0) return this.#redial.startOver();
    this.#redial.endBeside();
    for (const { carrier } of gone) this.#lose(carrier, `the address ${carrier.localAddress} is gone`);
  }

  /**
   * Ends the session, here and, if there is a carrier, at the server.
   *
   * @returns Settles when the server was told and has closed; see {@linkcode Session.end}.
   */
  stop(message: string): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    this.#stopped = true;
    this.#redial.stop();
    this.#joiner.stop();
    this.#lanes.stop();
    this.#outage.stop();
    this.#present.expireNever();
    return this.session.end(new TeleError("closed", message), { code: EndCode.shutdown, message });
  }

  #lose(carrier: Carrier, reason: string): void {
    carrier.stop();
    this.session.carrierLost(carrier, reason);
  }

  #onDetached(reason: string): void {
    if (this.#stopped) return;
    this.#carrierLost();
    this.#outage.begin(reason);
    this.#present.expireLater();
    this.#redial.carrierLost();
    this.#joiner.look();
  }

  #onCarrierGone(reason: string): void {
    if (this.#stopped) return;
    this.#options.log("debug", `one connection is lost, others go on: ${reason}`);
    this.#joiner.lost();
    this.#adjust();
  }

  /**
   * Invariant 7: that another connection gets through tells a dead carrier from a path that is slow, or dead itself.
   */
  #onDoubted(): void {
    if (this.#stopped) return;
    this.#options.log("debug", "the link is in doubt; trying another connection beside it");
    this.#history.measured(this.session.roundTripMs);
    this.#redial.beginBeside();
    this.#joiner.look();
  }

  #onTrusted(wasLast: boolean): void {
    if (this.#stopped) return;
    if (wasLast) this.#options.log("debug", "the link is alive after all");
    if (wasLast) this.#redial.endBeside();
    this.#adjust();
  }

  #loseDoubted(meanwhile: string): void {
    const { doubt, carriers: { attached } } = this.session;
    if (doubt === undefined) return;
    for (const { carrier } of attached.all) this.#lose(carrier, `${tellDoubt(doubt)} while ${meanwhile}`);
  }

  #carrierLost(): void {
    this.#history.lost(this.#options.clock.now(), this.session.carriers.lost());
  }

  /** The session is over, whatever ended it; the next begins at once, with the users of whom nobody has heard yet. */
  #onEnding(error: TeleError): void {
    if (this.#stopped) return;
    const isReplaced = error instanceof RefusalError && error.endCode === EndCode.replaced;
    // Another process has the same identity, as in a copied home folder: the two must not end each other in turns.
    if (isReplaced) this.#identity = undefined;
    this.#carrierLost();
    this.#present.succeed();
    const meaning = isReplaced ? "; another tele client has this one's identity, and this one goes on without it" : "";
    this.#options.log(error.code === "fault" ? "error" : "warn", `session ended: ${error.message}${meaning}`);
    this.#outage.begin(undefined);
    this.#redial.begin();
  }

  async #commit(challenged: Challenged, signal: AbortSignal): Promise<void> {
    const { handshake, roundTripMs } = challenged;
    const isBeside = canJoin(this.session, handshake) && this.#mostCarriers > 1;
    if (!isBeside && !await outlasts(this.session, challenged, this.#options.clock, signal)) throw givenUp();
    const session = this.session;
    const { duplex } = handshake;
    if (canJoin(session, handshake)) {
      // With one carrier the next takes the place of the one before.
      if (!isBeside) this.#giveUpCarriers("another connection gets through");
      await this.#join(handshake, "quiet", signal, ({ accept: { number }, leftover }, take) => {
        this.#resume({ duplex, number, leftover, roundTripMs }, take);
      });
    } else {
      const { limits: { resumeTimeoutMs } } = this.#options;
      const begun = await begin(handshake, {
        resumeTimeoutMs,
        tokenSalt: this.#tokenSalt,
        identity: this.#identity,
      });
      // The accept may have come just before this attempt was given up for another, which then attaches.
      if (signal.aborted || this.#stopped || session !== this.session) throw this.#dropped(handshake);
      this.#begin({ duplex, number: 0, leftover: begun.leftover, roundTripMs }, begun);
    }
    // Behind carriers that died at once another may do so as well.
    if (this.#history.barren > 0) this.#joiner.lost();
    this.#history.attached(this.#options.clock.now());
    this.#adjust();
  }

  /** In one step with the commit: nothing more is taken from them. */
  #giveUpCarriers(meanwhile: string): void {
    this.#loseDoubted(meanwhile);
    this.session.detach();
  }

  /** Rejects if it is given up: else the loop would end with nothing to show for it. */
  async #join(
    handshake: ClientHandshake,
    lane: Lane,
    signal: AbortSignal,
    attach: JoinTerms["attach"],
  ): Promise<void> {
    const { session } = this;
    const isTooMuch = session.carrier !== undefined &&
      (session.carriers.isFull || session.carriers.attached.all.length >= MOST_CARRIERS - 1);
    if (isTooMuch) throw this.#dropped(handshake);
    const { resumeTimeoutMs } = this.#options.limits;
    if (!await join(session, handshake, { lane, resumeTimeoutMs, signal, attach })) throw this.#dropped(handshake);
  }

  #dropped({ duplex }: ClientHandshake): TeleError {
    duplex.close();
    return givenUp();
  }

  async #joinMore(
    handshake: ClientHandshake,
    roundTripMs: number,
    signal: AbortSignal,
    attaching: () => void,
  ): Promise<void> {
    await this.#join(handshake, "bulk", signal, ({ accept: { number }, leftover }, take) => {
      attaching();
      const attachment = { duplex: handshake.duplex, number, leftover, roundTripMs, lane: "bulk" as const };
      const [sole, ...others] = this.#working;
      this.#replayedBytes += this.session.join(attachment, take);
      // That has carried all, is up to speed for bulk, and has much waiting. Nothing waits on the new one.
      if (others.length === 0) this.#swapLanes(sole);
      this.#options.log("debug", `${this.#working.length} connections`);
      this.#adjust();
    });
  }

  #swapLanes(sole: AttachedCarrier | undefined): void {
    const next = this.#working.at(-1);
    if (sole === undefined || next === undefined || next === sole) return;
    this.session.carriers.chooseLane(next, "quiet");
    this.session.carriers.chooseLane(sole, "bulk");
  }

  #resume(attachment: Attachment, take: () => number): void {
    const { isBeside } = this.#redial;
    const { session } = this;
    // A receipt may end the session, whose goodbye goes on this carrier.
    this.#redial.accepted();
    this.#redial.attachedBeside();
    this.#present.expireNever();
    const againBytes = session.join(attachment, take);
    this.#replayedBytes += againBytes;
    if (session !== this.session) return;
    if (!isBeside) return this.#outageEnded(attachment, againBytes);
    this.#options.log("debug", "another connection is there beside the one in doubt");
  }

  #loseUnknown(): void {
    this.#loseDoubted("the tele server has forgotten the session");
    const lost = this.#present.loseUnknown();
    if (lost !== undefined) this.#options.log("warn", `session lost: ${lost.message}`);
  }

  /** A new session was accepted. */
  #begin(attachment: Attachment, accepted: Accepted): void {
    // First, since it may throw: a session that has its identifier and was never attached would only be resumed, in
    // vain.
    const resumeTimeoutMs = Math.min(this.#options.limits.resumeTimeoutMs, readResumeTimeout(accepted.accept.fields));
    this.#loseUnknown();
    const session = this.session;
    session.id = accepted.accept.sessionId;
    session.resumeSecret = accepted.resumeSecret;
    session.resumeTimeoutMs = resumeTimeoutMs;
    const { upper } = this;
    upper.startPoolBytes = readStartPool(accepted.accept.fields) ?? upper.startPoolBytes;
    this.#mostCarriers = Math.min(this.#options.carriers ?? DEFAULT_CARRIERS, readCarriers(accepted.accept.fields));
    session.attach(attachment);
    // What was wished for in the session before is over.
    this.#lanes.stop();
    this.#lanes = this.#makeLanes();
    this.#joiner.want(this.#options.leastCarriers ?? 1);
    this.#history.sessionBegan();
    this.#outageEnded(attachment, undefined);
  }

  #outageEnded({ duplex: { peer } }: Attachment, againBytes: number | undefined): void {
    this.#outage.end({ peer, attempts: this.#redial.attempts, againBytes, fleeting: this.#history.fleeting });
  }

  #attemptFailed(error: unknown, attempts: number): void {
    if (error instanceof FullError) this.#loseUnknown();
    // Beside a carrier that may be alive that is no news.
    if (this.#redial.isBeside) return;
    const isFirstContact = this.session.id.length === 0;
    const isFinal = this.#refusals.isFinal(error);
    // At first contact that is the last word: waiting would only hide it from the user.
    if (isFirstContact && isFinal) this.#present.replace().end(new TeleError("refused", error.message));
    // A process with one user has ended by that: it does not try again.
    if (!this.#stopped) this.#outage.failed(error, attempts);
  }
}

function givenUp(): TeleError {
  return new TeleError("closed", "the session was given up during the handshake");
}
