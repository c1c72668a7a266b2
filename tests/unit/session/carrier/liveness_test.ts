import { assert, assertEquals, assertGreaterOrEqual, assertLessOrEqual } from "@std/assert";
import fc from "fast-check";
import { Liveness, type Unacknowledged } from "../../../../lib/session/carrier/liveness.ts";

const STEP_MS = 250;

/** What waits on a carrier that has its path for itself, unless a test says what others have there. */
type Derived = "queuedBytes" | "tookMs" | "peerFirstMs" | "answerMs";
type Waiting = Omit<Unacknowledged, Derived> & Partial<Unacknowledged>;
const NOTHING = { bytes: 0, acknowledged: 0, rate: 0, roundTripMs: 0 };

function onPath(waiting: Waiting): Unacknowledged {
  return { queuedBytes: waiting.bytes, tookMs: Infinity, peerFirstMs: 0, answerMs: 0, ...waiting };
}

/** A carrier's view of its peer, ticked as a carrier does. */
class Watch {
  readonly liveness = new Liveness(0);
  nowMs = 0;
  waiting: Waiting = NOTHING;
  asks: number[] = [];
  doubtedAt: number | undefined;
  deadAt: number | undefined;
  reason = "";

  tick(lateMs = 0): void {
    this.nowMs += STEP_MS + lateMs;
    const verdict = this.liveness.tick(this.nowMs, STEP_MS * 1.5, onPath(this.waiting));
    if (verdict.kind === "ask") {
      this.asks.push(this.nowMs);
      this.liveness.asked();
    }
    if (verdict.kind === "doubt") this.doubtedAt ??= this.nowMs;
    if (verdict.kind === "dead") {
      this.deadAt ??= this.nowMs;
      this.reason = verdict.reason;
    }
  }

  /** Ticks for `ms`; every `hearEveryMs` so many bytes are received: by default a sign of life. */
  run(ms: number, hearEveryMs = Infinity, bytes = 10): this {
    const until = this.nowMs + ms;
    let heardAt = this.nowMs;
    while (this.nowMs < until && this.deadAt === undefined) {
      this.tick();
      if (this.nowMs - heardAt < hearEveryMs) continue;
      heardAt = this.nowMs;
      this.liveness.received(bytes);
    }
    return this;
  }
}

Deno.test("silence of three seconds is death when nothing was promised yet", () => {
  const watch = new Watch().run(60_000);
  assertEquals(watch.deadAt, 3_000);
  assertEquals(watch.reason, "silent for 3.0 s");
});

Deno.test("silence that a lost packet of the peer's first bytes excuses is doubt, and beyond that death", () => {
  const watch = new Watch();
  watch.waiting = { ...NOTHING, peerFirstMs: 8_000 };
  watch.run(60_000);
  assertEquals([watch.doubtedAt, watch.deadAt], [3_000, 14_000]);
});

Deno.test("three times the promised silence is death, and never less than three seconds", () => {
  for (const [promisedMs, deadlineMs] of [[1_000, 3_000], [30_000, 90_000], [100, 3_000], [0, 3_000], [2_000, 6_000]]) {
    const watch = new Watch();
    watch.liveness.promised(promisedMs);
    assertEquals(watch.liveness.deadlineMs, deadlineMs);
    assertEquals(watch.run(100_000).deadAt, deadlineMs);
  }
});

Deno.test("any received byte ends the silence, whole frames or not", () => {
  const watch = new Watch().run(120_000, 2_750);
  assertEquals(watch.deadAt, undefined);
});

Deno.test("a shorter promise counts from now on, the last one holds", () => {
  const watch = new Watch();
  watch.liveness.promised(30_000);
  watch.run(20_000);
  watch.liveness.received(10);
  watch.liveness.promised(1_000);
  assertEquals(watch.run(60_000).deadAt, 23_000);
});

Deno.test("unacknowledged data without progress asks once, and kills when no reply comes", () => {
  const watch = new Watch();
  watch.waiting = { bytes: 200, acknowledged: 0, rate: 0, roundTripMs: 0 }; // 100 ms at the rate assumed
  watch.run(60_000, 500);
  assertEquals(watch.asks, [1_000]);
  assertEquals(watch.deadAt, 4_250);
  assert(watch.reason.startsWith("nothing acknowledged for 4."), watch.reason);
});

Deno.test("progress resets the verdict, and a later stall asks again", () => {
  const watch = new Watch();
  watch.waiting = { bytes: 1, acknowledged: 0, rate: 100, roundTripMs: 0 };
  for (let i = 0; i < 20; i++) {
    watch.run(3_500, 500);
    assertEquals(watch.deadAt, undefined);
    watch.liveness.progressed();
  }
  assertEquals(watch.asks.length, 20);
});

Deno.test("once everything is acknowledged, nothing is due any more", () => {
  const watch = new Watch();
  watch.waiting = { bytes: 1, acknowledged: 0, rate: 100, roundTripMs: 0 };
  watch.run(3_500, 500);
  watch.waiting = NOTHING;
  watch.run(10_000, 500);
  watch.waiting = { bytes: 1, acknowledged: 0, rate: 100, roundTripMs: 0 };
  watch.run(3_500, 500);
  assertEquals(watch.deadAt, undefined);
});

Deno.test("a slow path has the time that the bytes in front of the reply need", () => {
  const watch = new Watch();
  watch.waiting = { bytes: 256 * 1024, acknowledged: 0, rate: 32, roundTripMs: 0 }; // 256 kbit/s: 8 s
  for (let acknowledged = 0; acknowledged < 80_000; acknowledged += 8_000) {
    watch.waiting = { ...watch.waiting, acknowledged };
    watch.run(250, 250);
    watch.liveness.progressed();
  }
  const stalledAt = watch.nowMs;
  watch.run(12_000, 500);
  assertEquals(watch.deadAt, undefined);
  watch.run(1_000, 500);
  assertEquals(watch.deadAt! - stalledAt, 12_250);
});

Deno.test("a long round trip is asked later", () => {
  const watch = new Watch();
  watch.waiting = { bytes: 100, acknowledged: 0, rate: 100, roundTripMs: 1_000 };
  watch.run(5_000, 500);
  assertEquals(watch.asks, [3_000]);
});

Deno.test("a late tick counts as one step: suspension is no silence", () => {
  for (const asleepMs of [5_000, 60_000, 7 * 24 * 3_600_000]) {
    const watch = new Watch();
    watch.waiting = { bytes: 1, acknowledged: 0, rate: 100, roundTripMs: 0 };
    watch.run(1_500);
    watch.tick(asleepMs);
    assertEquals(watch.deadAt, undefined);
    watch.liveness.received(10);
    watch.liveness.progressed();
    assertEquals(watch.run(2_000, 500).deadAt, undefined);
  }
});

Deno.test("a peer that stays silent after a suspension is found dead all the same", () => {
  const watch = new Watch();
  watch.tick(60_000);
  const wokeAt = watch.nowMs;
  watch.run(60_000);
  assertLessOrEqual(watch.deadAt! - wokeAt, 3_000);
});

Deno.test("a clock that stands still or goes back counts nothing", () => {
  const liveness = new Liveness(1_000);
  for (let i = 0; i < 100; i++) assertEquals(liveness.tick(1_000 - i, 375, onPath(NOTHING)).kind, "alive");
});

Deno.test("after a wake-up a sign of life is due within a second, whatever was promised", () => {
  const dead = new Watch();
  dead.liveness.promised(30_000);
  dead.run(10_000);
  dead.liveness.suspect(dead.nowMs);
  assertEquals(dead.run(60_000).deadAt, 11_000);
  assertEquals(dead.reason, "no sign of life after this machine was suspended");

  const alive = new Watch();
  alive.liveness.promised(30_000);
  alive.liveness.suspect(alive.nowMs);
  alive.run(750);
  alive.liveness.received(10);
  assertEquals(alive.run(60_000).deadAt, undefined);
});

Deno.test("after a wake-up a long path gets three round trips, and a dead one is found all the same", () => {
  const path = { bytes: 0, acknowledged: 0, rate: 0, roundTripMs: 1_400 };
  const alive = new Watch();
  alive.liveness.promised(30_000);
  alive.waiting = path;
  alive.liveness.suspect(0);
  alive.run(1_500);
  assertEquals(alive.deadAt, undefined);
  alive.liveness.received(10);
  assertEquals(alive.run(60_000).deadAt, undefined);

  const dead = new Watch();
  dead.liveness.promised(30_000);
  dead.waiting = path;
  dead.liveness.suspect(0);
  assertEquals(dead.run(60_000).deadAt, 4_250);
});

Deno.test("what had waited while the machine slept is no sign of life, be it a reply; the answer to another question is", () => {
  for (const isReply of [false, true]) {
    const dead = new Watch();
    dead.liveness.asked();
    dead.run(500);
    dead.liveness.suspect(dead.nowMs);
    dead.liveness.received(10);
    if (isReply) dead.liveness.replied();
    dead.run(60_000);
    assertEquals([dead.deadAt, dead.asks], [1_500, [750]]);
    assertEquals(dead.reason, "no sign of life after this machine was suspended");
  }

  const alive = new Watch();
  alive.liveness.suspect(0);
  alive.liveness.received(10);
  alive.run(500);
  alive.liveness.received(10);
  alive.liveness.replied();
  assertEquals(alive.run(2_500).deadAt, undefined);
});

Deno.test("a reply of now ends what a sleep made of the round trip, one that had waited does not", () => {
  const watch = new Watch();
  watch.waiting = { ...NOTHING, roundTripMs: 40 };
  watch.run(500);
  // Acknowledgements that waited are read, and the first tick is late.
  watch.waiting = { ...NOTHING, roundTripMs: 4_000 };
  watch.tick(30_000);
  watch.liveness.suspect(watch.nowMs);
  assertEquals(watch.liveness.mostRoundTripMs, 40);
  watch.liveness.replied();
  assertEquals(watch.liveness.mostRoundTripMs, 40);
  watch.run(500);
  watch.liveness.received(10);
  watch.liveness.replied();
  assertEquals(watch.liveness.mostRoundTripMs, Infinity);
});

Deno.test("a long round trip prolongs the silence that is allowed: by itself and 3 s, or twice, if that is less", () => {
  const deadAfter = (roundTripMs: number) => {
    const watch = new Watch();
    watch.waiting = { bytes: 0, acknowledged: 0, rate: 0, roundTripMs };
    return watch.run(60_000).deadAt;
  };
  assertEquals([0, 1_000, 10_000, 50_000].map(deadAfter), [3_000, 5_000, 16_000, 56_000]);
});

Deno.test("silence that only the slowest path would excuse is doubted, and is death when that would not either", () => {
  // Nothing was measured: 16 kbit/s, 64 KiB of it, and 3 s or as long again.
  for (
    const [bytes, doubtedAt, deadAt] of [[4_000, undefined, 3_000], [5_000, 3_000, 6_500], [128_000, 3_000, 39_000]]
  ) {
    const watch = new Watch();
    watch.waiting = { bytes: bytes!, acknowledged: 0, rate: 0, roundTripMs: 0 };
    watch.run(60_000);
    assertEquals([watch.doubtedAt, watch.deadAt], [doubtedAt, deadAt]);
  }
});

Deno.test("what was measured excuses silence without a doubt", () => {
  const watch = new Watch();
  // 100 bytes a tick, which is no more than the slowest path carries; 20 kB need 50 s.
  for (let acknowledged = 0; acknowledged <= 5_000; acknowledged += 100) {
    watch.waiting = { bytes: 20_000, acknowledged, rate: 0, roundTripMs: 0 };
    watch.run(250, 250);
    watch.liveness.progressed();
  }
  const silentAt = watch.nowMs;
  watch.run(120_000);
  assertEquals(watch.doubtedAt, undefined);
  assertGreaterOrEqual(watch.deadAt! - silentAt, 50_000);
});

Deno.test("a few bytes that were acknowledged in front of a black hole do not excuse its silence for minutes", () => {
  const watch = new Watch();
  // 100 bytes in a tick, as part of a backlog of which nothing else was ever acknowledged.
  for (const acknowledged of [0, 100]) {
    watch.waiting = { bytes: 130_000, acknowledged, rate: 0, roundTripMs: 0 };
    watch.run(250, 250);
  }
  const silentAt = watch.nowMs;
  watch.run(120_000);
  assertLessOrEqual(watch.doubtedAt! - silentAt, 4_000);
  assertLessOrEqual(watch.deadAt! - silentAt, 40_000);
});

Deno.test("a black hole on a path of 10 kB a second is noticed when what is under way could have passed", () => {
  const watch = new Watch();
  for (let acknowledged = 0; acknowledged <= 80_000; acknowledged += 2_500) {
    watch.waiting = { bytes: 130_000, acknowledged, rate: 10, roundTripMs: 0 };
    watch.run(250, 250);
    watch.liveness.progressed();
  }
  const silentAt = watch.nowMs;
  watch.run(120_000);
  // 13 s, 3 s of silence and 3 s for a packet that was lost.
  assertLessOrEqual(watch.deadAt! - silentAt, 19_500);
});

Deno.test("a doubted carrier on which something is acknowledged is as good as any", () => {
  const watch = new Watch();
  watch.waiting = { bytes: 128_000, acknowledged: 0, rate: 0, roundTripMs: 0 };
  watch.run(10_000);
  assertEquals([watch.doubtedAt, watch.liveness.doubt], [3_000, { kind: "silent", ms: 10_000 }]);
  watch.liveness.received(1);
  assertEquals(watch.liveness.doubt, undefined);
  watch.liveness.progressed();
  watch.doubtedAt = undefined;
  watch.run(2_750);
  assertEquals([watch.doubtedAt, watch.deadAt], [undefined, undefined]);
});

Deno.test("where bytes come and nothing is acknowledged, the carrier is doubted as well, until something is", () => {
  const watch = new Watch();
  watch.waiting = { bytes: 128_000, acknowledged: 0, rate: 0, roundTripMs: 0 };
  watch.run(12_250, 1_000);
  // A second until the peer is asked, 3 s for its answer, and what 16 KiB need at 16 kbit/s.
  assertEquals([watch.doubtedAt, watch.liveness.doubt], [12_250, { kind: "stalled", ms: 12_250 }]);
  watch.run(5_000, 1_000);
  assertEquals(watch.liveness.doubt, { kind: "stalled", ms: 17_250 });
  watch.liveness.progressed();
  assertEquals(watch.liveness.doubt, undefined);
});

Deno.test("where bytes come and a question is not answered, the carrier is doubted, and never dead by that alone", () => {
  const watch = new Watch();
  watch.waiting = { bytes: 0, acknowledged: 0, rate: 0, roundTripMs: 40 };
  watch.liveness.asked();
  watch.run(4_250, 1_000);
  assertEquals(watch.liveness.doubt, { kind: "unanswered", ms: 4_250 });
  watch.run(600_000, 1_000);
  assertEquals(watch.deadAt, undefined);
  watch.liveness.replied();
  assertEquals(watch.liveness.doubt, undefined);
});

Deno.test("an answer that waits behind what comes is no reason for doubt", () => {
  const watch = new Watch();
  watch.waiting = { bytes: 0, acknowledged: 0, rate: 0, roundTripMs: 40 };
  watch.liveness.asked();
  watch.run(120_000, 1_000, 2_000);
  assertEquals(watch.doubtedAt, undefined);
});

Deno.test("a rate that was measured gives what waits its time before it is doubted", () => {
  const watch = new Watch();
  watch.waiting = { bytes: 20_000, acknowledged: 0, rate: 20, roundTripMs: 0 };
  watch.run(60_000, 1_000);
  assertEquals([watch.doubtedAt, watch.deadAt], [5_000, 14_000]);
});

Deno.test("a rate of less than 16 kbit/s is none: the carrier had little to send", () => {
  for (const rate of [0, 0.05, 1.9]) {
    const watch = new Watch();
    watch.waiting = { bytes: 1_000, acknowledged: 0, rate, roundTripMs: 0 };
    watch.run(60_000, 1_000);
    assertEquals([watch.doubtedAt, watch.deadAt], [undefined, 4_500]);
  }
});

Deno.test("a carrier that is dead one way is given up, whatever comes now and then", () => {
  const watch = new Watch();
  watch.waiting = { bytes: 1_000, acknowledged: 0, rate: 0, roundTripMs: 0 };
  for (let second = 1; watch.deadAt === undefined && second < 120; second++) {
    watch.run(1_000);
    watch.liveness.received(second % 4 === 0 ? 1_400 : 14);
  }
  assertLessOrEqual(watch.deadAt ?? Infinity, 10_000);
});

Deno.test("a path that was dead is not taken for a slow one when another carrier gets through", () => {
  const watch = new Watch();
  const queue = { bytes: 16_000, rate: 0, roundTripMs: 40 };
  watch.waiting = { ...queue, acknowledged: 0 };
  watch.run(10_000, 1_000);
  watch.waiting = { ...queue, acknowledged: 8_000, tookMs: 100 };
  watch.run(30_000, 1_000);
  assertLessOrEqual(watch.deadAt ?? Infinity, 13_000);
});

Deno.test("an answer that waits behind what comes meanwhile is no reason to give up", () => {
  for (const bytesPerSecond of [2_000, 8_000, 32_000]) {
    const watch = new Watch();
    watch.waiting = { bytes: 13, acknowledged: 0, rate: 1, roundTripMs: 50 };
    watch.run(60_000, 1_000, bytesPerSecond);
    assertEquals([watch.deadAt, watch.asks], [undefined, [1_000]]);
    watch.liveness.replied();
    watch.run(20_000, 1_000, bytesPerSecond);
    assertEquals(watch.deadAt, undefined);
  }
});

Deno.test("a peer from which bytes come and to which none get is given up all the same", () => {
  const watch = new Watch();
  watch.waiting = { bytes: 13, acknowledged: 0, rate: 1, roundTripMs: 50 };
  watch.run(600_000, 1_000, 8_000);
  assertEquals(watch.deadAt !== undefined && watch.deadAt < 130_000, true, `${watch.deadAt}`);
});

Deno.test("silence in the middle of a queue of seconds is the time of a lost packet to come again", () => {
  const watch = new Watch();
  // Much comes, so there may be a queue; the answer takes 9 s.
  watch.run(2_000, 250, 2_000);
  assertEquals(watch.asks.length, 1);
  watch.run(8_000, 250, 2_000);
  watch.liveness.replied();
  const silentAt = watch.nowMs;
  watch.run(60_000);
  assertEquals(watch.deadAt! - silentAt, 3_000 + 9_000 + 3_000);
  assertEquals(watch.asks.length, 1);
});

Deno.test("with an answer in time a carrier is found dead as soon as ever", () => {
  const watch = new Watch();
  for (let i = 0; i < 80; i++) {
    watch.run(250, 250, 1_000_000);
    watch.liveness.replied();
  }
  assert(watch.asks.length > 10);
  const silentAt = watch.nowMs;
  watch.run(60_000);
  assertLessOrEqual(watch.deadAt! - silentAt, 3_000 + 2 * 250);
});

Deno.test("a carrier that is heard often enough and makes progress is never condemned (fuzz)", () => {
  const event = fc.record({ afterTicks: fc.integer({ min: 1, max: 7 }), lateMs: fc.nat(20_000) });
  fc.assert(
    fc.property(fc.array(event, { minLength: 1, maxLength: 40 }), fc.nat(1 << 20), (events, bytes) => {
      const watch = new Watch();
      watch.waiting = { bytes, acknowledged: 0, rate: 0, roundTripMs: 0 };
      for (const { afterTicks, lateMs } of events) {
        watch.tick(lateMs);
        for (let tick = 1; tick < afterTicks; tick++) watch.tick();
        watch.liveness.received(10);
        watch.liveness.progressed();
      }
      assertEquals(watch.deadAt, undefined);
      watch.run(60_000);
      assert(watch.deadAt !== undefined, "and silence is found afterwards");
      assertGreaterOrEqual(watch.deadAt, 3_000);
    }),
    { seed: 9, numRuns: 200 },
  );
});

Deno.test("a promise of years is taken for one of an hour: a dead carrier is not kept for ever", () => {
  const liveness = new Liveness(0);
  liveness.promised(2 ** 32 - 1);
  assertEquals(liveness.deadlineMs, 3 * 3_600_000);
});

Deno.test("behind carriers that brought nothing silence may last longer, until this one has moved much or lived for long", () => {
  const silentFor = (before: (liveness: Liveness) => number) => {
    const liveness = new Liveness(0, 9_000);
    const from = before(liveness);
    for (let nowMs = from + STEP_MS;; nowMs += STEP_MS) {
      if (liveness.tick(nowMs, STEP_MS, onPath(NOTHING)).kind === "dead") return nowMs - from;
    }
  };
  assertEquals(silentFor(() => 0), 12_000);
  const hear = (liveness: Liveness, ms: number, bytes: number) => {
    for (let nowMs = STEP_MS; nowMs <= ms; nowMs += STEP_MS) {
      liveness.tick(nowMs, STEP_MS, onPath(NOTHING));
      liveness.received(bytes);
    }
    return ms;
  };
  assertEquals(silentFor((liveness) => hear(liveness, 1_000, 10)), 12_000);
  assertEquals(silentFor((liveness) => hear(liveness, 1_000, 4096)), 3_000);
  assertEquals(silentFor((liveness) => hear(liveness, 60_000, 10)), 3_000);
});

Deno.test("a carrier with nothing under way waits for what others of its path have in the queue", () => {
  const watch = new Watch();
  // 1.6 bytes per millisecond arrive of 30,000, on others; nothing comes here.
  let queuedBytes = 30_000, acknowledged = 0;
  for (let ms = 0; ms < 15_000; ms += STEP_MS) {
    watch.waiting = {
      bytes: 0,
      acknowledged: acknowledged += 400,
      rate: 0,
      roundTripMs: 0,
      queuedBytes: queuedBytes -= 400,
    };
    watch.run(STEP_MS);
  }
  assertEquals([watch.deadAt, watch.doubtedAt], [undefined, undefined]);
});

Deno.test("a carrier is silent for as long as answers take on others of its path, and no longer", () => {
  const watch = new Watch();
  watch.waiting = { ...NOTHING, answerMs: 8_000 };
  assertEquals(watch.run(60_000).deadAt, 14_000, "3000 ms and 8000 ms, and 3000 ms more");
});

Deno.test("once the path's rate is known it counts, not that of a carrier which never had much to send", () => {
  const watch = new Watch();
  let acknowledged = 0;
  for (let ms = 0; ms < 2_000; ms += STEP_MS) {
    watch.waiting = { bytes: 0, acknowledged: acknowledged += 50_000, rate: 0.1, roundTripMs: 40, queuedBytes: 50_000 };
    watch.run(STEP_MS, 0);
  }
  // All that others had is sent again on this one, which is dead one way: the peer's signs of life come.
  watch.waiting = { bytes: 300_000, acknowledged, rate: 0.1, roundTripMs: 40, queuedBytes: 300_000 };
  watch.run(60_000, 1_000);
  assertGreaterOrEqual(watch.deadAt ?? Infinity, 6_000);
  assertLessOrEqual(watch.deadAt ?? Infinity, 8_000);
});
