import { assertAlmostEquals, assertEquals } from "@std/assert";
import { DrainTime } from "../../../../lib/session/carrier/drain_time.ts";

/** Ticks for `ms` with `bytes` under way, which shrink by `rate` per millisecond and are filled up again. */
function run(drain: DrainTime, ms: number, bytes: number, rate: number, from = 0): number {
  let acknowledged = from;
  for (let at = 0; at < ms; at += 250) drain.passed(250, bytes, acknowledged += 250 * rate);
  return acknowledged;
}

Deno.test("a backlog needs its bytes at the rate at which it shrinks", () => {
  const drain = new DrainTime();
  run(drain, 3_000, 128_000, 2);
  assertEquals(drain.ms, 64_000);
});

Deno.test("a backlog of which little was acknowledged yet may be on the slowest path, behind a burst that passed", () => {
  const drain = new DrainTime();
  drain.passed(250, 128_000, 0);
  // A burst of 16 kB, then nothing.
  for (let at = 0; at < 10_000; at += 250) drain.passed(250, 128_000, 16_000);
  assertEquals([drain.ms, drain.guessedMs], [2_000, 32_768]);
  drain.passed(250, 5_000, 16_000);
  assertEquals(drain.guessedMs, 2_500, "no longer than what is under way would need");
});

Deno.test("of a backlog of which nothing was acknowledged nothing is measured, and all is guessed", () => {
  const drain = new DrainTime();
  // Keys, each acknowledged by itself, and then a burst into a black hole.
  const acknowledged = run(drain, 60_000, 30, 0.04);
  for (let at = 0; at < 60_000; at += 250) drain.passed(250, 128_000, acknowledged + 10);
  assertEquals([drain.ms, drain.guessedMs], [0, 32_768]);
});

Deno.test("with less than 4 KiB of a backlog acknowledged no rate is known: the rest may wait behind the peer's own bytes", () => {
  for (const [bytes, ms] of [[100, 0], [4_095, 0], [4_096, 7_812.5]]) {
    const drain = new DrainTime();
    drain.passed(250, 128_000, 0);
    drain.passed(250, 128_000, bytes!);
    assertEquals([drain.ms, drain.guessedMs], [ms, 32_768]);
  }
});

Deno.test("what carriers before have brought says nothing about this one", () => {
  const drain = new DrainTime(1_000_000);
  drain.passed(250, 128_000, 1_000_000);
  assertEquals([drain.ms, drain.guessedMs], [0, 32_768]);
});

Deno.test("once 64 KiB of a backlog were acknowledged nothing is guessed", () => {
  for (const [bytes, guessedMs] of [[65_500, 32_768], [65_536, 500]]) {
    const drain = new DrainTime();
    drain.passed(250, 128_000, 0);
    drain.passed(250, 128_000, bytes);
    assertAlmostEquals(drain.guessedMs, guessedMs, 20);
  }
});

Deno.test("the rate of one backlog is that of the next, until that one is known", () => {
  const drain = new DrainTime();
  let acknowledged = run(drain, 5_000, 128_000, 2);
  acknowledged = run(drain, 60_000, 30, 0.04, acknowledged);
  assertEquals(drain.ms, 0);
  drain.passed(250, 64_000, acknowledged);
  assertAlmostEquals(drain.ms, 32_000, 2_000);
});

Deno.test("a black hole does not look like a path that becomes slower", () => {
  const drain = new DrainTime();
  const acknowledged = run(drain, 5_000, 1_000_000, 12_500);
  for (let at = 0; at < 60_000; at += 250) drain.passed(250, 1_000_000, acknowledged);
  assertEquals(drain.ms, 80);
});

Deno.test("a path that has become slow, or fast, is known for that in seconds", () => {
  const drain = new DrainTime();
  let acknowledged = run(drain, 5_000, 128_000, 12_500);
  acknowledged = run(drain, 60_000, 128_000, 2, acknowledged);
  assertAlmostEquals(drain.ms, 64_000, 4_000);
  run(drain, 60_000, 128_000, 12_500, acknowledged);
  assertAlmostEquals(drain.ms, 10, 1);
});

Deno.test("acknowledgements that come in jumps count with the time between them", () => {
  const drain = new DrainTime();
  for (let second = 0; second < 60; second++) {
    for (let tick = 0; tick < 4; tick++) drain.passed(250, 32_000, second * 2_000);
  }
  assertAlmostEquals(drain.ms, 16_000, 1_000);
});

Deno.test("what is acknowledged drained since it was sent: while the path was dead nothing did", () => {
  const drain = new DrainTime();
  // A carrier dies with 20 kB; 30 s later another one moves 8 kB in 100 ms.
  for (let at = 0; at < 30_000; at += 250) drain.passed(250, 20_000, 0);
  drain.passed(250, 20_000, 8_000, 0, 100);
  assertEquals(drain.ms, 250);
  // In a queue of 8 s what is acknowledged was sent 8 s ago: the time between acknowledgements counts.
  const queue = new DrainTime();
  for (let acknowledged = 0; acknowledged < 12_000; acknowledged += 500) {
    queue.passed(250, 16_000, acknowledged, 0, 8_000);
  }
  assertEquals(queue.ms, 8_000);
});

Deno.test("a few bytes are no backlog", () => {
  const drain = new DrainTime();
  run(drain, 60_000, 4_000, 0.1);
  assertEquals(drain.ms, 0);
});

Deno.test("the rate is told when 64 KiB of a backlog were acknowledged, as long as there is one", () => {
  const drain = new DrainTime();
  const told: boolean[] = [];
  for (let acknowledged = 0; acknowledged <= 80_000; acknowledged += 20_000) {
    drain.passed(250, 8_000, acknowledged);
    told.push(drain.isTold);
  }
  drain.passed(250, 4_000, 90_000);
  assertEquals([told, drain.isTold], [[false, false, false, false, true], false]);
});

Deno.test("what is asked for waits at the rate of a queue, and makes none itself", () => {
  const drain = new DrainTime();
  // 100 bytes per millisecond while there is a queue.
  for (let acknowledged = 0; acknowledged < 100_000; acknowledged += 25_000) drain.passed(250, 30_000, acknowledged);
  // Then a little now and then, and 20,000 bytes that are lost.
  for (let acknowledged = 75_100; acknowledged < 76_000; acknowledged += 100) {
    drain.passed(250, 100, acknowledged, 20_000);
    assertEquals([Math.round(drain.ms), drain.isTold], [266, true]);
  }
});
