/** What an answer waits on its way back, told by two clocks that agree on nothing. */
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { ReturnDelay, WRAP_MS } from "../../../../lib/session/path/return_delay.ts";
import { Random } from "../../../support/random.ts";

const LOWEST_MS = 40;

/** A path whose ways take 20 ms each, and a queue in each; the peer's clock is ahead of this one. */
class Ways {
  readonly delay = new ReturnDelay();

  constructor(public aheadMs = 0) {}

  /** An answer that comes at `nowMs`, behind these two queues: what it says of the second. */
  waited(nowMs: number, thereMs: number, backMs: number): number {
    const cameMs = nowMs - backMs - LOWEST_MS / 2 + this.aheadMs;
    const answer = {
      nowMs,
      roundTripMs: LOWEST_MS + thereMs + backMs,
      cameMs: ((cameMs % WRAP_MS) + WRAP_MS) % WRAP_MS,
    };
    return this.delay.waitedMs(answer, LOWEST_MS);
  }
}

Deno.test("what an answer waits on its way back is told, and not what its question waited, whatever the clocks say", () => {
  for (const aheadMs of [0, 12_345, -12_345, WRAP_MS / 2, WRAP_MS - 1]) {
    const ways = new Ways(aheadMs);
    assertEquals([ways.waited(100, 7, 0), ways.waited(200, 0, 30), ways.waited(300, 50, 12)], [0, 30, 12]);
  }
});

Deno.test("the peer's time may begin again, and so may what both clocks differ by", () => {
  const ways = new Ways(WRAP_MS - 1_000);
  const waits = [500, 900, 1_000, 1_010, 2_000].map((nowMs, at) => ways.waited(nowMs, 5, at * 10));
  assertEquals(waits, [0, 10, 20, 30, 40]);
});

Deno.test("clocks that drift are followed: the least of 15 to 30 s counts", () => {
  for (const drift of [100e-6, -100e-6]) {
    const ways = new Ways();
    for (let nowMs = 0; nowMs < 3_600_000; nowMs += 1_000) {
      ways.aheadMs = drift * nowMs;
      const backMs = nowMs % 10_000 === 0 ? 0 : 10;
      assertAlmostEquals(ways.waited(nowMs, 3, backMs), backMs, 3.1, `at ${nowMs}`);
    }
  }
});

Deno.test("behind a pause nothing of before counts, for clocks may have drifted far", () => {
  const ways = new Ways();
  ways.waited(0, 0, 0);
  assertEquals(ways.waited(29_999, 0, 10), 10);
  assertEquals(ways.waited(90_000, 0, 10), 0);
});

Deno.test("a clock that slept leads nobody to believe that a round trip is shorter than half of the lowest one", () => {
  for (const jumpMs of [-3_600_000, -1_000, 1_000, 3_600_000]) {
    const ways = new Ways();
    ways.waited(0, 0, 0);
    ways.aheadMs = jumpMs;
    assertEquals(ways.waited(1_000, 10, 0), 0, "the first answer behind it");
    assertEquals([ways.waited(1_100, 0, 25), ways.waited(1_200, 25, 0)], [25, 0], "it is measured anew");
  }
});

Deno.test("whatever a peer tells, half of the lowest round trip is left, and no answer takes less than no time", () => {
  const random = new Random(7), delay = new ReturnDelay();
  for (let nowMs = 0; nowMs < 200_000; nowMs += 100) {
    const roundTripMs = random.between(1, 200), lowestMs = random.chance(0.3) ? 0 : random.between(1, roundTripMs);
    const cameMs = random.chance(0.5) ? random.between(0, WRAP_MS - 1) : (nowMs + random.between(0, 500)) % WRAP_MS;
    const waitedMs = delay.waitedMs({ nowMs, roundTripMs, cameMs }, lowestMs);
    assert(waitedMs >= 0 && waitedMs <= roundTripMs - (lowestMs || roundTripMs) / 2, `${waitedMs} of ${roundTripMs}`);
  }
});
