/**
 * The client's end: keeps one session alive over any number of carriers, and begins a new one when it is lost.
 *
 * @module
 */
import { type Clock, sleep, type Timer } from "../net/clock.ts";
import type { Duplex } from "../net/duplex.ts";
import { TeleError } from "../net/error.ts";
import type { Log } from "../net/log.ts";
import type { MemoryBudget } from "./memory_budget.ts";
import { CarrierHistory } from "./reconnect/carrier_history.ts";
import type { SegmentPool } from "./segment_pool.ts";
import { BUSY_SILENCE_MS, EndCode } from "./session_constants.ts";
import { readResumeTimeout, readStartPool, resumeTimeoutField } from "./handshake/fields.ts";
import type { Carrier } from "./carrier/carrier.ts";
import type { Accepted } from "./handshake/client_handshake.ts";
import type { Identity } from "./handshake/keys.ts";
import { FullError } from "./handshake/client_handshake.ts";
import { RefusalError } from "./ending.ts";
import { type Challenged, ReconnectLoop } from "./reconnect/reconnect.ts";
import { type Attachment, Session, type SessionUser } from "./session.ts";
import { OutageLog } from "./outage.ts";
import { renewedTokenSalt, tokenSalt } from "./handshake/token.ts";
import type { SessionLimits } from "./session_limits.ts";

/** So many attempts in a row must be doubted before that is a refusal: it takes half a second, and outages mix their ways. */
const DOUBTS = 5;

/** How often to look whether a carrier has been silent for long enough, in milliseconds. */
const LOOK_MS = 100;

/** What a {@linkcode SessionClient} is made of. */
export interface SessionClientOptions<User extends SessionUser> {
  /** Opens a connection to the server, see {@linkcode ReconnectHost.dial}. */
  dial: (signal: AbortSignal, connected: () => void) => Promise<Duplex>;
  /** Time. */
  clock: Clock;
  /** Told of outages and lost sessions. */
  log: Log;
  /** Segments that carriers are read into. */
  pool: SegmentPool;
  /** Makes the user of a new session: the mux. */
  makeUser: () => User;
  /** The session has a user: called for each new session, before it is attached. */
  bindUser: (user: User, session: Session) => void;
  /** Moves what never left this machine from a lost session to the next. */
  inherit: (from: User, to: User) => void;
  /** Limits of sessions. */
  limits: SessionLimits;
  /** What the sessions of the process may hold together. */
  memory?: MemoryBudget;
  /** Who this client is across restarts. */
  identity?: Identity;
  /** A secret that the server has too, of at least 16 bytes. */
  token?: Uint8Array;
}

/**
 * Keeps a session with a server.
 *
 * Invariant 9: whatever answers during an outage is outage. Only a server that completed a handshake, and so proved
 * itself (with a token: that it has the same), can say that it does not know the session.
 */
export class SessionClient<User extends SessionUser> {
  readonly #options: SessionClientOptions<User>;
  readonly #outage: OutageLog;
  readonly #history: CarrierHistory;
  /** What the token adds to the keys of a new session. */
  #tokenSalt: Promise<Uint8Array>;
  #session: Session;
  #user: User;
  #loop: ReconnectLoop | undefined;
  /** Whether the loop runs beside a carrier. */
  #isDoubting = false;
  #expiry: Timer | undefined;
  #identity: Identity | undefined;
  #stopped = false;
  #replayedBytes = 0;
  /** Attempts in a row until now that were doubted. */
  #doubts = 0;

  /**
   * Connects at once, and again whenever the carrier is lost.
   *
   * @throws {TeleError} `bad-input` if the token is too short or too long.
   */
  constructor(options: SessionClientOptions<User>) {
    this.#options = options;
    this.#tokenSalt = tokenSalt(options.token);
    this.#outage = new OutageLog(options.clock, options.log);
    this.#history = new CarrierHistory(options.clock.now());
    this.#identity = options.identity;
    this.#user = options.makeUser();
    this.#session = this.#makeSession(this.#user);
    this.#outage.begin(undefined);
    this.#connect();
  }

  /** The user of the present session: new streams are opened there. */
  get user(): User {
    return this.#user;
  }

  /** Whether there is a carrier. */
  get isAttached(): boolean {
    return this.#session.carrier !== undefined;
  }

  /** How long there has been no carrier, in milliseconds; `undefined` while there is one. */
  get outageMs(): number | undefined {
    return this.#outage.lastedMs;
  }

  /** Whether there has been a carrier. */
  get wasUp(): boolean {
    return this.#outage.wasUp;
  }

  /** Counted bytes of the present session that the server has acknowledged. */
  get acknowledgedBytes(): number {
    return this.#session.log.acknowledged;
  }

  /** Counted bytes of the present session that have come. */
  get receivedBytes(): number {
    return this.#session.received;
  }

  /** Bytes that were sent again after outages. */
  get replayedBytes(): number {
    return this.#replayedBytes;
  }

  /** Local address of the carrier, if there is one and it is known. */
  get localAddress(): string | undefined {
    return this.#session.carrier?.localAddress;
  }

  /**
   * From now on, another token makes new sessions; who waits for one tries at once. The session that is there goes on.
   *
   * @throws {TeleError} `bad-input` if it is too short or too long, or there was none before.
   */
  renewToken(token: Uint8Array): void {
    this.#tokenSalt = renewedTokenSalt(token, this.#options.token);
    // An attempt under way may have used the former, and its refusal would end users who came since.
    this.#loop?.secretChanged();
  }

  /** A user came: during an outage, tries at once. */
  hurry(): void {
    if (!this.isAttached) this.#loop?.hurry();
  }

  /**
   * The machine slept: a carrier must show a sign of life, an outage tries at once.
   *
   * @param awayMs How long, in milliseconds; without it the user only doubts that the carrier is alive.
   */
  wokeUp(awayMs = 0): void {
    if (awayMs > 0) this.#outage.wasAway(awayMs);
    this.#history.startOver();
    this.#session.carrier?.suspect();
    this.#loop?.startOver();
  }

  /** The machine's addresses changed: a carrier from an address that is gone is dead, an outage tries at once. */
  addressesChanged(isLocal: (address: string) => boolean): void {
    this.#history.startOver();
    const local = this.localAddress;
    if (local === undefined || isLocal(local)) return this.#loop?.startOver();
    this.#endDoubt();
    this.#lose(`the address ${local} is gone`);
  }

  /**
   * Ends the session, here and, if there is a carrier, at the server.
   *
   * @returns Settles when the server was told and has closed; see {@linkcode Session.end}.
   */
  stop(message: string): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    this.#stopped = true;
    this.#loop?.stop();
    this.#outage.stop();
    this.#expiry?.cancel();
    return this.#session.end(new TeleError("closed", message), { code: EndCode.shutdown, message });
  }

  #makeSession(user: User): Session {
    const { clock, pool, limits, memory } = this.#options;
    const session = new Session({
      clock,
      pool,
      user,
      limits,
      memory,
      onDetached: (lost, reason) => this.#onDetached(lost, reason),
      onDoubted: (doubted) => this.#onDoubted(doubted),
      onTrusted: (trusted) => this.#onTrusted(trusted),
      onEnding: (lost, error) => this.#onEnding(lost, error),
    });
    this.#options.bindUser(user, session);
    return session;
  }

  #lose(reason: string): void {
    const carrier = this.#session.carrier;
    if (carrier === undefined) return;
    carrier.stop();
    this.#session.carrierLost(carrier, reason);
  }

  #onDetached(session: Session, reason: string): void {
    if (session !== this.#session || this.#stopped) return;
    this.#carrierLost(session);
    this.#outage.begin(reason);
    this.#expireLater();
    // Attempts that began beside it go on.
    if (this.#isDoubting) this.#isDoubting = false;
    else this.#connect();
  }

  /** Invariant 7: that another connection gets through tells a dead carrier from a path that is slow, or dead itself. */
  #onDoubted(session: Session): void {
    if (session !== this.#session || this.#stopped) return;
    this.#options.log("debug", "the link is silent; trying another connection beside it");
    this.#history.measured(session.roundTripMs);
    this.#connect();
    this.#isDoubting = true;
  }

  #onTrusted(session: Session): void {
    if (session !== this.#session) return;
    this.#options.log("debug", "the link is heard again");
    this.#endDoubt();
  }

  #endDoubt(): void {
    if (!this.#isDoubting) return;
    this.#isDoubting = false;
    this.#loop?.stop();
  }

  /**
   * Another connection gets through: a carrier that is doubted has as long to speak as that took, and a second at the least.
   * Then it is lost; but not for a server that does not know the session.
   */
  async #outlast(carrier: Carrier, { handshake, tookMs }: Challenged, signal: AbortSignal): Promise<void> {
    const waitMs = handshake.status === "ready" ? Math.max(BUSY_SILENCE_MS, tookMs) : Infinity;
    // Not by the clock: a process that was suspended has not listened.
    const untilMs = carrier.silentMs + waitMs;
    while (carrier === this.#session.carrier && carrier.silentMs < untilMs && !signal.aborted) {
      await sleep(this.#options.clock, LOOK_MS, signal);
    }
    if (signal.aborted || carrier !== this.#session.carrier) return;
    this.#lose(`silent for ${(carrier.silentMs / 1000).toFixed(1)} s while another connection gets through`);
  }

  #carrierLost({ received, log, isEmpty, lastRoundTripMs }: Session): void {
    this.#history.lost(this.#options.clock.now(), {
      arrivedBytes: received + log.acknowledged,
      isWaiting: log.heldBytes > 0,
      isEmpty,
      roundTripMs: lastRoundTripMs,
    });
  }

  /** The session is over, whatever ended it; the next begins at once, with the users of whom nobody has heard yet. */
  #onEnding(session: Session, error: TeleError): void {
    if (session !== this.#session || this.#stopped) return;
    const isReplaced = error instanceof RefusalError && error.endCode === EndCode.replaced;
    // Another process has the same identity, as in a copied home folder: the two must not end each other in turns.
    if (isReplaced) this.#identity = undefined;
    this.#carrierLost(session);
    this.#succeed();
    const meaning = isReplaced ? "; another tele client has this one's identity, and this one goes on without it" : "";
    this.#options.log(error.code === "fault" ? "error" : "warn", `session ended: ${error.message}${meaning}`);
    this.#outage.begin(undefined);
    this.#connect();
  }

  /** The next session takes the place of the present one, and over from it what never left this machine. */
  #succeed(): void {
    const former = this.#user;
    this.#replaceSession();
    this.#options.inherit(former, this.#user);
  }

  #replaceSession(): void {
    this.#expiry?.cancel();
    this.#user = this.#options.makeUser();
    this.#session = this.#makeSession(this.#user);
  }

  #connect(): void {
    this.#loop?.stop();
    this.#isDoubting = false;
    const present = () => this.#session;
    this.#loop = new ReconnectLoop(this.#options.clock, {
      dial: this.#options.dial,
      get sessionId() {
        const { id } = present();
        return id.length > 0 ? id : undefined;
      },
      isGuarded: this.#options.token !== undefined,
      get hasStreams() {
        return !present().isEmpty;
      },
      history: this.#history,
      get isAttached() {
        return present().carrier !== undefined;
      },
      commit: (challenged, signal) => this.#commit(challenged, signal),
      attemptFailed: (error, attempts) => this.#attemptFailed(error, attempts),
    });
  }

  #expireLater(): void {
    const session = this.#session;
    this.#expiry?.cancel();
    this.#expiry = this.#options.clock.setTimer(() => this.#expire(session), session.resumeTimeoutMs);
  }

  #expire(session: Session): void {
    session.end(new TeleError("expired", "no carrier was found within the resume timeout (--resume-timeout)"));
  }

  async #commit(challenged: Challenged, signal: AbortSignal): Promise<void> {
    const { handshake, roundTripMs } = challenged;
    const { carrier } = this.#session;
    if (carrier !== undefined) await this.#outlast(carrier, challenged, signal);
    if (signal.aborted) throw givenUp();
    const session = this.#session;
    const resumes = session.id.length > 0 && handshake.status === "ready";
    // Invariant 1: detach, number and count in one step, with nothing awaited in between.
    session.detach();
    const attempt = resumes ? ++session.lastAttempt : 0;
    const received = resumes ? session.received : 0;
    const commit = {
      kind: resumes ? "resume" as const : "new" as const,
      attempt,
      received,
      fields: resumeTimeoutField(this.#options.limits.resumeTimeoutMs),
    };
    const secret = resumes ? session.resumeSecret : await this.#tokenSalt;
    const accepted = await handshake.commit(commit, secret, resumes ? undefined : this.#identity);
    // The accept may have come just before this attempt was given up for another, which then attaches.
    if (signal.aborted || this.#stopped || session !== this.#session) {
      // Not a return: that would mean attached, and the loop would end with nothing to show for it.
      handshake.duplex.close();
      throw givenUp();
    }
    const { accept, leftover } = accepted;
    const attachment = { duplex: handshake.duplex, peerReceived: accept.received, leftover, roundTripMs };
    if (resumes) this.#resume(attachment);
    else this.#begin(attachment, accepted);
    this.#history.attached(this.#options.clock.now());
  }

  #resume(attachment: Attachment): void {
    this.#expiry?.cancel();
    const again = this.#session.attach(attachment);
    this.#replayedBytes += again;
    this.#outageEnded(attachment, again);
  }

  /**
   * The server has proven not to know the session that was to be resumed, if there was one: it is lost. What the server
   * never heard of moves to the next.
   */
  #loseUnknown(): void {
    const former = this.#session;
    if (former.id.length === 0) return;
    this.#succeed();
    const losesSomething = !former.isEmpty;
    const error = new TeleError(
      "unknown-session",
      "the tele server does not know the session: it was restarted, or waited too long",
    );
    former.end(error);
    if (losesSomething) this.#options.log("warn", `session lost: ${error.message}`);
  }

  /** A new session was accepted. */
  #begin(attachment: Attachment, accepted: Accepted): void {
    // First, since it may throw: a session that has its identifier and was never attached would only be resumed, in vain.
    const resumeTimeoutMs = Math.min(this.#options.limits.resumeTimeoutMs, readResumeTimeout(accepted.accept.fields));
    this.#loseUnknown();
    const session = this.#session;
    session.id = accepted.accept.sessionId;
    session.resumeSecret = accepted.resumeSecret;
    session.resumeTimeoutMs = resumeTimeoutMs;
    this.#user.startPoolBytes = readStartPool(accepted.accept.fields) ?? this.#user.startPoolBytes;
    session.attach(attachment);
    this.#history.sessionBegan();
    this.#outageEnded(attachment, undefined);
  }

  #outageEnded({ duplex: { peer } }: Attachment, againBytes: number | undefined): void {
    const attempts = this.#loop?.attempts ?? 0;
    this.#outage.end({ peer, attempts, againBytes, fleeting: this.#history.fleeting });
  }

  #attemptFailed(error: unknown, attempts: number): void {
    // Beside a carrier that may be alive that is no news.
    if (this.#isDoubting) return;
    if (error instanceof FullError) this.#loseUnknown();
    const isFirstContact = this.#session.id.length === 0;
    const isDoubted = error instanceof TeleError && error.code === "doubted";
    this.#doubts = isDoubted ? this.#doubts + 1 : 0;
    // At first contact that is the last word: waiting would only hide it from the user.
    if (isFirstContact && (isLastWord(error) || isDoubted && this.#doubts >= DOUBTS)) this.#refuseUsers(error.message);
    // A process with one user has ended by that: it does not try again.
    if (!this.#stopped) this.#outage.failed(error, attempts);
  }

  #refuseUsers(reason: string): void {
    const refused = this.#session;
    this.#replaceSession();
    refused.end(new TeleError("refused", reason));
  }
}

function givenUp(): TeleError {
  return new TeleError("closed", "the session was given up during the handshake");
}

/** Whether somebody must change a token, a certificate or a version before it can work. */
function isLastWord(error: unknown): error is TeleError {
  return error instanceof TeleError && (error.code === "refused" || error.code === "untrusted");
}
