/**
 * What the two ends of a link are given.
 *
 * @module
 */
import type { Clock } from "../net/clock.ts";
import type { Connected } from "../net/dial_way.ts";
import type { Duplex } from "../net/duplex.ts";
import type { Log } from "../net/log.ts";
import type { CarrierCountOptions } from "../session/carrier_count.ts";
import type { Identity } from "../session/handshake/keys.ts";
import type { ServerGuard } from "../session/handshake/seal.ts";
import type { NamedToken } from "../session/handshake/token_table.ts";
import type { UsersTold } from "../session/handshake/users.ts";
import type { FleetMember } from "../session/fleet/fleet.ts";
import type { LastTicket } from "../session/fleet/last_ticket.ts";
import type { MemoryBudget } from "../session/memory_budget.ts";
import type { ServerLimits, SessionLimits } from "../session/session_limits.ts";
import type { Observed } from "../session/session_observer.ts";
import type { OnStreamEnd, OnStreamStart } from "./callbacks.ts";
import type { Offers } from "./offers.ts";
import type { DialUser } from "./stream_dials.ts";

/** Options of both ends. */
export interface LinkOptions extends Partial<SessionLimits> {
  /**
   * Time.
   *
   * @default {systemClock}
   */
  clock?: Clock;
  /**
   * Where log lines go.
   *
   * @default {silentLog}
   */
  log?: Log;
  /**
   * What all sessions may hold together: those of several clients or servers, if they are given the same one.
   *
   * @default {undefined}: only the limits of each session
   */
  memory?: MemoryBudget;
  /**
   * A secret of 16 to 4096 bytes that both ends must have: without it nobody gets a session. Text is to be encoded the
   * same way on both sides, for example by `TextEncoder`. Alone it encrypts nothing: carriers are sealed where they are
   * dialled and accepted, in the library by {@linkcode SealOptions.encryption}.
   *
   * @default {undefined}: whoever can reach the server gets a session, unless that has
   * {@linkcode MuxServerOptions.tokens}
   */
  token?: Uint8Array;
  /** Told when a stream has begun here, and has its number. */
  onStreamStart?: OnStreamStart;
  /** Told when a stream is over, and how; at a server also whose it was, if the client has shown who it is. */
  onStreamEnd?: OnStreamEnd;
}

/** Options of a {@linkcode MuxClient}. */
export interface MuxClientOptions
  extends LinkOptions, Pick<CarrierCountOptions, "carriers" | "leastCarriers" | "paths">, Observed {
  /**
   * Opens a carrier, on the path at place `path` in `paths`. Called for every attempt; `signal` aborts when it is given
   * up. It may call `connected` when somebody has accepted the connection, and it is not open yet: the log tells that.
   * TLS around the carrier is to present `ticket`, where there is one, so that a server of a fleet finds the owner of the
   * session: see {@linkcode ticketProtocol}.
   */
  dial: (signal: AbortSignal, connected: Connected, path: number, ticket?: Uint8Array) => Promise<Duplex>;
  /**
   * Where the newest ticket is kept, which a server of a fleet gives.
   *
   * @default {undefined}: tickets are not presented, and a session is found by its owner alone
   */
  tickets?: LastTicket;
  /** Who this client is across restarts; see {@linkcode Identity}. Without it, sessions outlast an hour's outage. */
  identity?: Identity;
  /**
   * Name of the token, if the server knows it by one.
   *
   * @default {undefined}: the server's token without a name
   */
  tokenName?: string;
  /**
   * Highest number that a stream is given in one session. When half of them are used up, a new session begins at the
   * next moment at which the present one is empty.
   *
   * @default LAST_STREAM
   */
  lastStream?: number;
  /**
   * Whether streams are for services that have names: a server that finds none by its name is refused.
   *
   * @default {false}
   */
  asksByName?: boolean;
  /**
   * Services of its own side that it offers to the users of the server. The names are for the first client that offers
   * them; a further one waits until the session of that one ends.
   *
   * @default {undefined}: the server opens no streams
   */
  offers?: Offers;
}

/** Options of a {@linkcode MuxServer}. */
export interface MuxServerOptions
  extends LinkOptions, UsersTold, Partial<ServerLimits>, Pick<ServerGuard, "encryption">, Observed {
  /**
   * Tokens of clients that have a name each, which the log tells; {@linkcode LinkOptions.token} may stand beside them.
   *
   * @default {undefined}: no client has a name
   */
  tokens?: readonly NamedToken[];
  /**
   * The services that clients may reach whose token has no name; see {@linkcode NamedToken.services}.
   *
   * @default {undefined}: all
   */
  services?: readonly string[];
  /**
   * The services that clients may offer whose token has no name; see {@linkcode NamedToken.reverse}.
   *
   * @default {undefined}: all that the server listens for
   */
  reverse?: readonly string[];
  /** Whether clients whose token has no name vouch for the addresses of their users; see {@linkcode NamedToken.tellsUsers}. */
  tellsUsers?: boolean;
  /**
   * Names of the services of clients that this server has users for: {@linkcode MuxServer.open} opens their streams.
   *
   * @default {[]}
   */
  listensFor?: readonly string[];
  /**
   * Connects a stream to its user, or, with {@linkcode hasServices}, to that of the service that is wanted: rejects if
   * that cannot be reached. `signal` aborts when the stream is over.
   */
  dial: DialUser;
  /**
   * Whether {@linkcode dial} finds services by their names; else streams for such are refused.
   *
   * @default {false}
   */
  hasServices?: boolean;
  /**
   * The servers that have sessions together with this one.
   *
   * @default {undefined}: there are no others
   */
  fleet?: FleetMember;
  /** Told how many sessions are held, with a carrier or without, whenever one begins or ends. */
  onSessionCount?: (sessions: number) => void;
}
