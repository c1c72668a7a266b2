/** The bound of several carriers follows the queue that the quiet one finds. */
import { assertAlmostEquals, assertEquals, assertGreater, assertGreaterOrEqual, assertLess } from "@std/assert";
import { SharedBound } from "../../../../lib/session/path/shared_bound.ts";
import { CARRIER_BYTES } from "../../../../lib/session/share.ts";

const LOWEST_MS = 40;
const STEP_MS = 100;

/** A path of which the bound is always used, and whose probes wait in its queue. */
class Queue {
  readonly shared: SharedBound;
  nowMs = 0;

  constructor(public bytesPerMs: number, bound: number, public roundTripMs = LOWEST_MS, public otherMs = 0) {
    this.shared = new SharedBound({ bound, lowestRoundTripMs: LOWEST_MS });
  }

  get queueMs(): number {
    return Math.max(0, this.shared.bound / this.bytesPerMs - this.roundTripMs) + this.otherMs;
  }

  run(steps: number): this {
    for (let step = 0; step < steps; step++) {
      const roundTripMs = this.roundTripMs + this.queueMs;
      this.shared.inFlight(this.nowMs, this.shared.bound);
      this.nowMs += STEP_MS + roundTripMs;
      const least = Math.min(this.bytesPerMs, this.shared.bound / roundTripMs);
      this.shared.delivered({ nowMs: this.nowMs, roundTripMs, bytes: least * (STEP_MS + roundTripMs) });
      for (const beforeMs of [50, 0]) this.shared.answered({ nowMs: this.nowMs - beforeMs, roundTripMs });
    }
    return this;
  }
}

Deno.test("shared bound: it doubles until there is a queue, and then stays near what the path holds and 12 ms", () => {
  const queue = new Queue(2_500, 32_768);
  queue.run(1);
  assertGreaterOrEqual(queue.shared.bound, 65_536);
  queue.run(20);
  for (let step = 0; step < 50; step++) {
    queue.run(1);
    assertLess(queue.queueMs, 25);
    assertGreater(queue.shared.bound, 0.7 * 2_500 * LOWEST_MS);
  }
});

Deno.test("shared bound: a step shrinks by what the queue is too long, and no more than half", () => {
  const queue = new Queue(1_000, 90_000).run(1);
  assertAlmostEquals(queue.shared.bound, 90_000 * (LOWEST_MS + 6) / 90, 1);
  const much = new Queue(1_000, 1_000_000).run(1);
  assertEquals(much.shared.bound, 500_000);
});

Deno.test("shared bound: what is not used does not grow", () => {
  const shared = new SharedBound({ bound: 100_000, lowestRoundTripMs: LOWEST_MS });
  for (let nowMs = 100; nowMs < 5_000; nowMs += 50) {
    shared.inFlight(nowMs, 50_000);
    shared.answered({ nowMs, roundTripMs: LOWEST_MS });
  }
  assertEquals(shared.bound, 100_000);
});

Deno.test("shared bound: of which no frame of 16 KiB is left is used", () => {
  const bounds = [12_000, 32_768, 48_000].map((bound) => {
    const shared = new SharedBound({ bound, lowestRoundTripMs: LOWEST_MS });
    const frameBytes = 16 * 1024 + 17;
    for (let nowMs = 0; nowMs < 200; nowMs += 50) {
      shared.inFlight(nowMs, 0);
      shared.inFlight(nowMs, Math.max(1, Math.floor(shared.bound / frameBytes)) * frameBytes);
      shared.answered({ nowMs, roundTripMs: LOWEST_MS });
    }
    return shared.bound > bound;
  });
  assertEquals(bounds, [true, true, true]);
});

Deno.test("shared bound: an answer counts when its question was sent since the bound has been kept", () => {
  const shared = new SharedBound({ bound: 100_000, lowestRoundTripMs: LOWEST_MS });
  const answer = (nowMs: number) => shared.answered({ nowMs, roundTripMs: 100 });
  shared.inFlight(0, 120_000);
  answer(150);
  answer(200);
  assertEquals(shared.bound, 100_000, "more is in flight than the bound");
  shared.inFlight(210, 100_000);
  answer(300);
  answer(309);
  assertEquals(shared.bound, 100_000, "asked before that was over");
  answer(310);
  answer(320);
  assertLess(shared.bound, 100_000);
});

Deno.test("shared bound: one answer that waited for what was lost changes nothing", () => {
  const shared = new SharedBound({ bound: 100_000, lowestRoundTripMs: LOWEST_MS });
  shared.inFlight(0, 100_000);
  for (let nowMs = 300; nowMs < 3_000; nowMs += 100) {
    shared.inFlight(nowMs, shared.bound);
    shared.answered({ nowMs, roundTripMs: nowMs % 200 === 0 ? LOWEST_MS : 250 });
  }
  assertGreater(shared.bound, 200_000);
});

Deno.test("shared bound: a path that grew longer is taken for one, since less arrives when less is sent", () => {
  const queue = new Queue(2_500, 100_000).run(20);
  queue.roundTripMs = 200;
  queue.run(4);
  assertEquals(queue.shared.lowestRoundTripMs, 200, "found out before it is at its least");
  queue.run(56);
  assertAlmostEquals(queue.shared.lowestRoundTripMs, 200, 12);
  assertGreater(queue.shared.bound, 0.9 * 2_500 * 200);
  queue.roundTripMs = 60;
  queue.run(80);
  assertLess(queue.queueMs, 25);
});

Deno.test("shared bound: a rate that fell is followed, and what waits is not taken for a longer path", () => {
  const queue = new Queue(2_500, 100_000).run(20);
  queue.bytesPerMs = 125;
  queue.run(30);
  assertLess(queue.shared.lowestRoundTripMs, 45);
  assertLess(queue.queueMs, 65);
});

Deno.test("shared bound: a lowest round trip that was measured with a queue is found out", () => {
  const queue = new Queue(2_500, 2_500 * 140);
  const shared = new SharedBound({ bound: queue.shared.bound, lowestRoundTripMs: 140 });
  Object.assign(queue, { shared }).run(300);
  assertLess(shared.lowestRoundTripMs, 60);
  assertLess(queue.queueMs, 40);
});

Deno.test("shared bound: an answer that does not come shrinks it, once for what is in flight", () => {
  const shared = new SharedBound({ bound: 100_000, lowestRoundTripMs: LOWEST_MS });
  shared.inFlight(0, 100_000);
  shared.waits(1_000, 300 + 3 * LOWEST_MS - 1);
  assertEquals(shared.bound, 100_000, "a lost probe takes so long");
  shared.waits(1_000, 300 + 3 * LOWEST_MS);
  assertEquals(shared.bound, 50_000);
  shared.waits(2_000, 1_420);
  assertEquals(shared.bound, 50_000, "more than that is still in flight");
  shared.inFlight(3_000, 50_000);
  shared.waits(3_000 + LOWEST_MS, 3_000);
  assertEquals(shared.bound, 25_000);
});

Deno.test("shared bound: behind many steps without a queue it doubles again", () => {
  const queue = new Queue(2_500, 100_000).run(20);
  queue.bytesPerMs = 250_000;
  const grown = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map(() => {
    const { bound } = queue.shared;
    queue.run(1);
    return Math.round(100 * queue.shared.bound / bound);
  });
  assertEquals(grown, [113, 113, 113, 113, 200, 200, 200, 200, 200, 200]);
});

Deno.test("shared bound: at its least it finds out by more that the path is a longer one", () => {
  const queue = new Queue(100, 4_000).run(20);
  Object.assign(queue, { bytesPerMs: 25_000, roundTripMs: 200 });
  queue.run(150);
  assertAlmostEquals(queue.shared.lowestRoundTripMs, 200, 15);
  assertGreater(queue.shared.bound, 0.7 * 25_000 * 200);
});

Deno.test("shared bound: at its least more makes a longer queue, and is taken back", () => {
  const queue = new Queue(20, 4_096).run(100);
  assertLess(queue.shared.lowestRoundTripMs, LOWEST_MS + 1);
  assertLess(queue.shared.bound, 2 * 4_096 + 1);
});

Deno.test("shared bound: at the start what is acknowledged soon doubles it in each round trip, what is late does not", () => {
  const grownBy = (roundTripMs: number) => {
    const shared = new SharedBound({ bound: 100_000, lowestRoundTripMs: LOWEST_MS });
    shared.inFlight(0, 100_000);
    shared.delivered({ nowMs: roundTripMs, roundTripMs, bytes: 60_000 });
    return shared.bound - 100_000;
  };
  assertEquals([grownBy(LOWEST_MS + 5), grownBy(LOWEST_MS + 6)], [60_000, 0]);
});

Deno.test("shared bound: at the start a late answer makes void what came soon and was sent before it, and not later", () => {
  const boundsOf = (isFull: boolean) => {
    const shared = new SharedBound({ bound: 100_000, lowestRoundTripMs: LOWEST_MS, isFull });
    shared.inFlight(0, 100_000);
    shared.answered({ nowMs: 100, roundTripMs: LOWEST_MS });
    shared.answered({ nowMs: 170, roundTripMs: LOWEST_MS + 30 });
    const { bound } = shared;
    shared.answered({ nowMs: 220, roundTripMs: LOWEST_MS + 40 });
    return [bound, shared.bound];
  };
  assertEquals([false, true].map(boundsOf), [[100_000, Math.ceil(100_000 * 46 / 70)], [112_500, 112_500]]);
});

Deno.test("shared bound: at the start a late answer is lost, and no queue, where what was sent behind it came soon", () => {
  const shared = new SharedBound({ bound: 100_000, lowestRoundTripMs: LOWEST_MS });
  shared.inFlight(0, 100_000);
  shared.answered({ nowMs: 100, roundTripMs: LOWEST_MS });
  shared.delivered({ nowMs: 150, roundTripMs: LOWEST_MS, bytes: 1_000 });
  shared.answered({ nowMs: 170, roundTripMs: LOWEST_MS + 30 });
  assertEquals(shared.bound, 200_000);
});

Deno.test("shared bound: at the start it does not double while bulk waits a little, as in a queue", () => {
  const bounds = [5, 20, 60].map((bulkQueueMs) => {
    const shared = new SharedBound({ bound: 100_000, lowestRoundTripMs: LOWEST_MS });
    shared.inFlight(0, 100_000);
    shared.delivered({ nowMs: 100, roundTripMs: LOWEST_MS + bulkQueueMs, bytes: 1_000 });
    for (const nowMs of [110, 160]) shared.answered({ nowMs, roundTripMs: LOWEST_MS });
    return shared.bound;
  });
  assertEquals(bounds, [200_000, 112_500, 200_000]);
});

Deno.test("shared bound: of what an answer waited on its way back a third counts, for its queue and for the lowest", () => {
  const bounds = [0, 24].map((backMs) => {
    const shared = new SharedBound({ bound: 100_000, lowestRoundTripMs: LOWEST_MS, isFull: true });
    shared.inFlight(20, 100_000);
    for (const nowMs of [100, 115]) shared.answered({ nowMs, roundTripMs: LOWEST_MS + 26, backMs });
    return shared.bound;
  });
  assertEquals(bounds, [69_697, 112_500]);
  const shared = new SharedBound({ bound: 100_000, lowestRoundTripMs: 100 });
  shared.answered({ nowMs: 100, roundTripMs: 90, backMs: 30 });
  assertEquals(Math.round(shared.lowestRoundTripMs), 70);
});

Deno.test("shared bound: of a path that was found full the start is over", () => {
  const shared = new SharedBound({ bound: 100_000, lowestRoundTripMs: LOWEST_MS, isFull: true });
  shared.inFlight(0, 100_000);
  shared.delivered({ nowMs: LOWEST_MS, roundTripMs: LOWEST_MS, bytes: 60_000 });
  assertEquals(shared.bound, 100_000);
});

Deno.test("shared bound: answers that are late tell of no queue while bulk is acknowledged soon", () => {
  const bounds = [LOWEST_MS + 10, LOWEST_MS + 50].map((bulkMs) => {
    const shared = new SharedBound({ bound: 100_000, lowestRoundTripMs: LOWEST_MS, isFull: true });
    shared.inFlight(0, 100_000);
    shared.delivered({ nowMs: 110, roundTripMs: bulkMs, bytes: 60_000 });
    for (const nowMs of [120, 130]) shared.answered({ nowMs, roundTripMs: LOWEST_MS + 50 });
    return shared.bound;
  });
  assertEquals(bounds, [112_500, 51_112]);
});

Deno.test("shared bound: answers that came late at once waited for the same, and one at another time is awaited", () => {
  const boundsBehind = (...answers: [nowMs: number, roundTripMs: number][]) => {
    const shared = new SharedBound({ bound: 100_000, lowestRoundTripMs: LOWEST_MS, isFull: true });
    shared.inFlight(0, 100_000);
    return answers.map(([nowMs, roundTripMs]) => {
      shared.answered({ nowMs, roundTripMs });
      return shared.bound;
    });
  };
  // A probe was lost: those behind it come with it.
  const held: [number, number][] = [[300, 280], [300, 230], [300, 180], [300, 130]];
  assertEquals(boundsBehind(...held, [330, LOWEST_MS]), [100_000, 100_000, 100_000, 100_000, 112_500]);
  assertEquals(boundsBehind(...held, [330, 110]).at(-1), 50_000, "a queue it was");
  assertEquals(boundsBehind([300, 90], [300, LOWEST_MS]), [100_000, 112_500], "what was soon waited for nothing");
});

Deno.test("shared bound: what is in flight counts also where nothing moved between two steps", () => {
  const shared = new SharedBound({ bound: 1_000_000, lowestRoundTripMs: LOWEST_MS });
  shared.inFlight(0, 1_000_000);
  for (const nowMs of [200, 210]) shared.answered({ nowMs, roundTripMs: LOWEST_MS + 60 });
  assertGreater(shared.bound, 400_000);
  const { bound } = shared;
  shared.inFlight(220, bound);
  for (const nowMs of [400, 410, 420, 430]) shared.answered({ nowMs, roundTripMs: LOWEST_MS + 60 });
  assertGreater(shared.bound, 0.2 * bound);
});

Deno.test("shared bound: it grows no further than to twice what the highest rate needed", () => {
  const shared = new SharedBound({ bound: 100_000, lowestRoundTripMs: LOWEST_MS, isFull: true });
  const run = (steps: number, rate: () => number) => {
    for (let step = 0, nowMs = 0; step < steps; step++) {
      shared.inFlight(nowMs, shared.bound);
      nowMs += 100;
      shared.delivered({ nowMs, roundTripMs: 80, bytes: 100 * rate() });
      for (let answer = 0; answer < 2; answer++) shared.answered({ nowMs, roundTripMs: LOWEST_MS });
    }
  };
  run(30, () => 2_500);
  assertEquals(shared.bound, 225_000);
  run(30, () => shared.bound / LOWEST_MS);
  assertGreater(shared.bound, 1e6, "with more it delivers more");
});

Deno.test("shared bound: where much is held up behind what was lost it grows, though no more arrives", () => {
  const [lossy, slow] = [LOWEST_MS, 150].map((answerMs) => {
    const shared = new SharedBound({ bound: 40_000, lowestRoundTripMs: LOWEST_MS, isFull: true });
    let steps = 0;
    for (let nowMs = 0; nowMs < 3_000;) {
      shared.inFlight(nowMs, shared.bound);
      nowMs += 200;
      shared.delivered({ nowMs, roundTripMs: 200, bytes: 20_000 });
      const answers = answerMs === LOWEST_MS ? 2 : 4;
      for (let at = 0; at < answers; at++) shared.answered({ nowMs: nowMs + 20 * at, roundTripMs: answerMs });
      if (shared.isHeldUp) steps++;
    }
    return { bound: shared.bound, steps };
  });
  assertEquals(lossy, { bound: 5 * CARRIER_BYTES, steps: 15 });
  assertLess(slow.bound, 40_000);
  assertEquals(slow.steps, 0, "in front of a queue less in flight is what helps");
});

/** A path on which a round trip lasts until the next burst. */
const BURSTY = { silentMs: 500, usualMs: (lowestMs: number) => Math.max(lowestMs, 500) };

Deno.test("shared bound: what waits for the next burst is in no queue, and each burst is a step", () => {
  const boundOf = (roundTripMs: number) => {
    const shared = new SharedBound({ bound: 100_000, lowestRoundTripMs: LOWEST_MS, isFull: true, bursts: BURSTY });
    for (let nowMs = 0; nowMs < 3_000; nowMs += 500) {
      shared.inFlight(nowMs, shared.bound);
      shared.answered({ nowMs: nowMs + roundTripMs, roundTripMs });
    }
    return shared.bound;
  };
  assertGreater(boundOf(500), 150_000);
  assertLess(boundOf(560), 100_000);
});

Deno.test("shared bound: an answer is overdue 300 ms after three bursts", () => {
  const boundBehind = (waitedMs: number) => {
    const shared = new SharedBound({ bound: 100_000, lowestRoundTripMs: LOWEST_MS, isFull: true, bursts: BURSTY });
    shared.inFlight(0, 100_000);
    shared.waits(2_000, waitedMs);
    return shared.bound;
  };
  assertEquals([1_799, 1_800].map(boundBehind), [100_000, 50_000]);
});
