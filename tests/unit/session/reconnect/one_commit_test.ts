/** Of the attempts that were challenged one is committed at a time: which, and for how long. */
import { assert, assertEquals, assertGreaterOrEqual } from "@std/assert";
import { ServerHandshake } from "../../../../lib/session/handshake/server_handshake.ts";
import { memoryPipe } from "../../../support/memory_pipe.ts";
import { Script } from "../../../support/reconnect_script.ts";

Deno.test("the first attempt to be challenged is committed, and success ends all others and every timer", async () => {
  const script = new Script();
  await script.clock.advance(2_000);
  await script.challenge(1);
  assertEquals(script.commits.length, 1);
  script.commits[0].succeed();
  await script.clock.settle();
  assertEquals(script.dials.map((dialed) => dialed.signal.aborted), [true, false, true]);
  assertEquals([script.clock.pendingTimers, script.failures.length], [0, 0]);
  await script.clock.advance(60_000);
  assertEquals([script.dials.length, script.commits.length], [3, 1]);
});

Deno.test("only one attempt is committed at a time; the next follows when it fails", async () => {
  const script = new Script();
  await script.clock.advance(1_000);
  const first = await script.challenge(0);
  await script.challenge(1);
  assertEquals(script.commits.length, 1);
  script.commits[0].fail("carrier lost");
  await script.clock.settle();
  assertEquals(script.commits.length, 2);
  assert(first.isOver, "the failed one was closed");
  assert(script.commits[0].handshake !== script.commits[1].handshake);
  script.loop.stop();
});

Deno.test("a commit that gets no answer makes way for another challenged attempt", async () => {
  const script = new Script();
  const first = await script.challenge(0);
  await script.clock.advance(1_000);
  const second = await script.challenge(1);
  assertEquals(script.commits.length, 1);
  await script.clock.advance(499);
  assertEquals([script.commits.length, first.isOver], [1, false]);
  await script.clock.advance(1);
  assertEquals([script.commits.length, first.isOver, second.isOver], [2, true, false]);
  assertEquals(script.failures[0].reason, "the server does not answer the commit");

  // Late news of the first commit change nothing.
  script.commits[0].succeed();
  await script.clock.settle();
  assertEquals([script.open, second.isOver], [2, false]); // the second, and the third that was started at 1 s
  script.commits[1].succeed();
  await script.clock.settle();
  assertEquals([second.isOver, script.clock.pendingTimers], [false, 0]);
});

Deno.test("a commit that gets no answer goes on while there is no other challenged attempt", async () => {
  const script = new Script();
  const first = await script.challenge(0);
  await script.clock.advance(4_000);
  assertEquals([script.commits.length, first.isOver], [1, false]);
  await script.challenge(3);
  await script.clock.advance(375);
  assertEquals([script.commits.length, first.isOver], [2, true]);
  script.loop.stop();
});

Deno.test("each commit that made way in vain doubles the time that the next one has", async () => {
  const script = new Script((dialed) => {
    const pipe = memoryPipe();
    const server = new ServerHandshake(pipe.b);
    dialed.connect(pipe.a);
    server.hello().then(() => server.challenge("ready"));
  });
  await script.clock.advanceUntil(() => script.commits.length === 6, 60_000, "six commits");
  const gaps = script.commits.slice(1).map(({ atMs }, at) => atMs - script.commits[at].atMs);
  const expected = [1_500, 3_000, 6_000, 6_000, 6_000];
  gaps.forEach((gapMs, at) => assert(gapMs >= expected[at] && gapMs < expected[at] + 400, `${gaps}`));
  script.loop.stop();
});

Deno.test("a commit that succeeds after a long wait leaves no timer behind", async () => {
  const script = new Script();
  await script.challenge(0);
  await script.clock.advance(5_000);
  script.commits[0].succeed();
  await script.clock.advance(1_000);
  assertEquals(script.clock.pendingTimers, 0);
});

Deno.test("a challenged attempt that makes room has not failed: nobody may say that no server answers", async () => {
  const script: Script = new Script(() => queueMicrotask(() => void script.challenge(script.dials.length - 1)));
  await script.clock.advance(20_000);
  assertGreaterOrEqual(script.dials.length, 15);
  const reasons = new Set(script.failures.map(({ reason }) => reason));
  assertEquals([...reasons], ["the server does not answer the commit"]);
  script.loop.stop();
});

Deno.test("a slow path's commit gets twice the time that the fastest challenge took", async () => {
  const script = new Script();
  await script.clock.advance(3_900);
  const first = await script.challenge(0);
  await script.challenge(1);
  await script.clock.advance(5_799);
  assertEquals([script.commits.length, first.isOver], [1, false]);
  await script.clock.advance(376);
  assertEquals([script.commits.length, first.isOver], [2, true]);
  script.loop.stop();
});

Deno.test("a commit that never ends is given up after a minute, and its attempt makes no room until then", async () => {
  const script = new Script();
  const first = await script.challenge(0);
  await script.clock.advance(59_999);
  assertEquals(first.isOver, false);
  await script.clock.advance(1);
  assertEquals(first.isOver, true);
  assertEquals(script.failures.at(-1)!.reason, "the server does not answer the commit");
  script.loop.stop();
});

Deno.test("an attempt that can resume is committed before one that cannot", async () => {
  const script = new Script();
  await script.clock.advance(2_000);
  await script.challenge(0);
  await script.challenge(1, "unknown");
  await script.challenge(2, "ready");
  script.commits[0].fail("lost");
  await script.clock.settle();
  assertEquals(script.commits[1].handshake.status, "ready");
  script.commits[1].fail("lost too");
  await script.clock.settle();
  assertEquals(script.commits[2].handshake.status, "unknown");
  script.loop.stop();
});
