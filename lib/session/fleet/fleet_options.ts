/**
 * What a server among others is given, what it is asked, and what it tells.
 *
 * @module
 */
import type { Clock } from "../../net/clock.ts";
import type { Duplex } from "../../net/duplex.ts";
import type { Log } from "../../net/log.ts";
import type { NewerSession, PassedLayer } from "../handshake/preface.ts";
import type { Session } from "../session.ts";
import type { FleetKeys } from "./fleet_keys.ts";

/** Options of a fleet. */
export interface FleetOptions {
  /**
   * Where other servers reach this one: what its tickets say. At most {@linkcode MAX_NODE_BYTES} bytes. `undefined` for a
   * server alone, whose workers have a key that nobody else has.
   */
  readonly node: string | undefined;
  /** What they share. */
  readonly keys: FleetKeys;
  /** Time. */
  readonly clock: Clock;
  /** Told of owners that cannot be reached. */
  readonly log: Log;
  /** Connects to another server's node. */
  dial(node: string, signal: AbortSignal): Promise<Duplex>;
  /**
   * Connects to the other worker of this server whose instance this is. Settles with `undefined` if that is over for
   * certain. Without it this process is its server's only one.
   */
  readonly dialWorker?: ((instance: Uint8Array, signal: AbortSignal) => Promise<Duplex | undefined>) | undefined;
  /** The other workers of this server, which take new sessions of one that has clearly more. */
  readonly siblings?: (() => Promise<readonly Uint8Array[]>) | undefined;
  /** Moves bytes both ways, from now on to the end of both. */
  splice(carrier: Duplex, owner: Duplex): void;
}

/** What becomes of a carrier that has a ticket. */
export type TicketOutcome =
  /** It is for this process: the session is gone for certain, or this is its owner. */
  | "gone"
  /** Its owner cannot be reached, or nobody here can tell who it is. */
  | "unreachable"
  /** The carrier has gone on to the owner. */
  | "passed";

/** The sessions of a process. */
export interface ServedSessions {
  /** Whether it is the owner of this one. */
  holds(sessionId: Uint8Array): boolean;
  /**
   * Its client has begun `newer` elsewhere: ends what that replaces. Returns whether this session goes on, since it is
   * another client's.
   */
  outlives(sessionId: Uint8Array, newer: NewerSession): boolean;
  /** All of them. */
  sessions(): Iterable<Pick<Session, "id" | "tellTicket">>;
  /** How many there are; `undefined` if there are to be no more. */
  count(): number | undefined;
  /** How many there may be. */
  readonly limit: number;
}

/** A carrier that another process has passed on. */
export interface PassedCarrier {
  /** All its bytes, from the client's address. */
  readonly carrier: Duplex;
  /** What was taken off it. */
  readonly layer: PassedLayer;
}
