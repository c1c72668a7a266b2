/**
 * What an accept tells of a session that begins, at the client.
 *
 * @module
 */
import type { Accepted } from "./handshake/client_handshake.ts";
import { readResumeTimeout, readStartPool } from "./handshake/fields.ts";
import { type OfferAnswer, readOfferAnswers } from "./handshake/offers.ts";
import { wantsUsers } from "./handshake/users.ts";
import type { Session } from "./session.ts";

/** What the client knows of it itself. */
export interface OwnTerms {
  /** How long this end keeps a session without a carrier, in milliseconds. */
  readonly resumeTimeoutMs: number;
  /** Names of the services that it offers. */
  readonly offers: readonly string[];
  /** Name of its token, if that has one. */
  readonly tokenName: string | undefined;
}

/** A session that begins. */
export interface BegunSession {
  /** What becomes of each service that is offered; `undefined` if the server says nothing of them. */
  readonly answers: Map<string, OfferAnswer> | undefined;
  /** Makes `session` the one that was accepted; it is attached behind that. */
  become(session: Session): void;
}

/**
 * Reads an accept of new. Nothing has changed when it throws: a session with an identifier that was never attached would
 * be resumed in vain.
 *
 * @throws {TeleError} `protocol` if it answers another number of offers.
 */
export function readBegun({ accept, joinSecret }: Accepted, own: OwnTerms): BegunSession {
  const { fields, sessionId } = accept;
  const resumeTimeoutMs = Math.min(own.resumeTimeoutMs, readResumeTimeout(fields));
  return {
    answers: readOfferAnswers(fields, own.offers),
    become(session) {
      const { upper } = session;
      session.id = sessionId;
      session.joinSecret = joinSecret;
      session.tokenName = own.tokenName;
      session.resumeTimeoutMs = resumeTimeoutMs;
      upper.startPoolBytes = readStartPool(fields) ?? upper.startPoolBytes;
      upper.tellsUsers = wantsUsers(fields);
    },
  };
}
