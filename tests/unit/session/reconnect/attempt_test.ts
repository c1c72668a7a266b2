/** An attempt to reach the server in an outage. */
import { assertEquals } from "@std/assert";
import { Attempt } from "../../../../lib/session/reconnect/attempt.ts";

Deno.test("an attempt that was committed waits for its accept, one that was only challenged does not", () => {
  const attempt = new Attempt(5, 1);
  attempt.answeredAt = 10;
  assertEquals([attempt.startedAt, attempt.path, attempt.isCommitting], [5, 1, false]);
  attempt.committedAt = 11;
  assertEquals(attempt.isCommitting, true);
});
