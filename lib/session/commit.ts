/**
 * A client's commit: the step that takes a session off its old carrier and asks for the new one.
 *
 * @module
 */
import { resumeTimeoutField } from "./handshake/fields.ts";
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

/** Whether a commit on `handshake` resumes `session`; otherwise it begins a new one. */
export function canResume(session: Session, handshake: ClientHandshake): boolean {
  return session.id.length > 0 && handshake.status === "ready";
}

/**
 * Commits: `session` is resumed if the server has it, and a new one begun otherwise.
 *
 * @throws {TeleError} As {@linkcode ClientHandshake.commit} does.
 */
export async function commit(session: Session, handshake: ClientHandshake, terms: CommitTerms): Promise<Accepted> {
  const resumes = canResume(session, handshake);
  // Invariant 1: detach, number and count in one step, with nothing awaited in between. A new session has no count; and
  // only with its accept, which is proven, is the old one gone, and with it a carrier that is in doubt (invariant 9).
  if (resumes) session.detach();
  const attempt = resumes ? ++session.lastAttempt : 0;
  const received = resumes ? session.received : 0;
  const message = {
    kind: resumes ? "resume" as const : "new" as const,
    attempt,
    received,
    fields: resumeTimeoutField(terms.resumeTimeoutMs),
  };
  const secret = resumes ? session.resumeSecret : await terms.tokenSalt;
  return await handshake.commit(message, secret, resumes ? undefined : terms.identity);
}
