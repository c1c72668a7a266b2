/** Which failure at first contact is the last word. */
import { assertEquals } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import { RefusalError } from "../../../../lib/session/ending.ts";
import { FullError } from "../../../../lib/session/handshake/client_handshake.ts";
import { Refusals } from "../../../../lib/session/reconnect/refusals.ts";
import { EndCode } from "../../../../lib/session/session_constants.ts";

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

Deno.test("of what a server refuses with, only that it drains is not the last word, however often", () => {
  const refusals = new Refusals();
  for (const [name, code] of Object.entries(EndCode)) {
    const error = new RefusalError({ code, message: "no" });
    for (let times = 1; times < 7; times++) assertEquals(refusals.isFinal(error), name !== "draining", name);
  }
});

Deno.test("that there is no room is not the last word for a client whose own sessions may take it", () => {
  for (const hasSiblings of [true, false]) {
    const refusals = new Refusals({ hasSiblings: () => hasSiblings });
    assertEquals(refusals.isFinal(new FullError()), !hasSiblings);
    assertEquals(refusals.isFinal(new TeleError("refused", "another token")), true);
  }
});
