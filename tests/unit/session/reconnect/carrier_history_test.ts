import { assertEquals } from "@std/assert";
import { CarrierHistory } from "../../../../lib/session/reconnect/carrier_history.ts";
import type { LostCarrier } from "../../../../lib/session/reconnect/patience.ts";

const NOTHING: LostCarrier = { arrivedBytes: 0, isWaiting: false, isEmpty: false, silentMs: 0, roundTripMs: 0 };

/** A history of carriers that lived for `livedMs` each. */
class Lives {
  readonly history = new CarrierHistory(0);
  nowMs = 0;

  live(livedMs: number, lost: Partial<LostCarrier> = {}): this {
    this.history.attached(this.nowMs);
    this.nowMs += livedMs;
    this.history.lost(this.nowMs, { ...NOTHING, ...lost });
    return this;
  }
}

Deno.test("a carrier that died at once and brought nothing is barren, one that brought a byte was of use", () => {
  const { history } = new Lives().live(10).live(10).live(10);
  assertEquals([history.barren, history.wasUseful], [3, false]);
  const useful = new Lives().live(10).live(10).live(10, { arrivedBytes: 1 });
  assertEquals([useful.history.barren, useful.history.wasUseful], [0, true]);
  useful.live(10, { arrivedBytes: 1 });
  assertEquals(useful.history.barren, 1, "nothing more came");
  useful.live(10, { arrivedBytes: 2 });
  assertEquals(useful.history.barren, 0);
});

Deno.test("a carrier without anything to carry was of use if it lived for five seconds", () => {
  assertEquals(new Lives().live(4_999).history.barren, 1);
  assertEquals(new Lives().live(5_000).history.barren, 0);
  assertEquals(new Lives().live(60_000, { isWaiting: true }).history.barren, 1);
});

Deno.test("carriers that live for less than a second are counted, whatever they bring", () => {
  const lives = new Lives().live(999, { arrivedBytes: 1 }).live(999, { arrivedBytes: 2 }).live(4_000, {
    arrivedBytes: 2,
  });
  assertEquals([lives.history.barren, lives.history.fleeting], [1, 3]);
  lives.live(1_000, { arrivedBytes: 3 });
  assertEquals([lives.history.barren, lives.history.fleeting], [0, 0]);
});

Deno.test("carriers that had nothing to carry are no reason to let a user wait who comes, others are", () => {
  const lives = new Lives().live(10, { isEmpty: true }).live(10).live(10, { isEmpty: true });
  assertEquals(lives.history.barren, 3, "until somebody comes they pause");
  lives.history.someoneCame();
  assertEquals([lives.history.barren, lives.history.wasUseful], [1, false]);
  lives.live(10, { isEmpty: true }).live(10, { arrivedBytes: 1 });
  lives.history.someoneCame();
  assertEquals([lives.history.barren, lives.history.wasUseful], [0, true]);
});

Deno.test("before the first carrier there is none that was of use", () => {
  const history = new CarrierHistory(0);
  assertEquals([history.barren, history.wasUseful, history.roundTripMs], [0, false, 0]);
  history.lost(10, NOTHING);
  assertEquals([history.barren, history.wasUseful], [0, false], "there was none to lose");
});

Deno.test("the outage has lasted since the last carrier that was of use, or since it became barren", () => {
  const lives = new Lives().live(100, { arrivedBytes: 10 });
  assertEquals(lives.history.outageSince, 100);
  lives.live(600_000, { arrivedBytes: 10, isWaiting: true });
  assertEquals(lives.history.outageSince, 600_100, "an idle carrier that died unseen was no outage");
  lives.live(10, { arrivedBytes: 10 }).live(10, { arrivedBytes: 10 });
  assertEquals(lives.history.outageSince, 600_100);
  lives.live(10, { arrivedBytes: 20 });
  assertEquals(lives.history.outageSince, 600_130);
});

Deno.test("what arrived is news if it is more than ever before: what counts too early, and then goes, is none later", () => {
  const lives = new Lives().live(10, { arrivedBytes: 100 }).live(10, { arrivedBytes: 83 });
  lives.live(10, { arrivedBytes: 100 });
  assertEquals(lives.history.barren, 2);
  lives.live(10, { arrivedBytes: 101 });
  assertEquals(lives.history.barren, 0);
});

Deno.test("another session counts anew, another network has no history, and the last round trip is remembered", () => {
  const lives = new Lives().live(10, { arrivedBytes: 100, roundTripMs: 250 });
  lives.history.sessionBegan();
  lives.live(10, { arrivedBytes: 5 });
  assertEquals([lives.history.barren, lives.history.roundTripMs], [0, 250]);
  lives.live(10, { arrivedBytes: 5 });
  assertEquals(lives.history.barren, 1);
  lives.history.startOver();
  assertEquals([lives.history.barren, lives.history.fleeting, lives.history.roundTripMs], [0, 0, 250]);
});
