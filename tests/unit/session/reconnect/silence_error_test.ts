import { assertEquals, assertMatch } from "@std/assert";
import {
  ACCEPTED,
  noAnswer,
  SilenceError,
  unaccepted,
  unanswered,
} from "../../../../lib/session/reconnect/silence_error.ts";

Deno.test("silence is told by where the attempt stood, and is the network's like any lost carrier", () => {
  assertMatch(unanswered(undefined).message, /^nobody answers the attempts to connect/);
  assertMatch(unanswered(ACCEPTED).message, /^the connection is accepted, but no tele server answers/);
  assertMatch(unaccepted().message, /does not answer the commit$/);
  assertMatch(noAnswer(8_000).message, /^no answer within 8 s$/);
  for (const error of [unanswered(undefined), unanswered(ACCEPTED), unaccepted(), noAnswer(8_000)]) {
    assertEquals([error instanceof SilenceError, error.code, error.name], [true, "carrier-lost", "SilenceError"]);
  }
});

Deno.test("the silence of somebody in the middle is told as what it means of that one", () => {
  assertEquals(unanswered("the proxy does not answer").message, "the proxy does not answer");
});
