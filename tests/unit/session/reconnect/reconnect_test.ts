import { assert, assertEquals, assertGreaterOrEqual, assertLessOrEqual } from "@std/assert";
import type { Duplex } from "../../../../lib/net/duplex.ts";
import { reasonOf } from "../../../../lib/net/error.ts";
import { CarrierHistory } from "../../../../lib/session/reconnect/carrier_history.ts";
import type { ClientHandshake } from "../../../../lib/session/handshake/client_handshake.ts";
import { ServerHandshake } from "../../../../lib/session/handshake/server_handshake.ts";
import { ReconnectLoop } from "../../../../lib/session/reconnect/reconnect.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { type MemoryPipe, memoryPipe } from "../../../support/memory_network.ts";

const SESSION_ID = new Uint8Array(16).fill(1);

/** One call of `dial`, answered by the test. */
interface Dialed {
  atMs: number;
  signal: AbortSignal;
  connect(duplex: Duplex): void;
  refuse(reason: string): void;
}

/** One call of `commit`, answered by the test. */
interface Committed {
  atMs: number;
  handshake: ClientHandshake;
  roundTripMs: number;
  succeed(): void;
  fail(reason: string): void;
}

/** A loop whose dials and commits the test answers. */
class Script {
  readonly clock = new FakeClock({ nowMs: 0 });
  readonly dials: Dialed[] = [];
  readonly commits: Committed[] = [];
  readonly failures: { atMs: number; reason: string; attempts: number }[] = [];
  hasStreams = true;
  isAttached = false;
  readonly history: CarrierHistory;
  /** Called with each dial, to answer it at once. */
  onDial: (dialed: Dialed) => void = () => {};
  readonly loop: ReconnectLoop;

  constructor(onDial?: (dialed: Dialed) => void, history = new CarrierHistory(0)) {
    this.history = history;
    if (onDial !== undefined) this.onDial = onDial;
    const isBusy = () => this.hasStreams;
    const isAttached = () => this.isAttached;
    this.loop = new ReconnectLoop(this.clock, {
      sessionId: SESSION_ID,
      isGuarded: false,
      history,
      get isAttached() {
        return isAttached();
      },
      get hasStreams() {
        return isBusy();
      },
      dial: (signal) =>
        new Promise((resolve, reject) => {
          const dialed: Dialed = {
            atMs: this.clock.now(),
            signal,
            connect: resolve,
            refuse: (reason) => reject(new Error(reason)),
          };
          signal.addEventListener("abort", () => reject(signal.reason));
          this.dials.push(dialed);
          this.onDial(dialed);
        }),
      commit: ({ handshake, roundTripMs }) =>
        new Promise((resolve, reject) => {
          this.commits.push({
            atMs: this.clock.now(),
            handshake,
            roundTripMs,
            succeed: resolve,
            fail: (reason) => reject(new Error(reason)),
          });
        }),
      attemptFailed: (error, attempts) => {
        this.failures.push({ atMs: this.clock.now(), reason: reasonOf(error), attempts });
      },
    });
  }

  /** Answers a dial with a server that challenges. */
  async challenge(at: number, status: "ready" | "unknown" = "ready"): Promise<MemoryPipe> {
    const pipe = memoryPipe();
    const server = new ServerHandshake(pipe.b);
    this.dials[at].connect(pipe.a);
    await server.hello();
    await server.challenge(status);
    await this.clock.settle();
    return pipe;
  }

  get startedAt(): number[] {
    return this.dials.map((dialed) => dialed.atMs);
  }

  get open(): number {
    return this.dials.filter((dialed) => !dialed.signal.aborted).length;
  }
}

Deno.test("the first attempt starts at once, the next each second while none is answered", async () => {
  const script = new Script();
  assertEquals(script.startedAt, [0]);
  await script.clock.advance(3_500);
  assertEquals(script.startedAt, [0, 1_000, 2_000, 3_000]);
  assertEquals(script.loop.attempts, 4);
  script.loop.stop();
});

/** What a history remembers of a carrier that carried something, or of some that did not. */
function historyOf({ barren = 0, roundTripMs = 0 }: { barren?: number; roundTripMs?: number }): CarrierHistory {
  const history = new CarrierHistory(0);
  for (let left = barren; left >= 0; left--) {
    history.attached(0);
    history.lost(0, { arrivedBytes: 100, isWaiting: true, isEmpty: false, silentMs: 0, roundTripMs });
  }
  return history;
}

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
      : "nobody answers the attempts to connect";
    assertEquals(new Set(script.failures.map(({ reason }) => reason)), new Set([reason]));
    script.loop.stop();
    assertEquals([script.open, script.clock.pendingTimers], [0, 0]);
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
    sessionId: undefined,
    isGuarded: false,
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
