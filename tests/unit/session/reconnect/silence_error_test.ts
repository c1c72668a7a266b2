import { assertEquals, assertMatch } from "@std/assert";
import { SilenceError, unaccepted, unanswered } from "../../../../lib/session/reconnect/silence_error.ts";

Deno.test("silence is told by where the attempt stood, and is the network's like any lost carrier", () => {
  assertMatch(unanswered(false).message, /^nobody answers the attempts to connect/);
  assertMatch(unanswered(true).message, /^the connection is accepted, but no tele server answers/);
  assertMatch(unaccepted().message, /does not answer the commit$/);
  for (const error of [unanswered(false), unanswered(true), unaccepted()]) {
    assertEquals([error instanceof SilenceError, error.code, error.name], [true, "carrier-lost", "SilenceError"]);
  }
});
