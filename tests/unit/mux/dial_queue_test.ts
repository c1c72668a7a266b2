/** Users are dialled for in turns, for those that are still there, and at a bounded rate. */
import { assertAlmostEquals, assertEquals } from "@std/assert";
import { DialQueue } from "../../../lib/mux/dial_queue.ts";
import {
  DIALS_A_LATER_TURN,
  DIALS_A_SECOND,
  DIALS_A_TURN,
  MOST_DIALS_AT_ONCE,
} from "../../../lib/mux/mux_constants.ts";
import { FakeClock } from "../../support/fake_clock.ts";

interface Opened {
  number: number;
  isEnded: boolean;
}

/** A queue, and whom it dialled for. */
function start() {
  const clock = new FakeClock();
  const dialled: number[] = [];
  const queue = new DialQueue<Opened>(clock, ({ number }) => void dialled.push(number));
  let number = 0;
  const open = (count: number) =>
    Array.from({ length: count }, () => {
      const opened = { number: number++, isEnded: false };
      queue.add(opened);
      return opened;
    });
  return { clock, queue, dialled, open };
}

Deno.test("nobody is dialled for before the step is over", () => {
  const { queue, dialled, open } = start();
  open(2);
  assertEquals(dialled, []);
  queue.dialDue();
  assertEquals(dialled, [0, 1]);
});

Deno.test("streams that ended in the step, or while they waited, are dialled for by nobody", async () => {
  const { clock, queue, dialled, open } = start();
  const opened = open(DIALS_A_TURN + 3);
  opened[0].isEnded = true;
  queue.dialDue();
  opened.at(-1)!.isEnded = true;
  await clock.advance(10);
  assertEquals(dialled, opened.slice(1, -1).map(({ number }) => number));
});

Deno.test("many are dialled for in turns, in order, and those that come meanwhile go behind them", async () => {
  const { clock, queue, dialled, open } = start();
  open(DIALS_A_TURN + DIALS_A_LATER_TURN);
  queue.dialDue();
  open(1);
  queue.dialDue();
  assertEquals(dialled.length, DIALS_A_TURN);
  await clock.advance(1);
  assertEquals(dialled.length, DIALS_A_TURN + DIALS_A_LATER_TURN);
  await clock.advance(1);
  assertEquals(dialled, Array.from({ length: DIALS_A_TURN + DIALS_A_LATER_TURN + 1 }, (_, at) => at));
  assertEquals(clock.pendingTimers, 0);
});

Deno.test("who always opens more than a turn dials for has short turns, until nobody waits any more", async () => {
  const { clock, queue, dialled, open } = start();
  open(10 * DIALS_A_TURN);
  queue.dialDue();
  for (let turn = 1; turn <= 30; turn++) {
    open(DIALS_A_TURN);
    queue.dialDue();
    await clock.advance(1);
    assertEquals(dialled.length, DIALS_A_TURN + turn * DIALS_A_LATER_TURN);
  }
  await clock.advance(1_000);
  const before = dialled.length;
  open(DIALS_A_TURN);
  queue.dialDue();
  assertEquals(dialled.length - before, DIALS_A_TURN);
});

Deno.test("beyond a burst there are only so many dials a second, and a pause allows a burst again", async () => {
  const { clock, queue, dialled, open } = start();
  open(MOST_DIALS_AT_ONCE + 1.25 * DIALS_A_SECOND);
  queue.dialDue();
  // The burst itself is dialled in turns of a millisecond each, in which more dials are allowed.
  await clock.advance(1_000);
  const allowed = MOST_DIALS_AT_ONCE + DIALS_A_SECOND;
  assertEquals(
    [dialled.length <= allowed, dialled.length > allowed - 2 * DIALS_A_TURN],
    [true, true],
    `${dialled.length}`,
  );
  await clock.advance(60_000);
  const before = dialled.length;
  assertEquals(before, MOST_DIALS_AT_ONCE + 1.25 * DIALS_A_SECOND);
  open(MOST_DIALS_AT_ONCE);
  queue.dialDue();
  await clock.advance(MOST_DIALS_AT_ONCE / DIALS_A_LATER_TURN);
  assertEquals(dialled.length - before, MOST_DIALS_AT_ONCE);
});

Deno.test("a stream that was carried to its end gives its dial back", async () => {
  const { clock, queue, dialled, open } = start();
  open(MOST_DIALS_AT_ONCE + 2.5 * DIALS_A_SECOND);
  queue.dialDue();
  await clock.advance(1_000);
  const before = dialled.length;
  const finished = 1_000;
  for (let count = 0; count < finished; count++) queue.wasOfUse();
  await clock.advance(1_000);
  assertAlmostEquals(dialled.length - before, DIALS_A_SECOND + finished, 2 * DIALS_A_LATER_TURN);
});

Deno.test("a client whose streams all come to a good end is dialled for without a bound, for as long as it likes", async () => {
  const { clock, queue, dialled, open } = start();
  const [eachMs, seconds] = [20, 10];
  for (let ms = 0; ms < 1_000 * seconds; ms++) {
    open(eachMs);
    queue.dialDue();
    for (let count = 0; count < eachMs; count++) queue.wasOfUse();
    assertEquals(dialled.length, eachMs * (ms + 1));
    await clock.advance(1);
  }
});

Deno.test("streams that were carried to their end allow no more than a burst", async () => {
  const { clock, queue, dialled, open } = start();
  for (let count = 0; count < MOST_DIALS_AT_ONCE; count++) queue.wasOfUse();
  open(2 * MOST_DIALS_AT_ONCE);
  queue.dialDue();
  await clock.advance(400);
  assertEquals(dialled.length < MOST_DIALS_AT_ONCE + 0.5 * DIALS_A_SECOND, true, `${dialled.length} dials`);
});

Deno.test("a queue that was dropped dials for nobody, and leaves no timer", async () => {
  const { clock, queue, dialled, open } = start();
  open(DIALS_A_TURN + 1);
  queue.dialDue();
  queue.drop();
  assertEquals(clock.pendingTimers, 0);
  await clock.advance(1_000);
  assertEquals(dialled.length, DIALS_A_TURN);
});
