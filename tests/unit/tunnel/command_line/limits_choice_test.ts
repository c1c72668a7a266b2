/** The limits of sessions that flags give: each option sets its own, and without it the default holds. */
import { assertEquals } from "@std/assert";
import { DEFAULT_LIMITS } from "../../../../lib/session/session_limits.ts";
import { GivenFlags } from "../../../../lib/tunnel/command_line/given_flags.ts";
import { limitsOf } from "../../../../lib/tunnel/command_line/limits_choice.ts";

Deno.test("without options the limits of a session are its defaults, and each option changes one", () => {
  const { maxSessions: _, ...defaults } = DEFAULT_LIMITS;
  assertEquals(limitsOf(new GivenFlags(["--client"])), defaults);
  const args = ["--ping-interval=10s", "--resume-timeout=1h", "--replay-buffer=2MiB", "--max=7"];
  assertEquals(limitsOf(new GivenFlags(["--client", ...args])), {
    pingIntervalMs: 10_000,
    resumeTimeoutMs: 3_600_000,
    replayBufferBytes: 2_097_152,
    maxStreams: 7,
  });
});
