/**
 * The limits of sessions that a user may set, each with its default.
 *
 * @module
 */

/** What either end keeps to. */
export interface SessionLimits {
  /**
   * Longest silence on an idle carrier, in milliseconds.
   *
   * @default {30000}
   */
  readonly pingIntervalMs: number;
  /**
   * How long a session waits for a carrier, in milliseconds; the smaller of both ends' values holds.
   *
   * @default {604800000}: seven days
   */
  readonly resumeTimeoutMs: number;
  /**
   * Limit of what one session holds of what it has sent, in bytes.
   *
   * @default {33554432}
   */
  readonly replayBufferBytes: number;
  /**
   * Streams at once, of all sessions together. The layer above keeps it.
   *
   * @default {10000}
   */
  readonly maxStreams: number;
}

/** What a server keeps to. */
export interface ServerLimits extends SessionLimits {
  /**
   * Sessions at once; beyond that an empty one goes that has been detached for minutes, or the newcomer.
   *
   * @default {1000}
   */
  readonly maxSessions: number;
}

/** The limits that hold unless told otherwise. */
export const DEFAULT_LIMITS: ServerLimits = {
  pingIntervalMs: 30_000,
  resumeTimeoutMs: 7 * 24 * 3_600_000,
  replayBufferBytes: 32 * 1024 * 1024,
  maxStreams: 10_000,
  maxSessions: 1_000,
};

/**
 * The limits that `told` names, and the defaults of all others.
 *
 * @example
 * ```ts
 * import { DEFAULT_LIMITS, limitsOf } from "./session_limits.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(limitsOf({ maxStreams: 5, maxSessions: undefined }), { ...DEFAULT_LIMITS, maxStreams: 5 });
 * ```
 */
export function limitsOf(told: Partial<ServerLimits>): ServerLimits {
  const limits: Record<keyof ServerLimits, number> = { ...DEFAULT_LIMITS };
  for (const name of Object.keys(limits) as (keyof ServerLimits)[]) limits[name] = told[name] ?? limits[name];
  return limits;
}
