/** A queue that stays is a longer path. */
import { assertEquals } from "@std/assert";
import { LongerPath } from "../../../../lib/session/path/longer_path.ts";

/** What each step says that found such queues while so much was delivered. */
function steps(queuesMs: number[], rates: number[]): boolean[] {
  const longer = new LongerPath();
  return queuesMs.map((queueMs, at) => longer.stays({ queueMs, bytesPerMs: rates[at] }));
}

Deno.test("longer path: a queue that stays for three steps, with little delivered, is none", () => {
  assertEquals(steps([60, 60, 60, 60], [1_000, 600, 500, 400]), [false, false, false, true]);
  assertEquals(steps([60, 60, 60, 60], [1_000, 700, 700, 700]), [false, false, false, false]);
  assertEquals(steps([60, 40, 40, 40], [1_000, 500, 500, 500]), [false, false, false, false]);
});

Deno.test("longer path: a queue that grows, or was gone meanwhile, begins anew", () => {
  assertEquals(steps([60, 60, 60, 80, 80], [1_000, 500, 500, 500, 500]), [false, false, false, false, false]);
  const longer = new LongerPath(), seen = { queueMs: 60, bytesPerMs: 500 };
  longer.stays({ ...seen, bytesPerMs: 1_000 });
  for (let step = 0; step < 2; step++) longer.stays(seen);
  longer.forget();
  assertEquals([longer.stays(seen), longer.stays(seen)], [false, false]);
});

Deno.test("longer path: more is sent each 10 s, and a path that delivers more then was longer", () => {
  const outcome = (queueMs: number, bytesPerMs: number) => {
    const longer = new LongerPath();
    longer.raise(0, { queueMs: 60, bytesPerMs: 100 });
    return [longer.isRaised, longer.raised({ queueMs, bytesPerMs }), longer.isRaised];
  };
  assertEquals(outcome(75, 130), [true, true, false]);
  assertEquals(outcome(76, 130), [true, false, false]);
  assertEquals(outcome(60, 129), [true, false, false]);
  const longer = new LongerPath();
  assertEquals(longer.mayRaise(0), true);
  longer.raise(0, { queueMs: 60, bytesPerMs: 100 });
  assertEquals([9_999, 10_000].map((nowMs) => longer.mayRaise(nowMs)), [false, true]);
});
