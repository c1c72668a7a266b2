/** Who is to have a session, and has none yet. */
import { assertEquals } from "@std/assert";
import { Newcomers } from "../../../../lib/session/fleet/newcomers.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

Deno.test("who has a session or leaves is counted no more, and no more who shows nothing for 10 s", async () => {
  const clock = new FakeClock();
  const newcomers = new Newcomers(clock);
  newcomers.left("192.0.2.1:1");
  assertEquals(newcomers.count, 0);
  newcomers.came("192.0.2.1:1");
  await clock.advance(6_000);
  newcomers.came("192.0.2.1:2");
  assertEquals(newcomers.count, 2);
  newcomers.left("192.0.2.1:3");
  assertEquals(newcomers.count, 2);
  newcomers.left("192.0.2.1:2");
  newcomers.left("192.0.2.1:2");
  assertEquals(newcomers.count, 1);
  await clock.advance(3_999);
  assertEquals(newcomers.count, 1);
  await clock.advance(1);
  assertEquals(newcomers.count, 0);
});

Deno.test("of several whom the system names alike each counts", () => {
  const newcomers = new Newcomers(new FakeClock());
  for (let at = 0; at < 3; at++) newcomers.came("unknown:0");
  newcomers.left("unknown:0");
  assertEquals(newcomers.count, 2);
});

Deno.test("there are no more of them than handshakes", () => {
  const newcomers = new Newcomers(new FakeClock());
  for (let at = 0; at < 600; at++) newcomers.came(`192.0.2.1:${at}`);
  assertEquals(newcomers.count, 512);
});
