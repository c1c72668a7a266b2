/**
 * What a server knows of a session beside the session itself.
 *
 * @module
 */
import { hostOfPeer } from "../net/address.ts";
import { addressBlock } from "../net/address_block.ts";
import type { Timer } from "../net/clock.ts";
import type { Duplex } from "../net/duplex.ts";
import type { LogFields } from "../net/log.ts";
import type { Candidate } from "./eviction.ts";
import type { ProvenIdentity } from "./handshake/keys.ts";
import type { Session } from "./session.ts";
import type { TokenClaim } from "./token_keeper.ts";
import type { Joinable } from "./withdrawn_sessions.ts";

/** What is known of a session when it begins. */
export interface EntryFacts extends Pick<SessionEntry, "identity" | "claim" | "host"> {
  /** See {@linkcode SessionEntry.formerTicket}. */
  readonly formerTicket?: Uint8Array;
}

/** What shows whether a session takes the place of another one. */
export interface Replacing extends Pick<SessionEntry, "identity"> {
  /** The token that it began with. */
  readonly claim: Pick<TokenClaim, "name">;
}

/** One session of a server. */
export class SessionEntry implements Candidate, Joinable {
  /** The session. */
  readonly session: Session;
  /** Who its client is, if it has proven that. */
  readonly identity: ProvenIdentity | undefined;
  /** Address its last carrier came from, without the port. */
  host: string;
  /** The token that it began with. */
  readonly claim: TokenClaim;
  /** Who its client is by the certificate that it showed on its last carrier, if it had to show one. */
  certificate: string | undefined;
  /** Leads to the session that its client had before, if the owner of that was away: it is to be told of this one. */
  readonly formerTicket: Uint8Array | undefined;
  /** Whether its client was heard on it: before that, the accept may have been lost. */
  isHeard = false;
  /** When it is looked at whether it has waited for long enough. */
  expiry: Timer | undefined;

  /** A session that was not heard yet. */
  constructor(session: Session, { identity, claim, host, formerTicket }: EntryFacts) {
    this.session = session;
    this.identity = identity;
    this.claim = claim;
    this.host = host;
    this.formerTicket = formerTicket;
  }

  /** A carrier is about to be attached: it need not wait any more, and its client may have moved. */
  cameBy(carrier: Pick<Duplex, "peer" | "peerName" | "localAddress" | "localPort">): void {
    const { peer, peerName } = carrier;
    this.expiry?.cancel();
    this.host = hostOfPeer(peer);
    this.certificate = peerName;
    this.session.client = this.client;
    this.session.tokenName = this.tokenName;
    this.session.clientAddresses = addressBlock(carrier);
  }

  /** Who its client is, for logs, if it has shown that: by its token, else by its certificate. */
  get client(): string | undefined {
    return this.claim.name ?? this.certificate;
  }

  /** What log lines call it. */
  get title(): string {
    const { name, client } = { name: this.session.name, client: this.client };
    return `session ${name}${client === undefined ? "" : ` (${client})`}`;
  }

  /** The same for a machine. */
  get fields(): LogFields {
    const session = this.session.name;
    return this.client === undefined ? { session } : { session, client: this.client };
  }

  /** What a join of it is proven with. */
  get joinSecret(): Uint8Array {
    return this.session.joinSecret;
  }

  /** Name of the token that it began with, if that has one. */
  get tokenName(): string | undefined {
    return this.claim.name;
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

  /**
   * Whether `newer`, once it is heard, shows that this session's client will not come back for it. Under another token's
   * name it is another client, whatever identity it has a copy of (invariant 9).
   */
  isReplacedBy({ identity: newer, claim }: Replacing): boolean {
    if (newer === undefined || this.identity?.client !== newer.client || this.tokenName !== claim.name) return false;
    return this.identity.slot === newer.slot || this.identity.slot > newer.lastSlot;
  }
}
