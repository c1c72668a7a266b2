/**
 * What a server knows of a session beside the session itself.
 *
 * @module
 */
import type { Timer } from "../net/clock.ts";
import type { LogFields } from "../net/log.ts";
import type { Candidate } from "./eviction.ts";
import type { ProvenIdentity } from "./handshake/keys.ts";
import type { Session } from "./session.ts";

/** One session of a server. */
export class SessionEntry implements Candidate {
  /** The session. */
  readonly session: Session;
  /** Who its client is, if it has proven that. */
  readonly identity: ProvenIdentity | undefined;
  /** Address its last carrier came from, without the port. */
  host: string;
  /** Who its client is by the certificate that it showed on its last carrier, if it had to. */
  clientName: string | undefined;
  /** Whether its client was heard on it: before that, the accept may have been lost. */
  isHeard = false;
  /** When it is looked at whether it has waited for long enough. */
  expiry: Timer | undefined;

  /** A session that was not heard yet. */
  constructor(session: Session, identity: ProvenIdentity | undefined, host: string) {
    this.session = session;
    this.identity = identity;
    this.host = host;
  }

  /** What log lines call it. */
  get title(): string {
    return `session ${this.session.name}${this.clientName === undefined ? "" : ` (${this.clientName})`}`;
  }

  /** The same for a machine. */
  get fields(): LogFields {
    const session = this.session.name;
    return this.clientName === undefined ? { session } : { session, client: this.clientName };
  }

  /** Whether its end loses nothing. */
  get isEmpty(): boolean {
    return this.session.isEmpty;
  }

  /** When it lost its carrier; `undefined` while it has one. */
  get detachedAt(): number | undefined {
    return this.session.detachedAt;
  }

  /** Whether its client can be known again after a restart. */
  get hasIdentity(): boolean {
    return this.identity !== undefined;
  }

  /** Whether `newer`, once it is heard, shows that this session's client will not come back for it. */
  isReplacedBy(newer: ProvenIdentity): boolean {
    if (this.identity?.client !== newer.client) return false;
    return this.identity.slot === newer.slot || this.identity.slot > newer.lastSlot;
  }
}
