import { assertAlmostEquals, assertEquals, assertGreater, assertGreaterOrEqual, assertLess } from "@std/assert";
import fc from "fast-check";
import { LoneBound } from "../../../../lib/session/path/lone_bound.ts";
import { PathBound } from "../../../../lib/session/path/path_bound.ts";
import { RateFilter } from "../../../../lib/session/path/rate_filter.ts";
import { EagerStart } from "../../../../lib/session/path/start_bound.ts";
import { FIRST_BOUND } from "../../../../lib/session/path/startup.ts";

const KIB = 1024;
const ACK_BYTES = 64 * KIB;
const ACK_DELAY_MS = 5;
/** 1 Mbit/s in bytes per millisecond. */
const MBIT = 125;

interface Path {
  rate: number; // bytes per ms
  roundTripMs: number;
}

/**
 * A bottleneck with a queue that never drops, a receiver that delays acknowledgements, a sender that writes all it may.
 */
class Link {
  readonly flight = new PathBound().join();
  nowMs = 0;
  sent = 0;
  delivered = 0;
  #offered = Infinity;
  #offeredSoFar = 0;
  #served = 0;
  #credit = 0;
  #heldUntilMs = 0;
  #acknowledged = 0;
  #unacknowledgedSinceMs = -1;
  #arrivals: [number, number][] = [];
  #acks: [number, number][] = [];

  constructor(public path: Path, readonly tickMs = 0.25, readonly writeBytes = 16 * KIB) {}

  get queueMs(): number {
    return (this.sent - this.#served) / this.path.rate;
  }

  /** From now on the application has so many bytes per millisecond to send; Infinity is a bulk transfer. */
  offer(bytesPerMs: number): void {
    this.#offered = bytesPerMs;
    this.#offeredSoFar = this.sent;
  }

  run(ms: number, watch?: (link: Link) => void): this {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs;) {
      this.#tick();
      watch?.(this);
    }
    return this;
  }

  /** Acknowledgements stay away for a while, then come together. */
  holdAcks(ms: number): void {
    this.#heldUntilMs = this.nowMs + ms;
  }

  /** Runs, and returns the share of the path's rate that was used and the 99th percentile of the queue. */
  measure(ms: number): { used: number; queueMs: number } {
    const before = this.delivered;
    const queues = new Float64Array(Math.ceil(ms / this.tickMs) + 1);
    let ticks = 0;
    this.run(ms, (link) => queues[ticks++] = link.queueMs);
    const sorted = queues.subarray(0, ticks).sort();
    return {
      used: (this.delivered - before) / (ms * this.path.rate),
      queueMs: sorted[Math.floor(ticks * 0.99)],
    };
  }

  #tick(): void {
    this.nowMs += this.tickMs;
    const { nowMs, flight, path } = this;
    const due = nowMs < this.#heldUntilMs ? -1 : nowMs;
    while (this.#acks.length > 0 && this.#acks[0][0] <= due) flight.onAck(nowMs, this.#acks.shift()![1]);

    this.#offeredSoFar += this.#offered * this.tickMs;
    for (;;) {
      const bytes = Math.floor(Math.min(this.writeBytes, flight.room(), this.#offeredSoFar - this.sent));
      if (bytes < 1) break;
      flight.onSend(nowMs, this.sent += bytes);
    }
    if (flight.room() > 0) flight.markApplicationLimited();

    this.#credit += path.rate * this.tickMs;
    const served = Math.min(Math.floor(this.#credit), this.sent - this.#served);
    this.#credit = served === this.sent - this.#served ? 0 : this.#credit - served;
    if (served > 0) this.#arrivals.push([nowMs + path.roundTripMs / 2, this.#served += served]);

    while (this.#arrivals.length > 0 && this.#arrivals[0][0] <= nowMs) {
      this.delivered = this.#arrivals.shift()![1];
      if (this.#unacknowledgedSinceMs < 0) this.#unacknowledgedSinceMs = nowMs;
    }
    const waiting = this.delivered - this.#acknowledged;
    if (waiting === 0) return;
    if (waiting < ACK_BYTES && nowMs - this.#unacknowledgedSinceMs < ACK_DELAY_MS) return;
    this.#acks.push([nowMs + path.roundTripMs / 2, this.#acknowledged = this.delivered]);
    this.#unacknowledgedSinceMs = -1;
  }
}

Deno.test("lone bound: 20 Mbit/s and 40 ms are used with a short queue", () => {
  const link = new Link({ rate: 20 * MBIT, roundTripMs: 40 }).run(2_000);
  const { used, queueMs } = link.measure(60_000);
  assertGreaterOrEqual(used, 0.95);
  assertLess(queueMs, 60);
  assertAlmostEquals(link.flight.rateBytesPerMs, 20 * MBIT, 20 * MBIT * 0.15);
  assertLess(link.flight.lowestRoundTripMs, 50);
});

Deno.test("lone bound: 1 Gbit/s and 100 ms are filled within three seconds", () => {
  const link = new Link({ rate: 1_000 * MBIT, roundTripMs: 100 }, 0.5, 64 * KIB).run(3_000);
  assertGreaterOrEqual(link.flight.bound, 12.5e6);
  const { used, queueMs } = link.measure(15_000);
  assertGreaterOrEqual(used, 0.95);
  assertLess(queueMs, 80);
});

Deno.test("lone bound: the bound doubles each round trip at the start", () => {
  const link = new Link({ rate: 1_000 * MBIT, roundTripMs: 100 }, 0.5, 64 * KIB);
  assertEquals(link.flight.bound, FIRST_BOUND);
  for (let bound = FIRST_BOUND; bound < 5e6; bound = link.flight.bound) {
    link.run(107);
    assertGreaterOrEqual(link.flight.bound, bound * 1.9);
  }
});

Deno.test("lone bound: 256 kbit/s and 50 ms work, with a short queue", () => {
  const link = new Link({ rate: 32, roundTripMs: 50 }, 1, 4 * KIB).run(10_000);
  const { used } = link.measure(120_000);
  assertGreaterOrEqual(used, 0.99);
  assertLess(link.flight.bound, 32 * 160);
});

for (const [rate, from, to] of [[20, 40, 200], [100, 40, 200], [100, 40, 75], [10, 40, 200], [500, 10, 300]]) {
  Deno.test(`lone bound: ${rate} Mbit/s stay used when the round trip rises from ${from} to ${to} ms`, () => {
    const link = new Link({ rate: rate * MBIT, roundTripMs: from }, 0.5).run(7_000);
    link.path = { rate: rate * MBIT, roundTripMs: to };
    link.run(4_000);
    assertGreaterOrEqual(link.measure(30_000).used, 0.9);
    link.path = { rate: rate * MBIT, roundTripMs: from };
    link.run(12_000); // a shorter path shows in no sample until the next drain
    const after = link.measure(20_000);
    assertGreaterOrEqual(after.used, 0.95);
    assertLess(after.queueMs, 60);
  });
}

Deno.test("lone bound: the queue drains within seconds when the rate drops, and the rate is found again", () => {
  const link = new Link({ rate: 100 * MBIT, roundTripMs: 40 }).run(7_000);
  link.path = { rate: 5 * MBIT, roundTripMs: 40 };
  link.run(4_000);
  const low = link.measure(30_000);
  assertGreaterOrEqual(low.used, 0.95);
  assertLess(low.queueMs, 60);
  link.path = { rate: 100 * MBIT, roundTripMs: 40 };
  link.run(1_500);
  const high = link.measure(20_000);
  assertGreaterOrEqual(high.used, 0.95);
  assertLess(high.queueMs, 60);
});

Deno.test("lone bound: a long path that gets ten times faster is filled within seconds", () => {
  const link = new Link({ rate: 50 * MBIT, roundTripMs: 200 }, 0.5).run(8_000);
  link.path = { rate: 500 * MBIT, roundTripMs: 200 };
  link.run(6_000);
  assertGreaterOrEqual(link.measure(20_000).used, 0.95);
});

Deno.test("lone bound: a standing queue does not become the lowest round trip", () => {
  const link = new Link({ rate: 50 * MBIT, roundTripMs: 30 }).run(120_000);
  assertLess(link.flight.lowestRoundTripMs, 37);
});

Deno.test("lone bound: a trickle does not lower the rate, however long it lasts", () => {
  const link = new Link({ rate: 100 * MBIT, roundTripMs: 40 }).run(5_000);
  const { rateBytesPerMs } = link.flight;
  link.offer(50);
  link.run(60_000);
  assertGreater(link.flight.rateBytesPerMs, rateBytesPerMs * 0.9);
  assertLess(link.flight.lowestRoundTripMs, 50);
  link.offer(Infinity);
  assertGreaterOrEqual(link.measure(5_000).used, 0.95);
});

Deno.test("lone bound: what an application-limited sender shows may raise the rate", () => {
  const link = new Link({ rate: 100 * MBIT, roundTripMs: 100 });
  link.offer(10 * MBIT);
  link.run(5_000);
  assertGreater(link.flight.rateBytesPerMs, 9 * MBIT);
  link.offer(40 * MBIT);
  link.run(5_000);
  assertGreater(link.flight.rateBytesPerMs, 36 * MBIT);
  assertLess(link.queueMs, 10);
});

Deno.test("lone bound: loopback is not limited", () => {
  const link = new Link({ rate: 2.5e6, roundTripMs: 0.1 }, 0.05, 256 * KIB).run(150);
  assertGreater(link.flight.bound, 20e6);
  let starved = 0;
  link.run(300, ({ flight }) => starved += flight.bound < 4e6 ? 1 : 0);
  assertLess(starved, 10);
});

Deno.test("lone bound: hiccups of acknowledgements neither raise the rate nor strangle it", () => {
  const link = new Link({ rate: 100 * MBIT, roundTripMs: 40 }).run(5_000);
  let most = 0;
  for (let hiccup = 0; hiccup < 20; hiccup++) {
    link.holdAcks(300);
    link.run(1_500, ({ flight }) => most = Math.max(most, flight.rateBytesPerMs));
  }
  assertLess(most, 100 * MBIT * 1.25);
  assertGreater(link.flight.rateBytesPerMs, 90 * MBIT);
});

Deno.test("lone bound: a path that lets bursts through on a short round trip is not taken for a fast one", () => {
  // 100 Mbit/s in bursts of 64 KiB every 5.2 ms, as a shaper with a token bucket does; 0.2 ms round trip.
  const flight = new PathBound().join();
  let sent = 0, acknowledged = 0;
  for (let nowMs = 0; nowMs < 2_000; nowMs += 5.2) {
    const room = flight.room();
    if (room > 0) flight.onSend(nowMs, sent += room);
    if (sent > acknowledged) flight.onAck(nowMs + 0.2, acknowledged = Math.min(sent, acknowledged + 64 * KIB));
  }
  assertLess(flight.rateBytesPerMs, 100 * MBIT * 1.3);
  assertLess(flight.bound, 100 * MBIT * 1.3 * 45);
});

Deno.test("lone bound: on any steady path the bound is near what it should be, and the path is used", () => {
  const rate = fc.integer({ min: 1, max: 300 }), roundTrip = fc.integer({ min: 1, max: 300 });
  fc.assert(
    fc.property(rate, roundTrip, (mbit, roundTripMs) => {
      const link = new Link({ rate: mbit * MBIT, roundTripMs }, 0.5).run(8_000);
      assertGreaterOrEqual(link.measure(12_000).used, 0.93);
      const right = Math.max(100 * MBIT, mbit * MBIT * (roundTripMs + 20));
      assertLess(link.flight.bound, right * 1.5);
    }),
    { numRuns: 30 },
  );
});

Deno.test("lone bound: where acknowledgements come in bursts it lasts until the next one", () => {
  const rates = new RateFilter(), bursts = { silentMs: 500, usualMs: (lowestMs: number) => Math.max(lowestMs, 500) };
  const lone = new LoneBound(rates, new EagerStart(32_768), 40, bursts);
  for (let nowMs = 500; nowMs <= 3_000; nowMs += 500) {
    rates.add(1_000, false);
    const times = { nowMs, roundTripMs: 500, meanRoundTripMs: 500 };
    lone.onDelivery({ ...times, bytes: 500_000, inFlightThen: 500_000, endsRound: true });
  }
  assertEquals([lone.bound, lone.isFull, lone.lowestRoundTripMs], [520_000, false, 40]);
});
