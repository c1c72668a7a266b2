import { assertEquals } from "@std/assert";
import { Patience } from "../../../../lib/session/reconnect/patience.ts";

/** Carriers of one session, one behind the other. */
class Carriers {
  readonly patience = new Patience();
  #nowMs = 0;
  #arrived = 0;

  /** One that lives for `livedMs` and is silent at the end; returns what is added for the next. */
  live(livedMs: number, silentMs: number, movedBytes = 0, isWaiting = false): number {
    this.patience.attached(this.#nowMs, this.#arrived);
    this.#nowMs += livedMs;
    this.#arrived += movedBytes;
    this.patience.lost(this.#nowMs, {
      arrivedBytes: this.#arrived,
      isWaiting,
      isEmpty: false,
      silentMs,
      roundTripMs: 40,
    });
    return this.patience.ms;
  }
}

Deno.test("patience grows with each carrier that was heard at first only: silence of 3 s becomes 6, then 12", () => {
  const carriers = new Carriers();
  assertEquals(carriers.patience.ms, 0);
  assertEquals([1, 2, 3].map(() => carriers.live(3_100, 3_000)), [3_000, 9_000, 9_000]);
});

Deno.test("a few bytes in small packets, behind which large ones vanish, prove nothing", () => {
  const carriers = new Carriers();
  assertEquals(carriers.live(3_100, 3_000, 20), 3_000);
  assertEquals(carriers.live(6_100, 6_000, 20), 9_000);
});

Deno.test("who waits for an acknowledgement in vain counts a carrier on which the peer is heard", () => {
  const carriers = new Carriers();
  assertEquals(carriers.live(5_000, 100, 0, true), 3_000);
});

Deno.test("much that was moved, or a minute of life, ends it", () => {
  const carriers = new Carriers();
  carriers.live(3_100, 3_000);
  assertEquals(carriers.live(10_000, 3_000, 16 * 1024), 0);
  carriers.live(3_100, 3_000);
  assertEquals(carriers.live(60_000, 3_000), 0);
});

Deno.test("of carriers that are lost with each other one counts", () => {
  const patience = new Patience();
  patience.attached(0, 0);
  const lost = { arrivedBytes: 0, isWaiting: true, isEmpty: false, silentMs: 3_000, roundTripMs: 40 };
  for (let number = 0; number < 6; number++) patience.lost(4_000, lost);
  assertEquals(patience.ms, 3_000);
});

Deno.test("one that was cut says nothing of what passes: there was no silence", () => {
  const carriers = new Carriers();
  assertEquals([carriers.live(20, 0), carriers.live(1_900, 10, 0, true)], [0, 0]);
  assertEquals(carriers.live(3_100, 3_000), 3_000);
  assertEquals(carriers.live(20, 0), 3_000, "nor does it take back what is known");
});

Deno.test("behind a sleep or a move all begins anew, also for the carriers that died in it", () => {
  const carriers = new Carriers();
  carriers.live(3_100, 3_000);
  carriers.patience.attached(10_000, 0);
  carriers.patience.startOver();
  carriers.patience.lost(14_000, {
    arrivedBytes: 0,
    isWaiting: true,
    isEmpty: false,
    silentMs: 4_000,
    roundTripMs: 40,
  });
  assertEquals(carriers.patience.ms, 0);
  assertEquals(carriers.live(3_100, 3_000), 3_000);
});

Deno.test("keys on a network that comes and goes are no reason to be patient", () => {
  const carriers = new Carriers();
  for (let i = 0; i < 10; i++) assertEquals(carriers.live(20_000, 3_000, 50, true), 0);
});
