/** What comes back in bursts, and what only looks as if it did. */
import { assertEquals } from "@std/assert";
import { Bursts } from "../../../../lib/session/path/bursts.ts";

const PATH = { lowestRoundTripMs: 40, bytesPerMs: 1_000 };

/** At these times something came that was sent `roundTripMs` before. */
function came(timesMs: number[], roundTripMs = 40, bursts = new Bursts(), path = PATH): Bursts {
  for (const nowMs of timesMs) bursts.arrived({ nowMs, roundTripMs, ...path });
  return bursts;
}

/** A box lets through what it has at these times: what was sent all the time before. */
function boxed(timesMs: number[]): Bursts {
  const bursts = new Bursts();
  for (const nowMs of timesMs) {
    for (let roundTripMs = 500; roundTripMs >= 40; roundTripMs -= 20) came([nowMs], roundTripMs, bursts);
  }
  return bursts;
}

/** Each `stepMs` from one time to another. */
function every(stepMs: number, fromMs: number, toMs: number): number[] {
  return Array.from({ length: Math.ceil((toMs - fromMs) / stepMs) }, (_, at) => fromMs + stepMs * at);
}

Deno.test("bursts: two silences that follow each other count, the shorter of them", () => {
  assertEquals([[500], [500, 1_000], [500, 1_000, 1_300]].map((times) => boxed(times).silentMs), [0, 500, 300]);
});

Deno.test("bursts: a round trip lasts until the next one, or as long as the path is", () => {
  assertEquals([40, 700].map((lowestMs) => boxed([500, 1_000]).usualMs(lowestMs)), [500, 700]);
  assertEquals(new Bursts().usualMs(40), 40);
});

Deno.test("bursts: one silence is an outage, and so is another one long behind it", () => {
  const bursts = came(every(20, 0, 1_000));
  came([4_000], 3_000, bursts);
  assertEquals(bursts.silentMs, 0);
  came(every(20, 4_020, 14_000), 40, bursts);
  came([17_000], 3_000, bursts);
  assertEquals(bursts.silentMs, 0);
});

Deno.test("bursts: where what comes is silent no more, none are left", () => {
  const bursts = boxed([500, 1_000, 1_500]);
  came(every(20, 1_520, 2_500), 40, bursts);
  assertEquals(bursts.silentMs, 500, "for twice as long they may go on");
  came(every(20, 2_500, 2_600), 40, bursts);
  assertEquals(bursts.silentMs, 0);
});

Deno.test("bursts: a time in which nothing was under way is no silence", () => {
  assertEquals(came(every(1_000, 0, 10_000)).silentMs, 0);
});

Deno.test("bursts: what waits in a queue comes in turn", () => {
  assertEquals(came(every(25, 0, 10_000), 2_000).silentMs, 0);
});

Deno.test("bursts: on a slow path two packets take their time, and silence of less than 200 ms tells nothing", () => {
  const silentMs = (stepMs: number, bytesPerMs: number) => {
    return came(every(stepMs, 0, 10_000), 4_000, new Bursts(), { ...PATH, bytesPerMs }).silentMs;
  };
  assertEquals([silentMs(700, 4), silentMs(800, 4), silentMs(199, 1_000), silentMs(200, 1_000)], [0, 800, 0, 200]);
});

Deno.test("bursts: what is no longer than the lowest round trip is the path's own", () => {
  const silentMs = (lowestRoundTripMs: number) => {
    return came(every(500, 0, 5_000), 500, new Bursts(), { ...PATH, lowestRoundTripMs }).silentMs;
  };
  assertEquals([silentMs(0), silentMs(500), silentMs(600)], [0, 500, 0]);
});
