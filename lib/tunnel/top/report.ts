/**
 * What a running process tells about itself, as `tele top` draws it.
 *
 * @module
 */

/** The way that a carrier, or the time without one, took in the last hour. */
export interface Span {
  /** Whether there was no carrier at all. */
  readonly isOutage: boolean;
  /** What the carrier was for; `undefined` for an outage. */
  readonly lane: string | undefined;
  /** When it began, in milliseconds since 1970. */
  readonly fromMs: number;
  /** When it ended, in milliseconds since 1970; `undefined` if it goes on. */
  readonly toMs: number | undefined;
}

/** A carrier. */
export interface CarrierReport {
  /** Its number in the session. */
  readonly number: number;
  /** How it goes, such as `TLS`. */
  readonly way: string;
  /** Place of its path among the client's, from 0. */
  readonly path: number;
  /** Who is at the other end. */
  readonly peer: string;
  /** What it is for: `quiet` or `bulk`. */
  readonly lane: string;
  /** When it began, in milliseconds since 1970. */
  readonly sinceMs: number;
  /** In milliseconds; `undefined` if it is not known. */
  readonly roundTripMs: number | undefined;
  /** Bytes that this process sent. */
  readonly sentBytes: number;
  /** Bytes that it received. */
  readonly receivedBytes: number;
}

/** A stream: one connection of a user. */
export interface StreamReport {
  /** Its number in the session, the same at both ends; 0 as long as the other end has not heard of it. */
  readonly id: string;
  /** The service, or the destination, that it is for; `undefined` for the service without a name. */
  readonly service: string | undefined;
  /** The user's connection at this end; empty until there is one. */
  readonly peer: string;
  /** When it began, in milliseconds since 1970. */
  readonly sinceMs: number;
  /** Bytes that this process sent. */
  readonly sentBytes: number;
  /** Bytes that it received. */
  readonly receivedBytes: number;
}

/** A session. */
export interface SessionReport {
  /** As log lines name it. */
  readonly id: string;
  /** The tunnel of a configuration that it belongs to; `undefined` without one. */
  readonly tunnel: string | undefined;
  /** The name of the client's token; `undefined` without one. */
  readonly client: string | undefined;
  /** Whether it has no carrier. */
  readonly isInOutage: boolean;
  /** When it began, in milliseconds since 1970. */
  readonly sinceMs: number;
  /** Since when it is in that state, in milliseconds since 1970. */
  readonly stateSinceMs: number;
  /** Who is at the other end of its last carrier; empty before the first. */
  readonly peer: string;
  /** Bytes that this process sent. */
  readonly sentBytes: number;
  /** Bytes that it received. */
  readonly receivedBytes: number;
  /** Bytes that it sent again. */
  readonly resentBytes: number;
  /** In milliseconds; `undefined` if it is not known. */
  readonly roundTripMs: number | undefined;
  /** Outages since the session began. */
  readonly outages: number;
  /** Its carriers. */
  readonly carriers: readonly CarrierReport[];
  /** The oldest of its streams. */
  readonly streams: readonly StreamReport[];
  /** How many streams it has. */
  readonly streamsOpen: number;
  /** Its last hour. */
  readonly timeline: readonly Span[];
}

/** A tunnel of a process. */
export interface TunnelReport {
  /** Its name in the configuration; `undefined` without one. */
  readonly name: string | undefined;
  /** What it does: `serving`, `waiting`, `silent` or `draining`. */
  readonly state: string;
}

/** A line of the process's log. */
export interface LogReport {
  /** In milliseconds since 1970. */
  readonly timeMs: number;
  /** Its level. */
  readonly level: string;
  /** Its sentence. */
  readonly message: string;
}

/** The whole. Each text in it is one harmless line ({@linkcode readReport} saw to that). */
export interface Report {
  /** What its tunnels are: `client`, `server`, or `both`. */
  readonly role: string;
  /** The version of the process. */
  readonly version: string;
  /** The worst state of its tunnels. */
  readonly state: string;
  /** Its tunnels. */
  readonly tunnels: readonly TunnelReport[];
  /** When it started, in milliseconds since 1970. */
  readonly startedAtMs: number;
  /** When the report was made, in milliseconds since 1970. */
  readonly nowMs: number;
  /** Bytes that it sent. */
  readonly sentBytes: number;
  /** Bytes that it received. */
  readonly receivedBytes: number;
  /** Bytes that it sent again. */
  readonly resentBytes: number;
  /** How many streams it has. */
  readonly streamsOpen: number;
  /** Bytes that its sessions keep. */
  readonly memoryUsedBytes: number;
  /** Bytes that they may keep at most. */
  readonly memoryLimitBytes: number;
  /** Its sessions, those in outages first. */
  readonly sessions: readonly SessionReport[];
  /** How many sessions it has beside them. */
  readonly sessionsOmitted: number;
  /** The last lines of its log. */
  readonly log: readonly LogReport[];
}
