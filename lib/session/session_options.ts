/**
 * What a session is given: what it works with, whom it tells, and how a carrier comes to it.
 *
 * @module
 */
import type { Clock } from "../net/clock.ts";
import type { TeleError } from "../net/error.ts";
import type { CarrierOptions } from "./carrier/carrier_options.ts";
import type { Lane } from "./handshake/messages.ts";
import type { MemoryBudget } from "./memory_budget.ts";
import type { SegmentPool } from "./segment_pool.ts";
import type { DueTicket } from "./fleet/due_ticket.ts";
import type { SessionLimits } from "./session_limits.ts";
import type { CarrierObserver } from "./carriers.ts";
import type { UpperLayer } from "./upper_layer.ts";

/** Options of {@linkcode Session}. */
export interface SessionOptions {
  /** Which end of it this is. */
  end: "client" | "server";
  /** Time. */
  clock: Clock;
  /** Segments that carriers are read into. */
  pool: SegmentPool;
  /** The layer above. */
  upper: UpperLayer;
  /** Limits of sessions. */
  limits: SessionLimits;
  /** What the sessions of the process may hold together. */
  memory?: MemoryBudget;
  /** Told of each carrier that comes and goes. */
  observer?: CarrierObserver;
  /** Told when the session has lost its carrier; not when it ends. */
  onDetached(reason: string): void;
  /**
   * Told when nothing but a guess excuses the silence of all carriers. An end that can dial finds out whether the path
   * is alive; the other waits.
   */
  onDoubted?(): void;
  /**
   * Told when a carrier that was doubted has shown that it is alive.
   *
   * @param wasLast Whether all were in doubt until now.
   */
  onTrusted?(wasLast: boolean): void;
  /** Told when the session has lost a carrier of the client's path of this number, and has others. */
  onCarrierGone?(reason: string, path: number): void;
  /** Told when an end wishes for another number of bulk carriers than before. Only clients give any. */
  onWished?(end: "own" | "peer", count: number): void;
  /**
   * A ticket that the server is to tell while it has a carrier.
   *
   * @default {undefined}: the server is in no fleet, or this is a client
   */
  dueTicket?: DueTicket;
  /** Told of a ticket that the server gave beside those of its accepts. */
  onTicket?(ticket: Uint8Array): void;
  /** Told when the peer is first heard on a carrier: its handshake is certainly done. */
  onHeard?(): void;
  /** Told when the session ends, before the layer above is, which still has what the peer has never heard of. */
  onEnding?(error: TeleError): void;
  /** Told when the session has ended, after the layer above was. */
  onEnded?(error: TeleError): void;
}

/** How a carrier is attached: what the handshake on it left behind. */
export interface Attachment extends Pick<CarrierOptions, "duplex" | "number" | "leftover" | "opening" | "roundTripMs"> {
  /**
   * What it is for.
   *
   * @default {"quiet"}
   */
  lane?: Lane;
  /**
   * Which of the client's paths it takes.
   *
   * @default {0}
   */
  path?: number;
  /**
   * Whether this end may have more carriers on that path. A server does not know, and expects them.
   *
   * @default {whether it is a server's}
   */
  othersFollow?: boolean;
}
