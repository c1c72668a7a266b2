/** Dialing for more carriers beside one that works. */
import { assertEquals } from "@std/assert";
import type { Duplex } from "../../../../lib/net/duplex.ts";
import { dealt, Joiner } from "../../../../lib/session/reconnect/joiner.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

/** One carrier that works on each path; dials that nobody answers, or that are refused at once. */
function setUp(isRefused = false, paths = 1) {
  const clock = new FakeClock({ nowMs: 0 });
  const dials: { atMs: number; signal: AbortSignal; path: number }[] = [];
  const state = { working: Array<number>(paths).fill(1), most: 8, failed: 0 };
  const joiner = new Joiner(clock, {
    dial(signal, _connected, path) {
      dials.push({ atMs: clock.now(), signal, path });
      if (isRefused) return Promise.reject(new Error("refused"));
      return new Promise<Duplex>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    },
    paths,
    isGuarded: false,
    ticket: () => undefined,
    sessionId: () => new Uint8Array(16),
    working: (path) => state.working[path],
    most: () => state.most,
    join: () => Promise.reject(new Error("nobody is challenged here")),
    attemptFailed: () => void state.failed++,
  });
  const open = (path?: number) =>
    dials.filter((dial) => !dial.signal.aborted && (path === undefined || dial.path === path)).length;
  return { clock, dials, state, joiner, open };
}

Deno.test("all that are missing are dialled at once, and not more than there may be", () => {
  const { joiner, state, open } = setUp();
  joiner.look();
  assertEquals(open(), 0);
  joiner.want(4);
  assertEquals([open(), joiner.wanted], [3, 4]);
  state.most = 6;
  joiner.want(9);
  assertEquals(open(), 5);
  joiner.want(2);
  assertEquals(open(), 1);
  joiner.stop();
});

Deno.test("behind a failure one a second is dialled, however many are missing", async () => {
  const { clock, joiner, dials, state } = setUp(true);
  joiner.want(4);
  await clock.advance(3_500);
  assertEquals(dials.map(({ atMs }) => atMs), [0, 0, 0, 1_000, 2_000, 3_000]);
  assertEquals(state.failed, 6);
  joiner.stop();
  await clock.advance(5_000);
  assertEquals([dials.length, clock.pendingTimers], [6, 0]);
});

Deno.test("behind a loss as well, until all are there again", async () => {
  const { clock, joiner, dials, state } = setUp();
  joiner.want(3);
  state.working = [3];
  joiner.look();
  state.working = [1];
  joiner.lost(0);
  assertEquals(dials.length, 2);
  await clock.advance(2_100);
  assertEquals(dials.slice(2).map(({ atMs }) => atMs), [1_000, 2_000]);
  state.working = [3];
  joiner.look();
  state.working = [1];
  joiner.want(4);
  assertEquals(dials.length - 4, 3);
  joiner.stop();
});

Deno.test("without a carrier that works nobody is dialled, and what was under way is given up", () => {
  const { joiner, state, open, dials } = setUp();
  joiner.want(3);
  state.working = [0];
  joiner.look();
  assertEquals([open(), dials.length], [0, 2]);
});

Deno.test("an attempt that nobody answers ends after a minute", async () => {
  const { clock, joiner, state, dials } = setUp();
  joiner.want(2);
  await clock.advance(60_000);
  assertEquals([state.failed, dials[0]!.signal.aborted], [1, true]);
  joiner.stop();
  assertEquals(clock.pendingTimers, 0);
});

Deno.test("what is missing is dialed on the path that has the fewest", () => {
  const { joiner, open } = setUp(false, 2);
  joiner.look();
  assertEquals([open(), joiner.wanted], [0, 2]);
  joiner.want(7);
  assertEquals([open(0), open(1)], [3, 2]);
  joiner.stop();
});

Deno.test("a path without a carrier has one attempt beside what the others are missing, and none in an outage", () => {
  const { joiner, state, open } = setUp(false, 3);
  state.working = [1, 0, 0];
  joiner.look();
  assertEquals([open(0), open(1), open(2)], [0, 1, 1]);
  joiner.want(6);
  assertEquals([open(0), open(1), open(2)], [3, 1, 1]);
  state.working = [0, 0, 0];
  joiner.look();
  assertEquals(open(), 0);
  joiner.stop();
});

Deno.test("each path has pauses of its own", async () => {
  const { clock, joiner, state, dials } = setUp(false, 2);
  state.working = [1, 0];
  joiner.lost(1);
  joiner.want(3);
  assertEquals(dials.map(({ path }) => path), [0]);
  await clock.advance(1_000);
  assertEquals(dials.map(({ path }) => path), [0, 1]);
  joiner.stop();
  joiner.lost(1);
  assertEquals(clock.pendingTimers, 0);
});

Deno.test("where the machine woke or moved, paths without a carrier are dialed at once", async () => {
  const { clock, joiner, state, dials } = setUp(true, 2);
  state.working = [1, 0];
  joiner.look();
  await clock.advance(30_000);
  const before = dials.length;
  joiner.startOver();
  assertEquals([dials.length - before, dials.at(-1)!.path], [1, 1]);
  joiner.stop();
});

Deno.test("no more are dealt than paths may have", () => {
  assertEquals([dealt(5, [0, 0]), dealt(0, [2, 1]), dealt(4, [3, 0])], [[1, 1], [2, 1], [3, 1]]);
});
