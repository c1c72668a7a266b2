import { assertEquals } from "@std/assert";
import { Farewell } from "../../../../lib/session/carrier/farewell.ts";

const IDLE = { nowMs: 1_000, bytes: 0, rate: 0, roundTripMs: 0 };

Deno.test("a farewell with nothing under way takes half a second and three round trips", () => {
  assertEquals(new Farewell(IDLE).leftMs(1_000), 500);
  assertEquals(new Farewell({ ...IDLE, roundTripMs: 2_600 }).leftMs(1_000), 8_300);
});

Deno.test("what is under way has twice the time that it needs at the measured rate", () => {
  assertEquals(new Farewell({ ...IDLE, bytes: 1_000_000, rate: 250 }).leftMs(1_000), 8_500);
  assertEquals(new Farewell({ ...IDLE, bytes: 32_000 }).leftMs(1_000), 2_500);
});

Deno.test("as long as the peer is heard a farewell goes on, 30 s at the most", () => {
  const farewell = new Farewell(IDLE);
  for (let nowMs = 1_000; nowMs < 31_000; nowMs += 400) {
    assertEquals(farewell.leftMs(nowMs) > 0, true, `at ${nowMs}`);
    farewell.heard(nowMs);
  }
  assertEquals([farewell.leftMs(30_900), farewell.leftMs(31_000)], [100, 0]);
});

Deno.test("as long as something in front of it is acknowledged a farewell goes on, two minutes at the most", () => {
  const farewell = new Farewell({ ...IDLE, roundTripMs: 5_000 });
  for (let nowMs = 1_000; nowMs < 121_000; nowMs += 10_000) {
    assertEquals(farewell.leftMs(nowMs) > 0, true, `at ${nowMs}`);
    farewell.progressed(nowMs);
  }
  assertEquals([farewell.leftMs(120_900), farewell.leftMs(121_000)], [100, 0]);
});

Deno.test("what was acknowledged 30 s ago keeps nobody who is only heard", () => {
  const farewell = new Farewell(IDLE);
  farewell.progressed(1_200);
  for (let nowMs = 1_200; nowMs < 31_200; nowMs += 400) farewell.heard(nowMs);
  assertEquals([farewell.leftMs(31_100), farewell.leftMs(31_200)], [100, 0]);
});

Deno.test("a rate that a few bytes seemed to have does not keep anybody for long", () => {
  assertEquals(new Farewell({ ...IDLE, bytes: 1_000, rate: 0.1 }).leftMs(1_000), 2_500);
});

Deno.test("what is heard early takes nothing away from the time that was given", () => {
  const farewell = new Farewell({ ...IDLE, bytes: 1_000_000, rate: 250 });
  farewell.heard(1_100);
  assertEquals(farewell.leftMs(1_100), 8_400);
});

Deno.test("behind a peer that was told elsewhere half a second is waited at the most", () => {
  const farewell = new Farewell({ ...IDLE, bytes: 10_000_000, rate: 250 });
  farewell.toldElsewhere(2_000);
  assertEquals(farewell.leftMs(2_000), 500);
  farewell.heard(2_100);
  farewell.progressed(2_100);
  assertEquals(farewell.leftMs(2_000), 500);
});
