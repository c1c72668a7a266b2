/** An end looks whether it wishes for bulk carriers: now and then while it sends, and until it wishes for none. */
import { assertEquals } from "@std/assert";
import type { Sending } from "../../../../lib/session/lanes/bulk_wish.ts";
import { WishWatch } from "../../../../lib/session/lanes/wish_watch.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

const BACKLOG: Sending = {
  backlogMs: 1_000,
  isBulk: true,
  isLimited: true,
  paths: 1,
  lowestRoundTripMs: 20,
  roundTripMs: 20,
  burstMs: 0,
};
const NOTHING: Sending = { ...BACKLOG, backlogMs: 0, isBulk: false };

function world() {
  const clock = new FakeClock();
  const told: number[] = [];
  const state = { sending: NOTHING, looks: 0 };
  const watch = new WishWatch({
    clock,
    most: 5,
    sending: () => (state.looks++, state.sending),
    onChange: (count) => void told.push(count),
  });
  return { clock, told, state, watch };
}

Deno.test("while something is sent it looks every 50 ms, and tells of changes only", async () => {
  const { clock, told, state, watch } = world();
  for (let ms = 0; ms < 500; ms += 10) {
    watch.sending(clock.now());
    await clock.advance(10);
  }
  assertEquals([state.looks, told, clock.pendingTimers], [10, [], 0]);
  state.sending = BACKLOG;
  watch.sending(clock.now());
  watch.sending(clock.now());
  assertEquals(told, [5]);
  watch.stop();
});

Deno.test("when nothing is sent any more it looks until it wishes for none, and no timer is left", async () => {
  const { clock, told, state, watch } = world();
  state.sending = BACKLOG;
  watch.sending(clock.now());
  state.sending = NOTHING;
  await clock.advance(9_500);
  assertEquals(told, [5]);
  await clock.advance(1_000);
  assertEquals([told, clock.pendingTimers], [[5, 0], 0]);
});

Deno.test("when the session ends no timer is left", () => {
  const { clock, state, watch } = world();
  state.sending = BACKLOG;
  watch.sending(clock.now());
  watch.stop();
  assertEquals(clock.pendingTimers, 0);
});
