/** Who is to have a session, and has none yet. */
import { assertEquals } from "@std/assert";
import { Newcomers } from "../../../../lib/session/fleet/newcomers.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

Deno.test("a session that begins is of the one that came first, and who shows nothing for 10 s is gone", async () => {
  const clock = new FakeClock();
  const newcomers = new Newcomers(clock);
  newcomers.left();
  assertEquals(newcomers.count, 0);
  newcomers.came();
  await clock.advance(6_000);
  newcomers.came();
  assertEquals(newcomers.count, 2);
  await clock.advance(4_000);
  assertEquals(newcomers.count, 1);
  newcomers.left();
  assertEquals(newcomers.count, 0);
});

Deno.test("there are no more of them than handshakes", () => {
  const newcomers = new Newcomers(new FakeClock());
  for (let at = 0; at < 600; at++) newcomers.came();
  assertEquals(newcomers.count, 512);
});
