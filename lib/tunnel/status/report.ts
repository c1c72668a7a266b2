/**
 * What a process tells of itself, as `/api/sessions` of `--status` gives it in JSON. Times are ISO 8601 in UTC; bytes are
 * those that tele carries, its frames included, and what is sent counts when the other end has taken it.
 *
 * @module
 */
import type { CarrierWay } from "../../net/carrier_way.ts";
import type { LogLevel } from "../../net/log.ts";
import type { Lane } from "../../session/handshake/messages.ts";

/**
 * What a tunnel does: `waiting` is a client without a carrier; `silent` a worker that does not answer its parent;
 * `draining` takes nothing new.
 */
export type TunnelState = "serving" | "waiting" | "silent" | "draining";

/** A tunnel of the process; without `--config` there is one, without a name. */
export interface TunnelReport {
  /** Its name in the configuration. */
  readonly name: string | null;
  /** What it is. */
  readonly role: "client" | "server";
  /** What it does. */
  readonly state: TunnelState;
}

/** A carrier that is attached. */
export interface CarrierReport {
  /** Its number in the session. */
  readonly number: number;
  /** How it goes. */
  readonly way: CarrierWay;
  /** Place of its path among the client's, from 0. */
  readonly path: number;
  /** Who is at the other end. */
  readonly peer: string;
  /** What it is for. */
  readonly lane: Lane;
  /** When it was attached. */
  readonly since: string;
  /** Measured round trip; `null` if unknown. */
  readonly roundTripSeconds: number | null;
  /** Bytes that the other end has acknowledged on it. */
  readonly sentBytes: number;
  /** Bytes that came on it. */
  readonly receivedBytes: number;
}

/** A stream that is open. */
export interface StreamReport {
  /** Its number in the session, the same at both ends; 0 as long as the other end has not heard of it. */
  readonly id: number;
  /** Name of the service, or the destination, that it is for. */
  readonly service: string | null;
  /** The user's connection at this end; empty until there is one. */
  readonly peer: string;
  /** When it was opened here. */
  readonly since: string;
  /** Bytes of the user's that were given to carriers. */
  readonly sentBytes: number;
  /** Bytes that came for the user. */
  readonly receivedBytes: number;
}

/** Something that lasted: a carrier, or the time without any. */
export type TimelineReport =
  | {
    /** Tells it from an outage. */
    readonly kind: "carrier";
    /** Its number in the session. */
    readonly number: number;
    /** What it was for when it came. */
    readonly lane: Lane;
    /** Place of its path among the client's, from 0. */
    readonly path: number;
    /** When it was attached. */
    readonly from: string;
    /** When it went; `null` while it is there. */
    readonly to: string | null;
  }
  | {
    /** Tells it from a carrier. */
    readonly kind: "outage";
    /** When the last carrier went, or the process began without any. */
    readonly from: string;
    /** When the next came; `null` while it lasts. */
    readonly to: string | null;
  };

/** A session. */
export interface SessionReport {
  /** The short name that log lines have; `new` while its client has not reached the server yet. */
  readonly id: string;
  /** The tunnel that it belongs to. */
  readonly tunnel: string | null;
  /** At a server, who its client is, if it has shown that. */
  readonly client: string | null;
  /** When it was made. */
  readonly since: string;
  /** Whether there is a carrier. */
  readonly state: "connected" | "outage";
  /** Since when. */
  readonly stateSince: string;
  /** Who is at the other end of its last carrier; empty before the first. */
  readonly peer: string;
  /** Bytes that the other end has taken. */
  readonly sentBytes: number;
  /** Bytes that came. */
  readonly receivedBytes: number;
  /** Bytes that were sent again after carriers were lost. */
  readonly resentBytes: number;
  /** Round trip of the quiet carrier, or the last one; `null` if unknown. */
  readonly roundTripSeconds: number | null;
  /** How often all its carriers were lost; a client counts over its sessions. */
  readonly outages: number;
  /** Those that are attached. */
  readonly carriers: readonly CarrierReport[];
  /** The oldest of the open streams, {@linkcode MOST_STREAMS} at the most. */
  readonly streams: readonly StreamReport[];
  /** How many are open. */
  readonly streamsOpen: number;
  /** The last hour, oldest first. */
  readonly timeline: readonly TimelineReport[];
}

/** A log line. */
export interface LineReport {
  /** When it was written. */
  readonly time: string;
  /** How much it matters. */
  readonly level: LogLevel;
  /** The sentence. Peers have a hand in some: it may hold any character. */
  readonly message: string;
}

/** The whole process. */
export interface StatusReport {
  /** Version of the program. */
  readonly version: string;
  /** What its tunnels are. */
  readonly role: "client" | "server" | "both";
  /** When the process began. */
  readonly startedAt: string;
  /** When this was made. */
  readonly now: string;
  /** The worst state of its tunnels: `waiting`, then `silent`, `draining`, and `serving`. */
  readonly state: TunnelState;
  /** Its tunnels. */
  readonly tunnels: readonly TunnelReport[];
  /** Bytes of all sessions since the process began, that the other ends have taken. */
  readonly sentBytes: number;
  /** Bytes that came. */
  readonly receivedBytes: number;
  /** Bytes that were sent again. */
  readonly resentBytes: number;
  /** Open streams of all sessions. */
  readonly streamsOpen: number;
  /** What sessions hold, and may hold. */
  readonly memory: {
    /** Bytes promised to sessions. */
    readonly usedBytes: number;
    /** Most that may be. */
    readonly limitBytes: number;
  };
  /** Sessions: those in outages first, the longest first; then the oldest first; {@linkcode MOST_SESSIONS} at the most. */
  readonly sessions: readonly SessionReport[];
  /** How many more there are. */
  readonly sessionsOmitted: number;
  /** The last lines of level info and above, oldest first. */
  readonly log: readonly LineReport[];
}

/** Sessions in a report. */
export const MOST_SESSIONS = 100;

/** Streams of a session in a report. */
export const MOST_STREAMS = 50;
