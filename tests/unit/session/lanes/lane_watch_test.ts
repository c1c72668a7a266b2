/** A client looks every second what its bulk carriers are worth, as long as it has any. */
import { assertEquals } from "@std/assert";
import { LaneWatch } from "../../../../lib/session/lanes/lane_watch.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

function world() {
  const clock = new FakeClock();
  const targets: number[] = [];
  const useless: number[] = [];
  const moved: Map<number, number> = new Map();
  const watch = new LaneWatch({
    clock,
    most: 5,
    bulk: () => [...moved].map(([number, movedBytes]) => ({ number, movedBytes })),
    onTarget: (count) => void targets.push(count),
    onUseless: (number) => {
      useless.push(number);
      moved.delete(number);
    },
  });
  return { clock, targets, useless, moved, watch };
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
  const { clock, targets, useless, moved, watch } = world();
  watch.wished("own", 3);
  for (let second = 0; second < 15; second++) {
    for (const [number, bytes] of [[1, 100], [2, 10], [3, 100]]) {
      if (!useless.includes(number)) moved.set(number, (moved.get(number) ?? 0) + bytes);
    }
    await clock.advance(1_000);
  }
  assertEquals([useless, targets], [[2], [3, 2]]);
  watch.stop();
  assertEquals(clock.pendingTimers, 0);
});

Deno.test("what one had moved before it became a bulk carrier does not count", async () => {
  const { clock, useless, moved, watch } = world();
  watch.wished("own", 2);
  for (let second = 1; second <= 25; second++) {
    moved.set(1, 1e9 + 10 * second).set(2, 10 * second);
    await clock.advance(1_000);
  }
  assertEquals(useless, []);
  watch.stop();
});

Deno.test("when no end wishes for any all leave within a second, and no timer is left", async () => {
  const { clock, useless, moved, watch } = world();
  watch.wished("own", 2);
  moved.set(1, 0).set(4, 0);
  await clock.advance(1_000);
  watch.wished("own", 0);
  await clock.advance(1_000);
  assertEquals([useless, clock.pendingTimers], [[1, 4], 0]);
});

Deno.test("one that is gone by itself is not told to leave", async () => {
  const { clock, useless, moved, watch } = world();
  watch.wished("own", 1);
  moved.set(1, 0);
  await clock.advance(1_000);
  moved.clear();
  watch.wished("own", 0);
  await clock.advance(2_000);
  assertEquals([useless, clock.pendingTimers], [[], 0]);
});
