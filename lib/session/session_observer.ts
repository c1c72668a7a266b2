/**
 * Who looks on at sessions, and changes nothing: the status of a process.
 *
 * @module
 */
import type { TeleError } from "../net/error.ts";
import type { AttachedCarrier, CarrierObserver } from "./carriers.ts";
import type { Session } from "./session.ts";

/** Told what becomes of all sessions of one end. */
export interface SessionObserver {
  /** A session was made: at a client before its server knows of it, at a server with its first carrier. */
  sessionMade(session: Session): void;
  /** A carrier was attached. */
  carrierAttached(session: Session, attached: AttachedCarrier): void;
  /** A carrier is gone, for `reason`; what it has carried can still be read. */
  carrierGone(session: Session, attached: AttachedCarrier, reason: string): void;
  /** A session is over. */
  sessionEnded(session: Session, error: TeleError): void;
  /** An attempt at a carrier failed: of a client's, or of one that came to a server and did not get to a session. */
  attemptFailed(error: unknown): void;
}

/** Whom a program may have told of its sessions. */
export interface Observed {
  /**
   * Told of sessions and their carriers.
   *
   * @default {nobody}
   */
  observer?: SessionObserver;
}

/**
 * The part of `observer` that hears of the carriers of one session.
 */
export function carriersOf(
  observer: SessionObserver | undefined,
  session: () => Session,
): CarrierObserver | undefined {
  if (observer === undefined) return undefined;
  return {
    attached: (attached) => observer.carrierAttached(session(), attached),
    gone: (attached, reason) => observer.carrierGone(session(), attached, reason),
  };
}

/** `observer`, without its throws, which become uncaught errors of the program: no session ends by them. */
export function guardedObserver(observer: SessionObserver | undefined): SessionObserver | undefined {
  if (observer === undefined) return undefined;
  const guarded = <Told extends unknown[]>(tell: (...told: Told) => void) => (...told: Told) => {
    try {
      tell(...told);
    } catch (error) {
      reportError(error);
    }
  };
  return {
    sessionMade: guarded((session) => observer.sessionMade(session)),
    carrierAttached: guarded((session, attached) => observer.carrierAttached(session, attached)),
    carrierGone: guarded((session, attached, reason) => observer.carrierGone(session, attached, reason)),
    sessionEnded: guarded((session, error) => observer.sessionEnded(session, error)),
    attemptFailed: guarded((error) => observer.attemptFailed(error)),
  };
}
