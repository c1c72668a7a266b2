import { assertEquals } from "@std/assert";
import { Quickness } from "../../../../lib/session/carrier/quickness.ts";

/** Ticks four times a second for `ms`, with `bytes` under way and `rate` bytes per millisecond acknowledged. */
function run(quickness: Quickness, ms: number, rate: number, bytes = 64_000, fromMs = 0, from = 0): number {
  let acknowledged = from;
  for (let at = 250; at <= ms; at += 250) {
    acknowledged += 250 * rate;
    quickness.passed(fromMs + at, acknowledged + bytes, acknowledged);
  }
  return acknowledged;
}

/** Knows that its path is quick, with a round trip of 40 ms. */
function quick(): Quickness {
  const quickness = new Quickness();
  quickness.attached(0, 0, 40);
  run(quickness, 1_000, 100);
  quickness.lost({ bytes: 64_000, roundTripMs: 40 });
  return quickness;
}

Deno.test("a path of 16 kbit/s never looks quick, whatever is acknowledged in lumps", () => {
  const quickness = new Quickness();
  quickness.attached(0, 0, 40);
  const acknowledged = run(quickness, 60_000, 2);
  // Acknowledgements were held up for ten seconds, and come at once.
  for (let ms = 60_250; ms < 70_000; ms += 250) quickness.passed(ms, acknowledged + 64_000, acknowledged);
  quickness.passed(70_000, acknowledged + 84_000, acknowledged + 20_000);
  assertEquals(quickness.excessBytes, 0);
});

Deno.test("a burst shows no more than itself, and keys for an hour show nothing", () => {
  const quickness = new Quickness();
  quickness.attached(0, 0, 40);
  quickness.passed(250, 64_000, 8_000);
  run(quickness, 60_000, 2, 64_000, 250, 8_000);
  assertEquals(quickness.excessBytes, 7_500);
  const keys = new Quickness();
  keys.attached(0, 0, 40);
  run(keys, 3_600_000, 0.1, 10);
  assertEquals(keys.excessBytes, 0);
});

Deno.test("20 kB a second show themselves, in small pieces too", () => {
  const quickness = new Quickness();
  quickness.attached(0, 1_000_000, 40);
  run(quickness, 500, 20, 500, 0, 1_000_000);
  assertEquals(quickness.excessBytes, 9_000);
});

Deno.test("a clock that goes back shows no more than what came", () => {
  const quickness = new Quickness();
  quickness.attached(1_000_000, 0, 40);
  quickness.passed(0, 64_000, 8_000);
  assertEquals(quickness.excessBytes, 8_000);
});

Deno.test("the next carrier's path is as quick, unless its round trip is much longer", () => {
  for (const [roundTripMs, excessBytes] of [[0, 98_000], [40, 98_000], [180, 98_000], [181, 0], [600, 0]]) {
    const quickness = quick();
    quickness.attached(5_000, 100_000, roundTripMs);
    assertEquals(quickness.excessBytes, excessBytes);
  }
});

Deno.test("a carrier that is lost with much under way takes along what it had not shown itself", () => {
  const quickness = quick();
  quickness.attached(5_000, 100_000, 40);
  quickness.lost({ bytes: 4_000, roundTripMs: 40 });
  assertEquals(quickness.excessBytes, 98_000, "nothing hung on it");
  quickness.attached(10_000, 100_000, 40);
  quickness.passed(10_250, 165_000, 101_000);
  quickness.lost({ bytes: 64_000, roundTripMs: 40 });
  assertEquals(quickness.excessBytes, 500);
});
