/** Which failure at first contact is the last word. */
import { assertEquals } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import { RefusalError } from "../../../../lib/session/ending.ts";
import { FullError } from "../../../../lib/session/handshake/client_handshake.ts";
import { Refusals } from "../../../../lib/session/reconnect/refusals.ts";
import { EndCode } from "../../../../lib/session/session_constants.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

/** A session for which users wait. */
const WAITING = { id: new Uint8Array(0), isEmpty: false };

Deno.test("a refusal and a certificate that is not trusted are the last word, what an outage does is not", () => {
  const refusals = new Refusals({ clock: new FakeClock() });
  assertEquals(refusals.isFinal(new TeleError("refused", "another version"), WAITING), true);
  assertEquals(refusals.isFinal(new TeleError("untrusted", "another certificate"), WAITING), true);
  for (
    const error of [new TeleError("carrier-lost", "reset"), new TeleError("protocol", "garbage"), new Error("?"), 1]
  ) {
    assertEquals(refusals.isFinal(error, WAITING), false);
  }
});

Deno.test("in an outage nothing is the last word", () => {
  const refusals = new Refusals({ clock: new FakeClock() });
  const begun = { id: new Uint8Array(16), isEmpty: false };
  assertEquals(refusals.isFinal(new TeleError("refused", "another version"), begun), false);
});

Deno.test("what an outage does as well is the last word the fifth time in a row, and no other failure between", () => {
  const refusals = new Refusals({ clock: new FakeClock() });
  const doubted = new TeleError("doubted", "it may be an outage");
  for (let times = 1; times < 5; times++) assertEquals(refusals.isFinal(doubted, WAITING), false, `time ${times}`);
  assertEquals(refusals.isFinal(new TeleError("carrier-lost", "reset"), WAITING), false);
  for (let times = 1; times < 5; times++) {
    assertEquals(refusals.isFinal(doubted, WAITING), false, `time ${times} again`);
  }
  assertEquals([refusals.isFinal(doubted, WAITING), refusals.isFinal(doubted, WAITING)], [true, true]);
});

Deno.test("of what a server refuses with, only that it drains is not the last word, however often", () => {
  const refusals = new Refusals({ clock: new FakeClock() });
  for (const [name, code] of Object.entries(EndCode)) {
    const error = new RefusalError({ code, message: "no" });
    for (let times = 1; times < 7; times++) assertEquals(refusals.isFinal(error, WAITING), name !== "draining", name);
  }
});

Deno.test("that there is no room is not the last word for a client whose own sessions may take it", () => {
  for (const hasSiblings of [true, false]) {
    const refusals = new Refusals({ clock: new FakeClock(), hasSiblings: () => hasSiblings });
    assertEquals(refusals.isFinal(new FullError({ hasOthers: false }), WAITING), !hasSiblings);
    assertEquals(refusals.isFinal(new TeleError("refused", "another token"), WAITING), true);
  }
});

Deno.test("where there are other servers those who wait are told only when none had room for 3 s, and who comes next waits as long", async () => {
  const clock = new FakeClock();
  const refusals = new Refusals({ clock });
  const full = new FullError({ hasOthers: true });
  for (let round = 0; round < 2; round++) {
    const session = { ...WAITING };
    assertEquals(refusals.isFinal(full, session), false);
    await clock.advance(2_999);
    const between = new TeleError("carrier-lost", "reset");
    assertEquals([refusals.isFinal(full, session), refusals.isFinal(between, session)], [false, false]);
    await clock.advance(1);
    assertEquals(refusals.isFinal(full, session), true);
  }
});

Deno.test("while nobody waits for room no time passes, and nobody is told", async () => {
  const clock = new FakeClock();
  const refusals = new Refusals({ clock });
  const session = { ...WAITING };
  const isFinal = (isEmpty: boolean) => {
    session.isEmpty = isEmpty;
    return refusals.isFinal(new FullError({ hasOthers: true }), session);
  };
  assertEquals(isFinal(false), false);
  await clock.advance(10_000);
  assertEquals([isFinal(true), isFinal(false)], [false, false]);
  await clock.advance(3_000);
  assertEquals(isFinal(false), true);
});
