/** Pauses between attempts, and what ends them. */
import { assert, assertEquals, assertGreaterOrEqual, assertLessOrEqual } from "@std/assert";
import { historyOf, Script } from "../../../support/reconnect_script.ts";

Deno.test("after carriers that died at once and brought nothing the first attempt waits, the longer the more they were", async () => {
  for (const [barren, limitMs] of [[1, 25], [3, 56.25], [7, 285], [30, 800]]) {
    const script = new Script((dialed) => dialed.refuse("connection refused"), historyOf({ barren }));
    assertEquals(script.dials.length, 0);
    await script.clock.advanceUntil(() => script.dials.length > 0, 1_000, "the first attempt");
    const { atMs } = script.dials[0];
    assert(atMs >= limitMs / 2 && atMs <= limitMs, `${atMs} ms after ${barren}`);
    await script.clock.advanceUntil(() => script.dials.length > 1, 1_000, "the second attempt");
    script.loop.stop();
    assertEquals(script.clock.pendingTimers, 0);
  }
});

Deno.test("users who come do not cut short the pause behind a carrier that died at once by more than to 200 ms", async () => {
  const script = new Script((dialed) => dialed.refuse("connection refused"), historyOf({ barren: 30 }));
  script.loop.hurry();
  await script.clock.advance(199);
  assertEquals(script.dials.length, 0);
  script.loop.hurry();
  await script.clock.advance(1);
  assertEquals(script.dials.length, 1);
  script.loop.stop();
});

Deno.test("behind a carrier that brought something, attempts that are refused follow each other within 0.2 s for a minute", async () => {
  const script = new Script((dialed) => dialed.refuse("connection refused"), historyOf({}));
  assertEquals(script.startedAt, [0]);
  await script.clock.advance(59_000);
  const gaps = script.startedAt.slice(1).map((atMs, at) => atMs - script.startedAt[at]);
  assertLessOrEqual(Math.max(...gaps), 200);
  assertGreaterOrEqual(Math.min(...gaps.slice(10)), 100);
  await script.clock.advance(61_000);
  const late = script.startedAt.filter((atMs) => atMs > 62_000);
  assertGreaterOrEqual(late[1] - late[0], 400);
  script.loop.stop();
});

/** Pauses between attempts that are all refused at once. */
async function pauses(hasStreams: boolean, forMs: number): Promise<{ atMs: number; pauseMs: number }[]> {
  const script = new Script((dialed) => dialed.refuse("connection refused"));
  script.hasStreams = hasStreams;
  await script.clock.advance(forMs);
  script.loop.stop();
  assertEquals(script.failures.length, script.dials.length);
  assertEquals(script.failures.at(-1)!.attempts, script.dials.length);
  return script.startedAt.slice(1).map((atMs, i) => ({ atMs, pauseMs: atMs - script.startedAt[i] }));
}

Deno.test("refused attempts follow each other with growing pauses, up to 0.8 s while users wait", async () => {
  const seen = await pauses(true, 60_000);
  for (const [at, { pauseMs }] of seen.entries()) {
    const limit = Math.min(25 * 1.5 ** at, 800);
    assert(pauseMs >= limit / 2 && pauseMs <= limit, `pause ${at} took ${pauseMs} ms`);
  }
  assertGreaterOrEqual(seen.length, 70);
});

Deno.test("refused attempts follow each other with pauses up to 15 s when nobody waits or for ten minutes", async () => {
  const alone = (await pauses(false, 300_000)).slice(16);
  const old = (await pauses(true, 900_000)).filter(({ atMs }) => atMs > 620_000);
  for (const { pauseMs } of [...alone, ...old]) assert(pauseMs >= 7_500 && pauseMs <= 15_000, `${pauseMs} ms`);
  assert(alone.length > 10 && old.length > 10);
});

Deno.test("hurry ends a pause, but not more often than every 200 ms", async () => {
  const script = new Script((dialed) => dialed.refuse("connection refused"));
  script.hasStreams = false;
  await script.clock.advance(120_000);
  await script.clock.advanceUntil(() => script.clock.now() === script.startedAt.at(-1), 20_000);
  const quiet = script.dials.length;
  await script.clock.advance(1_200); // pauses take 7.5 s and more by now
  assertEquals(script.dials.length, quiet);
  const now = script.clock.now();
  for (let i = 0; i < 50; i++) script.loop.hurry();
  assertEquals(script.dials.length, quiet + 1);
  assertEquals(script.startedAt.at(-1), now);
  await script.clock.advance(25);
  assertEquals(script.dials.length, quiet + 2, "the back-off started over");
  script.loop.stop();
});

Deno.test("a user who comes right behind a failed attempt does not wait for the pause that followed it", async () => {
  const script = new Script((dialed) => dialed.refuse("connection refused"));
  script.hasStreams = false;
  await script.clock.advance(120_000);
  await script.clock.advanceUntil(() => script.clock.now() === script.startedAt.at(-1), 20_000);
  const before = script.dials.length;
  await script.clock.advance(50);
  script.hasStreams = true;
  script.loop.hurry();
  script.loop.hurry();
  assertEquals(script.dials.length, before);
  await script.clock.advance(150);
  assertEquals(script.dials.length, before + 1);
  script.loop.stop();
  script.loop.hurry();
  assertEquals(script.clock.pendingTimers, 0);
});
