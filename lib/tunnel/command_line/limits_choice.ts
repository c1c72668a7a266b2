/**
 * The limits of sessions, as the flags give them.
 *
 * @module
 */
import type { SessionLimits } from "../../session/session_limits.ts";
import type { GivenFlags } from "./given_flags.ts";
import * as session from "./session_options.ts";

/** What either role keeps to. */
export function limitsOf(given: GivenFlags): SessionLimits {
  return {
    pingIntervalMs: given.valueOrDefault(session.PING_INTERVAL),
    resumeTimeoutMs: given.valueOrDefault(session.RESUME_TIMEOUT),
    replayBufferBytes: given.valueOrDefault(session.REPLAY_BUFFER),
    maxStreams: given.valueOrDefault(session.MAX),
  };
}
