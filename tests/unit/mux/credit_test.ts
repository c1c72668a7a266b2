/** Flow control: what is granted stays within its limits, whatever the users do. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  GROWTH_POOL_BYTES,
  LEAST_START_CREDIT,
  MOST_START_CREDIT,
  MOST_WINDOW_BYTES,
  START_POOL_BYTES,
} from "../../../lib/mux/mux_constants.ts";
import { CreditPool, ReceiveWindow } from "../../../lib/mux/credit.ts";

const KIB = 1024;

/** A clock that stands still. */
function stoppedAt(nowMs: number): { now(): number } {
  return { now: () => nowMs };
}

/** Consumes in steps at the given pace until `bytes` are consumed; returns the time after it. */
function consume(window: ReceiveWindow, bytes: number, step: number, fromMs: number, stepMs: number): number {
  let nowMs = fromMs;
  for (let done = 0; done < bytes; done += step) {
    window.consume(Math.min(step, bytes - done), stoppedAt(nowMs += stepMs), 1);
  }
  return nowMs;
}

Deno.test("a pool promises what it has, and no more until something is given back", () => {
  const pool = new CreditPool(100);
  assertEquals([pool.take(60), pool.take(60), pool.take(60)], [60, 40, 0]);
  assertEquals(pool.free, 0);
  pool.give(30);
  assertEquals([pool.free, pool.take(50)], [30, 30]);
});

Deno.test("the first streams start with the most credit, later ones with less, everyone with the least", () => {
  const pool = new CreditPool(START_POOL_BYTES);
  const starts = Array.from({ length: 10_000 }, () => pool.takeStart());
  assertEquals(starts[0], MOST_START_CREDIT);
  assertEquals(starts.at(-1), LEAST_START_CREDIT);
  assert(starts.every((start, at) => at === 0 || start <= starts[at - 1]), "never more than the one before");
  assert(starts.filter((start) => start === MOST_START_CREDIT).length >= 48, "a usual number of streams gets the most");
  const total = starts.reduce((sum, start) => sum + start, 0);
  assert(total <= START_POOL_BYTES + 10_000 * LEAST_START_CREDIT, `${total} bytes`);
  assertEquals(pool.free, 0, "overdrawn is not negative");
});

Deno.test("a pool that was overdrawn by starts is full again when all were given back", () => {
  const pool = new CreditPool(64 * KIB);
  const starts = Array.from({ length: 100 }, () => pool.takeStart());
  for (const start of starts) pool.give(start);
  assertEquals(pool.free, 64 * KIB);
});

Deno.test("a window tells the peer only when half of it is used", () => {
  const window = new ReceiveWindow(1000, new CreditPool(0));
  assertEquals(window.granted, 1000);
  assertEquals(window.consume(499, stoppedAt(10_000), 1), false);
  assertEquals(window.granted, 1000);
  assertEquals(window.consume(1, stoppedAt(10_001), 1), true);
  assertEquals(window.granted, 1500);
});

Deno.test("a window that empties within a few round trips doubles, up to the largest: two times 1 Gbit/s in 100 ms", () => {
  const growth = new CreditPool(GROWTH_POOL_BYTES);
  const window = new ReceiveWindow(MOST_START_CREDIT, growth);
  const sizes: number[] = [];
  let nowMs = 0;
  for (let turn = 0; turn < 20; turn++) {
    window.consume(window.size, stoppedAt(nowMs += 10), 100);
    sizes.push(window.size);
  }
  assertEquals(sizes[0], MOST_START_CREDIT, "the first grant says nothing about the pace");
  assertEquals(sizes.slice(1, 4), [2, 4, 8].map((times) => times * MOST_START_CREDIT));
  assertEquals(sizes.at(-1), MOST_WINDOW_BYTES);
  assert(sizes.at(-1)! >= 2 * 12_500_000);
  assertEquals(growth.free, GROWTH_POOL_BYTES - (MOST_WINDOW_BYTES - MOST_START_CREDIT));
});

Deno.test("a value is told for each eighth of a large window, for 64 KiB of a smaller one, for half of a small one", () => {
  for (const [start, step] of [[16 * MOST_START_CREDIT, 2 * MOST_START_CREDIT], [400_000, 65_536], [1000, 500]]) {
    const window = new ReceiveWindow(start, new CreditPool(0));
    for (let told = 1; told <= 5; told++) {
      assertEquals(window.consume(step - 1, stoppedAt(10_000 * told), 1), false);
      assertEquals(window.consume(1, stoppedAt(10_000 * told), 1), true);
      assertEquals(window.granted, start + told * step);
    }
  }
});

Deno.test("no value of however large a window waits for more than 1 MiB", () => {
  const window = new ReceiveWindow(MOST_WINDOW_BYTES, new CreditPool(0));
  assertEquals(window.consume(1024 * KIB - 1, stoppedAt(0), 1), false);
  assertEquals(window.consume(1, stoppedAt(0), 1), true);
});

Deno.test("a window whose reader is slow does not grow", () => {
  const window = new ReceiveWindow(MOST_START_CREDIT, new CreditPool(GROWTH_POOL_BYTES));
  consume(window, 4 * 1024 * KIB, 16 * KIB, 0, 1_000);
  assertEquals(window.size, MOST_START_CREDIT);
});

Deno.test("a window grows where the round trip is unknown, if it empties within milliseconds", () => {
  const window = new ReceiveWindow(1000, new CreditPool(10_000));
  window.consume(1000, stoppedAt(0), 0);
  window.consume(1000, stoppedAt(3), 0);
  assertEquals(window.size, 2000);
});

Deno.test("growth leaves twice as much to others as it has taken", () => {
  const growth = new CreditPool(3000);
  const [first, second] = [new ReceiveWindow(1000, growth), new ReceiveWindow(1000, growth)];
  for (const window of [first, second]) {
    for (let turn = 0; turn < 9; turn++) window.consume(window.size, stoppedAt(turn), 1);
  }
  assertEquals([first.size, second.size, growth.free], [2000, 1666, 1334]);
});

Deno.test("however many windows have grown and stalled, the next one still grows", () => {
  const growth = new CreditPool(GROWTH_POOL_BYTES);
  const sizes = Array.from({ length: 8 }, () => {
    const window = new ReceiveWindow(MOST_START_CREDIT, growth);
    for (let turn = 0; turn < 30; turn++) window.consume(window.size, stoppedAt(turn), 100);
    return window.size;
  });
  // A third of the pool at the most: a window leaves twice as much to others as it takes.
  assertEquals(sizes[0], MOST_WINDOW_BYTES);
  assert(sizes[1]! > 10 * 1024 * KIB, `beside a stalled one: ${sizes[1]}`);
  assert(sizes[2]! > 6 * 1024 * KIB, `beside two stalled ones: ${sizes[2]}`);
  assert(sizes[7]! >= 4 * MOST_START_CREDIT, `beside seven: ${sizes[7]}`);
});

Deno.test("a large window that is idle gives memory back when others need it, but never what was granted", () => {
  const growth = new CreditPool(9000);
  const idle = new ReceiveWindow(1000, growth);
  for (let turn = 0; turn < 9; turn++) idle.consume(idle.size, stoppedAt(turn), 1);
  assertEquals([idle.size, growth.free], [4000, 6000]);
  // As long as others have their share, it may stay as it is.
  idle.consume(2000, stoppedAt(60_000), 1);
  assertEquals(idle.size, 4000);
  const other = new ReceiveWindow(1000, growth);
  for (let turn = 0; turn < 9; turn++) other.consume(other.size, stoppedAt(turn), 1);
  const before = idle.granted;
  idle.consume(2000, stoppedAt(120_000), 1);
  assertEquals(idle.size, 2000);
  assert(idle.granted >= before);
  idle.consume(2000, stoppedAt(180_000), 1);
  assertEquals(idle.size, 2000, "now it has its share");
});

Deno.test("a window never shrinks below its start", () => {
  const growth = new CreditPool(0);
  const window = new ReceiveWindow(1000, growth);
  consume(window, 100_000, 500, 0, 10_000);
  assertEquals([window.size, growth.free], [1000, 0]);
});

Deno.test("a closed window gives back what it grew by, once", () => {
  const growth = new CreditPool(5000);
  const window = new ReceiveWindow(1000, growth);
  window.consume(1000, stoppedAt(0), 1);
  window.consume(1000, stoppedAt(1), 1);
  assertEquals(growth.free, 4000);
  window.close();
  window.close();
  assertEquals(growth.free, 5000);
});

/** What may happen to one of several windows that share a growth pool. */
interface Step {
  window: number;
  /** Part of what is granted and not consumed that is consumed now, in percent. */
  percent: number;
  afterMs: number;
  closes: boolean;
}

const step: fc.Arbitrary<Step> = fc.record({
  window: fc.integer({ min: 0, max: 4 }),
  percent: fc.integer({ min: 0, max: 100 }),
  afterMs: fc.constantFrom(0, 1, 3, 20, 500, 5_000),
  closes: fc.integer({ min: 0, max: 30 }).map((dice) => dice === 0),
});

Deno.test("whatever users consume, all that is granted and not consumed stays within the pools", () => {
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 1, maxLength: 150 }),
      fc.integer({ min: 0, max: 40_000 }),
      fc.constantFrom(0, 1, 20, 100),
      (steps, poolBytes, roundTripMs) => {
        const starts = new CreditPool(8_000);
        const growth = new CreditPool(poolBytes);
        const make = () => ({ window: new ReceiveWindow(starts.takeStart(), growth), consumed: 0, start: 0 });
        const all = Array.from({ length: 5 }, make);
        for (const each of all) each.start = each.window.size;
        let nowMs = 0;
        for (const { window: at, percent, afterMs, closes } of steps) {
          nowMs += afterMs;
          const each = all[at];
          if (closes) {
            each.window.close();
            starts.give(each.start);
            all[at] = make();
            all[at].start = all[at].window.size;
            continue;
          }
          const granted = each.window.granted;
          const bytes = Math.floor((granted - each.consumed) * percent / 100);
          each.consumed += bytes;
          const told = each.window.consume(bytes, stoppedAt(nowMs), roundTripMs);
          assert(each.window.granted >= granted, "a grant is never taken back");
          assertEquals(told, each.window.granted > granted, "the peer is told exactly when there is news");
          assert(each.window.granted > each.consumed, "a reader that has read everything always lets the peer go on");
          const waiting = all.reduce((sum, { window, consumed }) => sum + window.granted - consumed, 0);
          const most = all.reduce((sum, { start }) => sum + start, 0) + poolBytes;
          assert(waiting <= most, `${waiting} bytes may wait, ${most} is the limit`);
          assert(all.every(({ window, start }) => window.size >= start && window.size <= MOST_WINDOW_BYTES));
        }
        for (const { window } of all) window.close();
        assertEquals(growth.free, poolBytes, "closed windows leave nothing behind");
      },
    ),
    { numRuns: 300 },
  );
});

Deno.test("absolute offsets: values that are lost, repeated or late leave the sender where the latest put it", () => {
  fc.assert(fc.property(
    fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 1, maxLength: 60 }),
    fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 60 }),
    (amounts, fates) => {
      const window = new ReceiveWindow(4_000, new CreditPool(10_000));
      let limit = window.granted;
      let consumed = 0;
      const told: number[] = [];
      amounts.forEach((amount, at) => {
        const bytes = Math.min(amount, window.granted - consumed);
        consumed += bytes;
        window.consume(bytes, stoppedAt(at), 1);
        const fate = fates[at % fates.length];
        if (fate === 0) return; // lost
        told.push(window.granted);
        if (fate === 2) told.push(window.granted); // twice
        if (fate === 3) told.push(told[0]); // an old one again
        for (const value of told.splice(fate === 3 ? 1 : 0)) limit = Math.max(limit, value);
        assert(limit <= window.granted);
      });
      limit = Math.max(limit, window.granted); // told again on resume
      assertEquals(limit, window.granted);
    },
  ));
});

Deno.test("what it costs to keep early data lowers the value that is told next, and never one that was told", () => {
  const window = new ReceiveWindow(1_000, new CreditPool(0));
  const clock = { now: () => 0 };
  assert(window.consume(600, clock, 0));
  assertEquals(window.granted, 1_600);
  window.charge(500);
  assert(!window.consume(600, clock, 0), "100 bytes more are not worth telling");
  assertEquals(window.granted, 1_600);
  window.charge(256);
  assert(!window.consume(100, clock, 0));
  assert(window.consume(100, clock, 0));
  assertEquals(window.granted, 1_400 + 1_000 - 256);
  window.charge(0);
  assert(window.consume(300, clock, 0));
  assertEquals(window.granted, 1_700 + 1_000);
});

/** A download of one stream over a long path: when its window is full-grown, and how much comes in the second behind. */
function longDownload({ megabitsPerSecond, roundTripMs }: { megabitsPerSecond: number; roundTripMs: number }) {
  const window = new ReceiveWindow(MOST_START_CREDIT, new CreditPool(GROWTH_POOL_BYTES));
  const bytesPerMs = megabitsPerSecond * 1e6 / 8 / 1000;
  const wayMs = roundTripMs / 2;
  const arrivals: number[] = [];
  const limits: number[] = [];
  let sent = 0, limit = MOST_START_CREDIT, grownMs = Infinity, came = 0;
  for (let nowMs = 0; nowMs < 10_000; nowMs++) {
    limit = limits[nowMs] ?? limit;
    const bytes = Math.floor(Math.min(bytesPerMs, limit - sent));
    sent += bytes;
    arrivals[nowMs + wayMs] = bytes;
    const arrived = arrivals[nowMs] ?? 0;
    if (arrived > 0 && window.consume(arrived, stoppedAt(nowMs), roundTripMs)) limits[nowMs + wayMs] = window.granted;
    if (window.size === MOST_WINDOW_BYTES) grownMs = Math.min(grownMs, nowMs);
    // What the largest window lets through comes a round trip later.
    const sinceMs = nowMs - grownMs - roundTripMs;
    if (sinceMs > 0 && sinceMs <= 1_000) came += arrived;
  }
  return { grownMs, megabitsPerSecond: came * 8 / 1e6 };
}

Deno.test("one stream at 850 Mbit/s over 100 ms has the largest window within two seconds, and then fills the path", () => {
  const download = longDownload({ megabitsPerSecond: 850, roundTripMs: 100 });
  assert(download.grownMs < 2_000, `${download.grownMs} ms`);
  assert(download.megabitsPerSecond > 840, `${download.megabitsPerSecond} Mbit/s`);
});
