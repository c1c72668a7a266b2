/** How long a carrier may stay in doubt when another connection gets through. */
import { assertEquals } from "@std/assert";
import { outlasts } from "../../../../lib/session/reconnect/doubt.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

/** A session whose carrier has been silent for four seconds; the wait beside it, and what came of it. */
function setUp(tookMs = 50) {
  const clock = new FakeClock({ nowMs: 0 });
  const carrier = {
    heardMs: -4_000,
    isTrusted: false,
    get doubt(): { ms: number } | undefined {
      return this.isTrusted ? undefined : { ms: clock.now() - this.heardMs };
    },
  };
  const session = {
    carrier: carrier as typeof carrier | undefined,
    get doubt() {
      return this.carrier?.doubt;
    },
  };
  const state: { isToBeCommitted?: boolean } = {};
  const controller = new AbortController();
  outlasts(session, { tookMs }, clock, controller.signal).then((isLasting) => state.isToBeCommitted = isLasting);
  return { clock, carrier, session, state, controller };
}

Deno.test("it has a second, or as long as the other connection's challenge took", async () => {
  for (const [tookMs, waitMs] of [[50, 1_000], [7_000, 7_000]]) {
    const { clock, state } = setUp(tookMs);
    await clock.advance(waitMs - 100);
    assertEquals(state.isToBeCommitted, undefined);
    await clock.advance(100);
    assertEquals([state.isToBeCommitted, clock.pendingTimers], [true, 0]);
  }
});

Deno.test("one that speaks begins anew", async () => {
  const { clock, carrier, state } = setUp();
  await clock.advance(900);
  carrier.heardMs = clock.now();
  await clock.advance(4_900);
  assertEquals(state.isToBeCommitted, undefined);
  await clock.advance(200);
  assertEquals(state.isToBeCommitted, true);
});

Deno.test("one that is trusted again is not waited for, and nothing is committed beside it", async () => {
  const { clock, carrier, state } = setUp();
  await clock.advance(300);
  carrier.isTrusted = true;
  await clock.advance(100);
  assertEquals([state.isToBeCommitted, clock.pendingTimers], [false, 0]);
});

Deno.test("who does not wait any more is not kept: the carrier is gone, or the attempt given up", async () => {
  const gone = setUp();
  gone.session.carrier = undefined;
  await gone.clock.advance(100);
  assertEquals(gone.state.isToBeCommitted, true);
  const givenUp = setUp();
  givenUp.controller.abort();
  await givenUp.clock.settle();
  assertEquals([givenUp.state.isToBeCommitted, givenUp.clock.pendingTimers], [false, 0]);
});

Deno.test("without a carrier there is nothing to wait for", async () => {
  const clock = new FakeClock({ nowMs: 0 });
  const { signal } = new AbortController();
  assertEquals(await outlasts({ carrier: undefined, doubt: undefined }, { tookMs: 7_000 }, clock, signal), true);
});
