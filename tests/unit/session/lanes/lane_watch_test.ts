/** A client looks every second what its bulk carriers are worth, as long as it has any. */
import { assertEquals } from "@std/assert";
import { LaneWatch } from "../../../../lib/session/lanes/lane_watch.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

function world() {
  const clock = new FakeClock();
  const targets: number[] = [];
  const useless: number[] = [];
  const watch = new LaneWatch({
    clock,
    most: 5,
    onTarget: (count) => void targets.push(count),
    onUseless: (number) => void useless.push(number),
  });
  return { clock, targets, useless, watch };
}

Deno.test("it tells how many there are to be when that changes", () => {
  const { targets, watch } = world();
  watch.wished("peer", 1);
  watch.wished("own", 1);
  watch.wished("own", 9);
  watch.wished("own", 0);
  watch.wished("peer", 0);
  assertEquals(targets, [1, 5, 1, 0]);
});

Deno.test("one that carries little leaves behind 10 s, and fewer are wanted from then on", async () => {
  const { clock, targets, useless, watch } = world();
  watch.wished("own", 3);
  for (const number of [1, 2, 3]) watch.attached(number);
  for (let second = 0; second < 15; second++) {
    for (const [number, bytes] of [[1, 100], [2, 10], [3, 100], [9, 1e9]]) watch.moved(number, bytes);
    await clock.advance(1_000);
  }
  assertEquals([useless, targets], [[2], [3, 2]]);
  watch.stop();
  assertEquals(clock.pendingTimers, 0);
});

Deno.test("when no end wishes for any all leave within a second, and no timer is left", async () => {
  const { clock, useless, watch } = world();
  watch.wished("own", 2);
  watch.attached(1);
  watch.attached(4);
  watch.wished("own", 0);
  await clock.advance(1_000);
  assertEquals([useless, clock.pendingTimers], [[1, 4], 0]);
});

Deno.test("one that is gone by itself is not told to leave", async () => {
  const { clock, useless, watch } = world();
  watch.wished("own", 1);
  watch.attached(1);
  watch.gone(1);
  watch.wished("own", 0);
  await clock.advance(2_000);
  assertEquals([useless, clock.pendingTimers], [[], 0]);
});
