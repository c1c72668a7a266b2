/** Which failure at first contact is the last word. */
import { assertEquals } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import { Refusals } from "../../../../lib/session/reconnect/refusals.ts";

Deno.test("a refusal and a certificate that is not trusted are the last word, what an outage does is not", () => {
  const refusals = new Refusals();
  assertEquals(refusals.isFinal(new TeleError("refused", "another version")), true);
  assertEquals(refusals.isFinal(new TeleError("untrusted", "another certificate")), true);
  for (
    const error of [new TeleError("carrier-lost", "reset"), new TeleError("protocol", "garbage"), new Error("?"), 1]
  ) {
    assertEquals(refusals.isFinal(error), false);
  }
});

Deno.test("what an outage does as well is the last word the fifth time in a row, and no other failure between", () => {
  const refusals = new Refusals();
  const doubted = new TeleError("doubted", "it may be an outage");
  for (let times = 1; times < 5; times++) assertEquals(refusals.isFinal(doubted), false, `time ${times}`);
  assertEquals(refusals.isFinal(new TeleError("carrier-lost", "reset")), false);
  for (let times = 1; times < 5; times++) assertEquals(refusals.isFinal(doubted), false, `time ${times} again`);
  assertEquals([refusals.isFinal(doubted), refusals.isFinal(doubted)], [true, true]);
});
