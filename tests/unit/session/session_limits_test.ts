import { assertEquals } from "@std/assert";
import { DEFAULT_LIMITS, limitsOf } from "../../../lib/session/session_limits.ts";

const OTHERS = { pingIntervalMs: 1, resumeTimeoutMs: 2, replayBufferBytes: 3, maxStreams: 4, maxSessions: 5 };

Deno.test("without a word the limits are the defaults", () => {
  assertEquals(limitsOf({}), DEFAULT_LIMITS);
  assertEquals(limitsOf({ pingIntervalMs: undefined, maxSessions: undefined }), DEFAULT_LIMITS);
});

Deno.test("each limit that is told holds, and no other changes", () => {
  assertEquals(limitsOf(OTHERS), OTHERS);
  for (const [name, value] of Object.entries(OTHERS)) {
    assertEquals(limitsOf({ [name]: value }), { ...DEFAULT_LIMITS, [name]: value });
  }
});

Deno.test("what is no limit is not taken for one", () => {
  const told = { maxStreams: 1, token: new Uint8Array(16) };
  assertEquals(limitsOf(told), { ...DEFAULT_LIMITS, maxStreams: 1 });
});
