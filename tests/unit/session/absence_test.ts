/** An outage that is found right after this end was away began when it went. */
import { assertEquals } from "@std/assert";
import { Absence } from "../../../lib/session/absence.ts";
import { FakeClock } from "../../support/fake_clock.ts";

Deno.test("who was always here sees outages begin when they are noticed", () => {
  assertEquals(new Absence(new FakeClock()).beginOf(1_234), 1_234);
});

Deno.test("an outage that is noticed within five seconds of the return began with the absence, a later one by itself", async () => {
  const clock = new FakeClock({ nowMs: 100_000 });
  const absence = new Absence(clock);
  assertEquals(absence.ended(60_000), 40_000);
  assertEquals(absence.beginOf(clock.now()), 40_000);
  await clock.advance(4_999);
  assertEquals(absence.beginOf(clock.now()), 40_000);
  await clock.advance(1);
  assertEquals(absence.beginOf(clock.now()), clock.now());
});

Deno.test("an outage that was noticed before this end went began then", () => {
  const absence = new Absence(new FakeClock({ nowMs: 100_000 }));
  absence.ended(60_000);
  assertEquals(absence.beginOf(30_000), 30_000);
});

Deno.test("what an absence explained once it does not explain again, until the next", () => {
  const clock = new FakeClock({ nowMs: 100_000 });
  const absence = new Absence(clock);
  absence.ended(60_000);
  absence.forget();
  assertEquals(absence.beginOf(clock.now()), clock.now());
  absence.ended(1_000);
  assertEquals(absence.beginOf(clock.now()), clock.now() - 1_000);
});
