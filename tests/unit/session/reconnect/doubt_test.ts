/** How long a carrier may stay in doubt when another connection gets through. */
import { assertEquals } from "@std/assert";
import { outlast } from "../../../../lib/session/reconnect/doubt.ts";
import type { Challenged } from "../../../../lib/session/reconnect/reconnect.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

/** A carrier that has been silent for four seconds; the wait beside it, and whether it has settled. */
function setUp(status: "ready" | "unknown" = "ready", tookMs = 50) {
  const clock = new FakeClock({ nowMs: 0 });
  const carrier = {
    heardMs: -4_000,
    isTrusted: false,
    get doubt(): { ms: number } | undefined {
      return this.isTrusted ? undefined : { ms: clock.now() - this.heardMs };
    },
  };
  const state = { isOver: false, isSettled: false };
  const controller = new AbortController();
  const challenged = { handshake: { status }, tookMs } as Challenged;
  const waiting = outlast(carrier, challenged, { clock, isOver: () => state.isOver, signal: controller.signal });
  waiting.then(() => state.isSettled = true);
  return { clock, carrier, state, controller };
}

Deno.test("it has a second, or as long as the other connection's challenge took", async () => {
  for (const [tookMs, waitMs] of [[50, 1_000], [7_000, 7_000]]) {
    const { clock, state } = setUp("ready", tookMs);
    await clock.advance(waitMs - 100);
    assertEquals(state.isSettled, false);
    await clock.advance(100);
    assertEquals([state.isSettled, clock.pendingTimers], [true, 0]);
  }
});

Deno.test("one that speaks begins anew", async () => {
  const { clock, carrier, state } = setUp();
  await clock.advance(900);
  carrier.heardMs = clock.now();
  await clock.advance(4_900);
  assertEquals(state.isSettled, false);
  await clock.advance(200);
  assertEquals(state.isSettled, true);
});

Deno.test("one that is trusted again is not waited for", async () => {
  const { clock, carrier, state } = setUp();
  await clock.advance(300);
  carrier.isTrusted = true;
  await clock.advance(100);
  assertEquals([state.isSettled, clock.pendingTimers], [true, 0]);
});

Deno.test("a server that does not know the session proves nothing, however long the silence lasts", async () => {
  const { clock, state, controller } = setUp("unknown");
  await clock.advance(600_000);
  assertEquals(state.isSettled, false);
  controller.abort();
  await clock.settle();
  assertEquals([state.isSettled, clock.pendingTimers], [true, 0]);
});

Deno.test("who does not wait any more is not kept: the carrier is gone, or the attempt given up", async () => {
  const gone = setUp();
  gone.state.isOver = true;
  await gone.clock.advance(100);
  assertEquals(gone.state.isSettled, true);
  const givenUp = setUp();
  givenUp.controller.abort();
  await givenUp.clock.settle();
  assertEquals([givenUp.state.isSettled, givenUp.clock.pendingTimers], [true, 0]);
});
