/** Dialing for carriers on one path. */
import { assertEquals } from "@std/assert";
import { reasonOf } from "../../../../lib/net/error.ts";
import { type Attempt, PathAttempts } from "../../../../lib/session/reconnect/path_attempts.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

/** Attempts that nobody answers, or that fail at once. */
function setUp(isRefused = false) {
  const clock = new FakeClock({ nowMs: 0 });
  const begun: { atMs: number; attempt: Attempt }[] = [];
  const failedMs: number[] = [], reasons: string[] = [];
  const kept = { count: 0, working: 0 };
  const path = new PathAttempts({
    clock,
    run(attempt) {
      begun.push({ atMs: clock.now(), attempt });
      if (isRefused) return Promise.reject(new Error("refused"));
      const { signal } = attempt.controller;
      return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    },
    attemptFailed: (error) => {
      failedMs.push(clock.now());
      reasons.push(reasonOf(error));
    },
    onPauseOver: () => path.keep(kept.count, kept.working),
  });
  const keep = (count: number, working: number) => path.keep(kept.count = count, kept.working = working);
  return { clock, begun, failedMs, reasons, path, keep };
}

Deno.test("without a carrier pauses grow to ten seconds, with one they stay a second", async () => {
  const down = setUp(true);
  down.keep(1, 0);
  await down.clock.advance(60_000);
  const pauses = down.begun.map(({ atMs }, at) => atMs - (down.begun[at - 1]?.atMs ?? 0));
  assertEquals(pauses, [0, 1_000, 1_500, 2_250, 3_375, 5_062.5, 7_593.75, 10_000, 10_000, 10_000]);
  down.path.stop();
  const up = setUp(true);
  up.keep(1, 1);
  await up.clock.advance(60_000);
  assertEquals(up.begun.length, 61);
  up.path.stop();
  assertEquals([down.clock.pendingTimers, up.clock.pendingTimers], [0, 0]);
});

Deno.test("without a carrier an attempt that nobody answers ends sooner, and each one lasts longer than that before", async () => {
  const { clock, path, keep, failedMs, reasons } = setUp();
  keep(1, 0);
  await clock.advance(40_000);
  assertEquals(failedMs, [8_000, 21_000]);
  assertEquals(reasons, ["no answer within 8 s", "no answer within 12 s"]);
  path.stop();
});

Deno.test("a carrier that went soon counts as a failure, one that lasted does not", async () => {
  for (const [lastsMs, pauseMs] of [[9_000, 1_500], [10_000, 1_000]]) {
    const { clock, path, keep, begun } = setUp();
    keep(1, 0);
    path.attached(begun[0].attempt);
    keep(0, 1);
    await clock.advance(lastsMs);
    path.lost();
    keep(1, 0);
    await clock.advance(1_000);
    begun[1].attempt.controller.abort();
    await clock.advance(pauseMs - 1);
    assertEquals(begun.length, 2);
    await clock.advance(1);
    assertEquals(begun.length, 3);
    path.stop();
  }
});

Deno.test("in another network a path without a carrier forgets what failed, one that has some goes on", async () => {
  const down = setUp();
  down.keep(1, 0);
  down.path.startOver();
  assertEquals(down.begun[0].attempt.controller.signal.aborted, true);
  down.keep(1, 0);
  assertEquals(down.begun.length, 2);
  const up = setUp();
  up.keep(2, 1);
  up.path.startOver();
  assertEquals(up.begun.map(({ attempt }) => attempt.controller.signal.aborted), [false, false]);
  for (const { path } of [down, up]) path.stop();
  await down.clock.settle();
  assertEquals([down.failedMs, down.clock.pendingTimers, up.clock.pendingTimers], [[], 0, 0]);
});
