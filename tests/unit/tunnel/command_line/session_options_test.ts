import { assertEquals } from "@std/assert";
import { DEFAULT_LIMITS, type ServerLimits } from "../../../../lib/session/session_limits.ts";
import type { ValueOption } from "../../../../lib/tunnel/command_line/option.ts";
import * as session from "../../../../lib/tunnel/command_line/session_options.ts";

/** The row by which a user sets each limit. */
const ROWS: Record<keyof ServerLimits, ValueOption<number>> = {
  pingIntervalMs: session.PING_INTERVAL,
  resumeTimeoutMs: session.RESUME_TIMEOUT,
  replayBufferBytes: session.REPLAY_BUFFER,
  maxStreams: session.MAX,
  maxSessions: session.MAX_SESSIONS,
};

Deno.test("the table's defaults are those of the session's limits, which are written down once", () => {
  assertEquals(Object.keys(ROWS), Object.keys(DEFAULT_LIMITS));
  for (const [name, row] of Object.entries(ROWS)) {
    assertEquals(row.parse(row.default!), DEFAULT_LIMITS[name as keyof ServerLimits], name);
  }
});
