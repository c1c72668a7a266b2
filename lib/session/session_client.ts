/**
 * The client's end: keeps one session alive over any number of carriers, and begins a new one when it is lost.
 *
 * @module
 */
import { TeleError } from "../net/error.ts";
import { readBegun } from "./begun_session.ts";
import { CarrierHistory } from "./reconnect/carrier_history.ts";
import { EndCode } from "./session_constants.ts";
import { type Accepted, FullError } from "./handshake/client_handshake.ts";
import type { Identity } from "./handshake/keys.ts";
import { CarrierCount, type CarrierCountOptions, dropped } from "./carrier_count.ts";
import { begin, canJoin, type ClientTerms, type JoinTerms, roundTripFrom } from "./commit.ts";
import { warnOfOffers } from "./offer_lines.ts";
import { Leaving } from "./leaving.ts";
import { outlasts } from "./reconnect/doubt.ts";
import { PresentSession, type PresentSessionOptions } from "./present_session.ts";
import { isTold, Refusals, type Siblings } from "./reconnect/refusals.ts";
import { Redial, type RedialOptions } from "./reconnect/redial.ts";
import type { Challenged } from "./reconnect/attempt.ts";
import type { Attachment } from "./session_options.ts";
import { Session } from "./session.ts";
import type { UpperLayer } from "./upper_layer.ts";
import { Outage } from "./outage.ts";
import { type ClientToken, type OwnToken, ownToken, renewedToken } from "./handshake/own_token.ts";

/** Options of {@linkcode SessionClient}. */
export interface SessionClientOptions<Upper extends UpperLayer>
  extends PresentSessionOptions<Upper>, RedialOptions, CarrierCountOptions, ClientToken, ClientTerms, Siblings {}

/**
 * Keeps a session with a server.
 *
 * Invariant 9: whatever answers during an outage is outage. Only a server that completed a handshake, and so proved
 * itself (with a token: that it has the same), can say that it does not know the session.
 */
export class SessionClient<Upper extends UpperLayer> {
  /** Begun, it takes no streams any more, and no other session follows when those that it has are over. */
  readonly leaving: Leaving;
  /** Who this client is across restarts; `undefined` also when another one has shown that it is the same. */
  identity: Identity | undefined;
  readonly #options: SessionClientOptions<Upper>;
  readonly #outage: Outage;
  readonly #history: CarrierHistory;
  /** What new sessions begin with. */
  #token: OwnToken;
  readonly #present: PresentSession<Upper>;
  readonly #refusals: Refusals;
  readonly #redial: Redial;
  readonly #count: CarrierCount;
  #stopped = false;
  #replayedBytes = 0;

  /**
   * Connects at once, and again whenever the carrier is lost.
   *
   * @throws {TeleError} `bad-input` if the token is too short or too long, or its name is none.
   */
  constructor(options: SessionClientOptions<Upper>) {
    this.#options = options;
    this.#token = ownToken(options);
    this.#outage = new Outage(options.clock, options.log);
    this.#history = new CarrierHistory(options.clock.now());
    this.identity = options.identity;
    this.leaving = new Leaving(this, options.clock);
    this.#refusals = new Refusals(options);
    this.#present = new PresentSession({ ...options, makeUpper: () => this.leaving.drained(options.makeUpper()) }, {
      onDetached: (reason) => this.#onDetached(reason),
      onDoubted: () => this.#onDoubted(),
      onTrusted: (wasLast) => this.#onTrusted(wasLast),
      onCarrierGone: (reason, path) => this.#count.oneGone(reason, path),
      onWished: (end, count) => this.#count.wished(end, count),
      onEnding: (error) => this.#onEnding(error),
    });
    this.#redial = new Redial(options, {
      session: () => this.session,
      history: this.#history,
      commit: (challenged, signal) => this.#commit(challenged, signal),
      attemptFailed: (error, attempts) => this.#attemptFailed(error, attempts),
    });
    this.#count = new CarrierCount(options, {
      session: () => this.session,
      sentAgain: (bytes) => this.#replayedBytes += bytes,
    });
    this.#outage.begin(undefined);
    this.#redial.begin();
  }

  /** There are to be `count` carriers from now on, as far as {@linkcode CarrierCountOptions.carriers} allows. */
  want(count: number): void {
    this.#count.want(count);
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

  /** Whether the server that has the session has been away for long. */
  get ownerAbsence(): Redial["ownerAbsence"] {
    return this.#redial.ownerAbsence;
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
   * @param tokenName Its name at the server, if it has one there.
   * @throws {TeleError} `bad-input` if it is too short or too long, its name is none, or there was no token before.
   */
  renewToken(token: Uint8Array, tokenName?: string): void {
    this.#token = renewedToken({ token, tokenName }, this.#options.token !== undefined);
    // An attempt under way may have used the former, and its refusal would end users who came since.
    this.#redial.secretChanged();
  }

  /** A user came: during an outage, tries at once. */
  hurry(): void {
    if (!this.isAttached) this.#redial.hurry();
  }

  /**
   * The machine slept for `awayMs` milliseconds; at 0 the user only doubts that the carrier is alive. It must show a sign
   * of life, and an outage tries at once.
   */
  wokeUp(awayMs = 0): void {
    if (awayMs > 0) this.#outage.wasAway(awayMs);
    this.#history.startOver();
    this.#redial.startOver();
    this.#count.startOver();
    // Behind that, since it dials beside the carriers.
    for (const { carrier } of this.session.carriers.attached.all) carrier.suspect();
  }

  /** The machine's addresses changed: a carrier from an address that is gone is dead, an outage tries at once. */
  addressesChanged(isLocal: (address: string) => boolean): void {
    this.#history.startOver();
    if (!this.#count.loseGone(isLocal, () => this.#redial.endBeside())) this.#redial.startOver();
    this.#count.startOver();
  }

  /**
   * Ends the session, here and, if there is a carrier, at the server.
   *
   * @returns Settles when the server was told and has closed; see {@linkcode Session.end}.
   */
  stop(message: string): Promise<void> {
    if (this.#stopped) return this.leaving.over;
    this.#stopped = true;
    for (const part of [this.#redial, this.#count, this.#outage]) part.stop();
    this.#present.expireNever();
    const error = new TeleError("closed", message);
    return this.leaving.stopped(this.session.end(error, { code: EndCode.shutdown, message }));
  }

  #onDetached(reason: string): void {
    if (this.#stopped) return;
    this.#history.lost(this.#options.clock.now(), this.session.carriers.lost());
    this.#outage.begin(reason);
    this.#present.expireLater();
    this.#redial.carrierLost();
    this.#count.allLost();
  }

  /**
   * Invariant 7: that another connection gets through tells a dead carrier from a path that is slow, or dead itself.
   */
  #onDoubted(): void {
    if (this.#stopped) return;
    this.#options.log("debug", "the link is in doubt; trying another connection beside it");
    this.#history.measured(this.session.roundTripMs);
    this.#redial.beginBeside();
    this.#count.look();
  }

  #onTrusted(wasLast: boolean): void {
    if (this.#stopped) return;
    if (wasLast) this.#options.log("debug", "the link is alive after all");
    if (wasLast) this.#redial.endBeside();
    this.#count.adjust();
  }

  /** The session is over, whatever ended it; the next begins at once, with the users of whom nobody has heard yet. */
  #onEnding(error: TeleError): void {
    if (this.#stopped) return;
    const isReplaced = isTold(error, EndCode.replaced);
    // As in a copied home folder: the two must not end each other in turns.
    if (isReplaced) this.identity = undefined;
    this.#history.lost(this.#options.clock.now(), this.session.carriers.lost());
    const former = this.#present.succeed();
    this.#count.look();
    const meaning = isReplaced ? "; another tele client has this one's identity, and this one goes on without it" : "";
    const level = error.code === "fault" ? "error" : this.leaving.hasBegun && former.isEmpty ? "info" : "warn";
    this.#options.log(level, `session ended: ${error.message}${meaning}`);
    if (this.leaving.succeeded(former.over)) return;
    this.#outage.begin(undefined);
    this.#redial.begin();
  }

  async #commit(challenged: Challenged, signal: AbortSignal): Promise<void> {
    const { handshake, path } = challenged, { clock } = this.#options;
    const isBeside = canJoin(this.session, handshake) && this.#count.isSeveral;
    if (!isBeside && !await outlasts(this.session, challenged, clock, signal)) throw dropped(handshake);
    const [{ session }, { duplex }, tookMs] = [this, handshake, roundTripFrom(clock, challenged.roundTripMs)];
    if (canJoin(session, handshake)) {
      // With one carrier the next takes the place of the one before.
      if (!isBeside) this.#count.giveUp("another connection gets through");
      const attach: JoinTerms["attach"] = ({ accept: { number }, leftover }, take) => {
        this.#resume({ duplex, number, leftover, roundTripMs: tookMs(), path }, take);
      };
      await this.#count.join(handshake, { lane: "quiet", path, signal, attach });
    } else {
      const { limits: { resumeTimeoutMs }, asksByName, offers: names = [] } = this.#options;
      const offers = names.length > 0 ? { names, startPoolBytes: this.upper.startPoolBytes } : undefined;
      const [token, identity] = [this.#token, this.identity];
      const begun = await begin(handshake, { resumeTimeoutMs, path, token, identity, asksByName, offers });
      // The accept may have come just before this attempt was given up for another, which then attaches.
      if (signal.aborted || this.#stopped || session !== this.session) throw dropped(handshake);
      this.#begin({ duplex, number: 0, leftover: begun.leftover, roundTripMs: tookMs(), path }, begun, token);
    }
    // Behind carriers that died at once another may do so as well.
    if (this.#history.barren > 0) this.#count.lost(path);
    this.#history.attached(this.#options.clock.now());
    this.#count.adjust();
  }

  #resume(attachment: Attachment, take: () => number): void {
    const [{ isBeside }, { session }] = [this.#redial, this];
    // A receipt may end the session, whose goodbye goes on this carrier.
    this.#redial.accepted();
    this.#redial.attachedBeside();
    this.#present.expireNever();
    const againBytes = session.join({ ...attachment, othersFollow: this.#count.isSeveral }, take);
    this.#replayedBytes += againBytes;
    if (session !== this.session) return;
    if (!isBeside) return this.#outageEnded(attachment, againBytes);
    this.#options.log("debug", "another connection is there beside the one in doubt");
  }

  #loseUnknown(): void {
    this.#count.loseDoubted("the tele server has forgotten the session");
    const lost = this.#present.loseUnknown();
    this.#count.look();
    if (lost !== undefined) this.#options.log("warn", `session lost: ${lost.message}`);
  }

  #begin(attachment: Attachment, accepted: Accepted, token: OwnToken): void {
    const { limits: { resumeTimeoutMs }, offers = [], log } = this.#options;
    const begun = readBegun(accepted, { resumeTimeoutMs, offers, tokenName: token.name });
    this.#loseUnknown();
    begun.become(this.session);
    this.#count.began(accepted.accept.fields);
    this.session.attach({ ...attachment, othersFollow: this.#count.isSeveral });
    this.#count.restart();
    this.#history.sessionBegan();
    this.#outageEnded(attachment, undefined);
    warnOfOffers(offers, begun.answers, log);
  }

  #outageEnded({ duplex: { peer } }: Attachment, againBytes: number | undefined): void {
    this.#outage.end({ peer, attempts: this.#redial.attempts, againBytes, fleeting: this.#history.fleeting });
  }

  #attemptFailed(error: unknown, attempts: number): void {
    this.#options.observer?.attemptFailed(error);
    if (error instanceof FullError) this.#loseUnknown();
    // Beside a carrier that may be alive that is no news.
    if (this.#redial.isBeside) return;
    // At first contact a refusal is the last word: waiting would only hide it from the user.
    if (this.#refusals.isFinal(error, this.session)) this.#present.refuse(error.message);
    // A process with one user has ended by that: it does not try again.
    if (!this.#stopped) this.#outage.failed(error, attempts);
    this.leaving.look();
  }
}
