/**
 * The session that a client has, and the next one that takes its place.
 *
 * @module
 */
import type { Timer } from "../net/clock.ts";
import { TeleError } from "../net/error.ts";
import type { LastTicket } from "./fleet/last_ticket.ts";
import { Session } from "./session.ts";
import { carriersOf, type Observed } from "./session_observer.ts";
import type { SessionOptions } from "./session_options.ts";
import type { UpperLayer } from "./upper_layer.ts";

/** Options of {@linkcode PresentSession}. */
export interface PresentSessionOptions<Upper extends UpperLayer>
  extends Pick<SessionOptions, "clock" | "pool" | "limits" | "memory">, Observed {
  /** Makes the layer above a new session: the mux. */
  makeUpper: () => Upper;
  /** Joins the two: called for each new session, before it is attached. */
  bindUpper: (upper: Upper, session: Session) => void;
  /** Moves what never left this machine from a lost session to the next. */
  inherit: (from: Upper, to: Upper) => void;
  /** Keeps the newest ticket. */
  tickets?: LastTicket;
}

/** What happens to the present session; nothing is told of former ones. */
export interface PresentSessionEvents {
  /** It has lost its carrier. */
  onDetached(reason: string): void;
  /** Its carrier is silent, see {@linkcode SessionOptions.onDoubted}. */
  onDoubted(): void;
  /** A carrier that was doubted has shown that it is alive; see {@linkcode SessionOptions.onTrusted}. */
  onTrusted(wasLast: boolean): void;
  /** It has lost a carrier of this path, and has others. */
  onCarrierGone(reason: string, path: number): void;
  /** An end wishes for bulk carriers; see {@linkcode SessionOptions.onWished}. */
  onWished(end: "own" | "peer", count: number): void;
  /** It ends, whatever ends it. */
  onEnding(error: TeleError): void;
}

/** One session at a time, each with a layer above it. */
export class PresentSession<Upper extends UpperLayer> {
  readonly #options: PresentSessionOptions<Upper>;
  readonly #events: PresentSessionEvents;
  #session: Session;
  #upper: Upper;
  #expiry: Timer | undefined;

  /** Begins with a session that was never attached. */
  constructor(options: PresentSessionOptions<Upper>, events: PresentSessionEvents) {
    this.#options = options;
    this.#events = events;
    this.#upper = options.makeUpper();
    this.#session = this.#make(this.#upper);
  }

  /** The session. */
  get session(): Session {
    return this.#session;
  }

  /** The layer above it: new streams are opened there. */
  get upper(): Upper {
    return this.#upper;
  }

  #make(upper: Upper): Session {
    const { clock, pool, limits, memory, observer } = this.#options;
    const ifPresent = (tell: () => void) => void (session === this.#session && tell());
    const session: Session = new Session({
      end: "client",
      clock,
      pool,
      upper,
      limits,
      memory,
      observer: carriersOf(observer, () => session),
      onDetached: (reason) => ifPresent(() => this.#events.onDetached(reason)),
      onDoubted: () => ifPresent(() => this.#events.onDoubted()),
      onTrusted: (wasLast) => ifPresent(() => this.#events.onTrusted(wasLast)),
      onCarrierGone: (reason, path) => ifPresent(() => this.#events.onCarrierGone(reason, path)),
      onWished: (end, count) => ifPresent(() => this.#events.onWished(end, count)),
      onTicket: (ticket) => ifPresent(() => this.#options.tickets?.renew(ticket)),
      onEnding: (error) => ifPresent(() => this.#events.onEnding(error)),
      onEnded: (error) => observer?.sessionEnded(session, error),
    });
    this.#options.bindUpper(upper, session);
    observer?.sessionMade(session);
    return session;
  }

  /** A new session takes the place of the present one. Returns the former, which nothing has ended yet. */
  replace(): Session {
    const former = this.#session;
    this.expireNever();
    this.#upper = this.#options.makeUpper();
    this.#session = this.#make(this.#upper);
    return former;
  }

  /** At first contact: a new session takes the place of the present one, whose users are told why. */
  refuse(message: string): void {
    this.replace().end(new TeleError("refused", message));
  }

  /** The same, and the new one takes over what never left this machine. */
  succeed(): Session {
    const upper = this.#upper;
    const former = this.replace();
    this.#options.inherit(upper, this.#upper);
    return former;
  }

  /**
   * The server has proven not to know the session, if it ever did: it is lost. What the server never heard of moves to
   * the next.
   *
   * @returns Why, if something was lost with it.
   */
  loseUnknown(): TeleError | undefined {
    if (this.#session.id.length === 0) return undefined;
    const former = this.succeed();
    const losesSomething = !former.isEmpty;
    const error = new TeleError(
      "unknown-session",
      "the tele server does not know the session: it was restarted, or waited too long",
    );
    former.end(error);
    return losesSomething ? error : undefined;
  }

  /** The session waits for a carrier, no longer than its resume timeout. */
  expireLater(): void {
    const session = this.#session;
    this.expireNever();
    this.#expiry = this.#options.clock.setTimer(() => {
      session.end(new TeleError("expired", "no carrier was found within the resume timeout (--resume-timeout)"));
    }, session.resumeTimeoutMs);
  }

  /** The session waits no more. */
  expireNever(): void {
    this.#expiry?.cancel();
  }
}
