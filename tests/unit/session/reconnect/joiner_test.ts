/** Dialing for more carriers beside one that works. */
import { assertEquals } from "@std/assert";
import type { Duplex } from "../../../../lib/net/duplex.ts";
import { Joiner } from "../../../../lib/session/reconnect/joiner.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

/** One carrier that works; dials that nobody answers, or that are refused at once. */
function setUp(isRefused = false) {
  const clock = new FakeClock({ nowMs: 0 });
  const dials: { atMs: number; signal: AbortSignal }[] = [];
  const state = { working: 1, most: 8, failed: 0 };
  const joiner = new Joiner(clock, {
    dial(signal) {
      dials.push({ atMs: clock.now(), signal });
      if (isRefused) return Promise.reject(new Error("refused"));
      return new Promise<Duplex>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    },
    isGuarded: false,
    sessionId: () => new Uint8Array(16),
    working: () => state.working,
    most: () => state.most,
    join: () => Promise.reject(new Error("nobody is challenged here")),
    attemptFailed: () => void state.failed++,
  });
  return { clock, dials, state, joiner, open: () => dials.filter(({ signal }) => !signal.aborted).length };
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
  state.working = 3;
  joiner.look();
  state.working = 1;
  joiner.lost();
  assertEquals(dials.length, 2);
  await clock.advance(2_100);
  assertEquals(dials.slice(2).map(({ atMs }) => atMs), [1_000, 2_000]);
  state.working = 3;
  joiner.look();
  state.working = 1;
  joiner.want(4);
  assertEquals(dials.length - 4, 3);
  joiner.stop();
});

Deno.test("without a carrier that works nobody is dialled, and what was under way is given up", () => {
  const { joiner, state, open, dials } = setUp();
  joiner.want(3);
  state.working = 0;
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
