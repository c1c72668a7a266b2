/** Attempts that race up to the challenge: when they start, make room and are given up. */
import { assert, assertEquals, assertGreaterOrEqual, assertLessOrEqual } from "@std/assert";
import type { Duplex } from "../../../../lib/net/duplex.ts";
import { CarrierHistory } from "../../../../lib/session/reconnect/carrier_history.ts";
import { ServerHandshake } from "../../../../lib/session/handshake/server_handshake.ts";
import { ReconnectLoop } from "../../../../lib/session/reconnect/reconnect.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { memoryPipe } from "../../../support/memory_pipe.ts";
import { Dialed, historyOf, Script } from "../../../support/reconnect_script.ts";

Deno.test("the first attempt starts at once, the next each second while none is answered", async () => {
  const script = new Script();
  assertEquals(script.startedAt, [0]);
  await script.clock.advance(3_500);
  assertEquals(script.startedAt, [0, 1_000, 2_000, 3_000]);
  assertEquals(script.loop.attempts, 4);
  script.loop.stop();
});

Deno.test("attempts that nobody answers make room: one starts each second, four are open, and the oldest is held", async () => {
  for (const accepts of [false, true]) {
    // A middle box that swallows: it accepts, and there is silence.
    const script = new Script((dialed) => accepts && dialed.connect(memoryPipe().a));
    const endedAt = new Map<Dialed, number>();
    for (let ms = 0; ms < 200_000; ms += 100) {
      assertLessOrEqual(script.open, 4);
      await script.clock.advance(100);
      for (const dialed of script.dials) {
        if (dialed.signal.aborted && !endedAt.has(dialed)) endedAt.set(dialed, script.clock.now());
      }
    }
    const gaps = script.startedAt.slice(1).map((atMs, at) => atMs - script.startedAt[at]);
    assertEquals(gaps.filter((gapMs) => gapMs !== 1_000), []);
    const ages = [...endedAt].map(([dialed, atMs]) => atMs - dialed.atMs);
    assertEquals(ages.filter((age) => age > 4_000), [15_000, 30_000, 60_000, 60_000]);
    assert(ages.every((age) => age >= 1_500));
    const reason = accepts
      ? "the connection is accepted, but no tele server answers on it"
      : "nobody answers the attempts to connect, as where a host is off or a firewall drops them";
    assertEquals(new Set(script.failures.map(({ reason }) => reason)), new Set([reason]));
    script.loop.stop();
    assertEquals([script.open, script.clock.pendingTimers], [0, 0]);
  }
});

Deno.test("what is told of an attempt that nobody answers is the silence of whoever it reached last", async () => {
  const accepted = "the connection is accepted, but no tele server answers on it";
  const cases: [(dialed: Dialed) => void, string][] = [
    [(dialed) => dialed.reach(), accepted],
    [(dialed) => dialed.reach("the proxy is silent"), "the proxy is silent"],
    [(dialed) => ["the proxy is silent", undefined].forEach((silence) => dialed.reach(silence)), accepted],
    [(dialed) => [dialed.reach("the command runs"), dialed.connect(memoryPipe().a)], "the command runs"],
  ];
  for (const [onDial, reason] of cases) {
    const script = new Script(onDial);
    await script.clock.advance(20_000);
    assertEquals(new Set(script.failures.map((failure) => failure.reason)), new Set([reason]));
    script.loop.stop();
  }
});

Deno.test("after a box that swallowed for eight seconds a new attempt is there within a second, and committed", async () => {
  for (let extraMs = 0; extraMs < 1_000; extraMs += 90) {
    const script = new Script((dialed) => dialed.connect(memoryPipe().a));
    await script.clock.advance(8_000 + extraMs);
    const swallowed = script.dials.length;
    script.onDial = () => {};
    await script.clock.advanceUntil(() => script.dials.length > swallowed, 1_000, "an attempt");
    await script.challenge(swallowed);
    assertEquals(script.commits.length, 1);
    script.commits[0].succeed();
    await script.clock.settle();
    assertEquals([script.open, script.clock.pendingTimers], [1, 0]);
  }
});

Deno.test("where round trips are known to be long, an attempt has three of them before it makes room", async () => {
  const script = new Script(undefined, historyOf({ roundTripMs: 2_000 }));
  await script.clock.advance(60_000);
  const endedAfter = script.dials.filter((dialed) => dialed.signal.aborted).length;
  assertGreaterOrEqual(endedAfter, 15);
  assertLessOrEqual(endedAfter, 60 / 2);
  const gaps = script.startedAt.slice(4).map((atMs, at) => atMs - script.startedAt[at + 1]);
  for (const gapMs of gaps) assertGreaterOrEqual(gapMs, 6_000 - 1_000, "three of them are open for six seconds");
  script.loop.stop();
});

Deno.test("an attempt that waited in a broken network does not slow down the one behind it", async () => {
  const script = new Script();
  await script.clock.advance(6_500);
  const first = await script.challenge(0);
  assertEquals(script.commits.length, 1);
  await script.clock.advance(500);
  await script.challenge(script.dials.length - 1);
  await script.clock.advance(1_500);
  assertEquals([script.commits.length, first.isOver], [2, true]);
  script.loop.stop();
});

Deno.test("an attempt is told its round trip, from hello to challenge", async () => {
  const script = new Script();
  const pipe = memoryPipe();
  const server = new ServerHandshake(pipe.b);
  await script.clock.advance(300);
  script.dials[0].connect(pipe.a);
  await server.hello();
  await script.clock.advance(450);
  await server.challenge("ready");
  await script.clock.settle();
  assertEquals(script.commits[0].roundTripMs, 450);
  script.loop.stop();
});

Deno.test("garbage in place of a challenge is a failed attempt, and its connection is closed", async () => {
  const script = new Script();
  const pipe = memoryPipe();
  script.dials[0].connect(pipe.a);
  await pipe.b.write(new TextEncoder().encode("HTTP/1.1 302 Found\r\n\r\n"));
  await script.clock.settle();
  assertEquals([pipe.isOver, script.failures.length, script.commits.length], [true, 1, 0]);
  await script.clock.advance(50);
  assertEquals(script.dials.length, 2);
  script.loop.stop();
});

Deno.test("hurry keeps to four attempts", async () => {
  const script = new Script();
  for (let i = 0; i < 20; i++) {
    await script.clock.advance(200);
    script.loop.hurry();
    assertLessOrEqual(script.open, 4);
  }
  script.loop.stop();
});

Deno.test("startOver gives up what is under way and tries at once", async () => {
  const script = new Script();
  await script.clock.advance(3_100);
  assertEquals(script.open, 4);
  script.loop.startOver();
  assertEquals([script.open, script.startedAt.at(-1)], [1, 3_100]);
  assertEquals(script.failures.length, 0, "giving up is no failure");
  script.loop.stop();
});

Deno.test("startOver leaves the attempt alone that is being committed", async () => {
  const script = new Script();
  const pipe = await script.challenge(0);
  script.loop.startOver();
  assertEquals([pipe.isOver, script.open], [false, 2]);
  script.commits[0].succeed();
  await script.clock.settle();
  assertEquals([pipe.isOver, script.open, script.clock.pendingTimers], [false, 1, 0]);
});

Deno.test("stop gives up everything; a connection that comes later is closed", async () => {
  const script = new Script();
  const committing = await script.challenge(0);
  await script.clock.advance(1_000);
  script.loop.stop();
  script.loop.stop();
  script.loop.hurry();
  script.loop.startOver();
  assertEquals([committing.isOver, script.open, script.clock.pendingTimers], [true, 0, 0]);
  script.commits[0].fail("closed");
  await script.clock.advance(60_000);
  assertEquals([script.dials.length, script.failures.length], [2, 0]);
});

Deno.test("a dial that ignores its signal is closed when it comes after the attempt was given up", async () => {
  const clock = new FakeClock({ nowMs: 0 });
  const late: ((duplex: Duplex) => void)[] = [];
  const loop = new ReconnectLoop(clock, {
    sessionId: () => undefined,
    isGuarded: false,
    ticket: () => undefined,
    paths: 1,
    isAttached: false,
    history: new CarrierHistory(0),
    hasStreams: true,
    dial: () => new Promise((resolve) => late.push(resolve)),
    commit: () => Promise.reject(new Error("not expected")),
    attemptFailed: () => {},
  });
  loop.stop();
  const pipe = memoryPipe();
  late[0](pipe.a);
  await clock.settle();
  assertEquals(pipe.isOver, true);
});
