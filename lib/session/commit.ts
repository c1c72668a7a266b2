/**
 * A client's commit: the step that takes a session off its old carrier and asks for the new one.
 *
 * @module
 */
import { type Receipt, receiptsField, resumeTimeoutField } from "./handshake/fields.ts";
import type { Accepted, ClientHandshake } from "./handshake/client_handshake.ts";
import type { Identity } from "./handshake/keys.ts";
import type { Session } from "./session.ts";

/** What a client commits with. */
export interface CommitTerms {
  /** How long this end keeps a session without a carrier, in milliseconds. */
  readonly resumeTimeoutMs: number;
  /** What the token adds to the keys of a new session. */
  readonly tokenSalt: Promise<Uint8Array>;
  /** Who the client is across restarts. */
  readonly identity: Identity | undefined;
}

/** A commit that was accepted. */
export interface Committed extends Accepted {
  /** This end's receipts that it carried: the server has them. */
  receipts: Receipt[];
}

/** Whether a commit on `handshake` joins `session`; otherwise it begins a new one. */
export function canJoin(session: Session, handshake: ClientHandshake): boolean {
  return session.id.length > 0 && handshake.status === "ready";
}

/**
 * Commits: `session` is joined if the server has it, and a new one begun otherwise.
 *
 * @throws {TeleError} As {@linkcode ClientHandshake.commit} does.
 */
export async function commit(session: Session, handshake: ClientHandshake, terms: CommitTerms): Promise<Committed> {
  const joins = canJoin(session, handshake);
  // One step, with nothing awaited in between: from here on nothing more is taken from the old carrier, and the receipt
  // says how much was. A new session has none; and only with its accept, which is proven, is the old one gone, and with
  // it a carrier that is in doubt (invariant 9).
  if (joins) session.detach();
  const receipts = joins ? session.receipts : [];
  const number = joins ? ++session.lastNumber : 0;
  const fields = new Map([...resumeTimeoutField(terms.resumeTimeoutMs), ...receiptsField(receipts)]);
  const message = { kind: joins ? "join" as const : "new" as const, number, lane: "quiet" as const, fields };
  const secret = joins ? session.resumeSecret : await terms.tokenSalt;
  return { ...await handshake.commit(message, secret, joins ? undefined : terms.identity), receipts };
}
