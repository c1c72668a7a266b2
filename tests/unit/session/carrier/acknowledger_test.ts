/** Much is acknowledged at once, little a moment later, and a dialogue by its own data. */
import { assertEquals } from "@std/assert";
import { Acknowledger, sharedDelayMs } from "../../../../lib/session/carrier/acknowledger.ts";
import {
  ACKNOWLEDGE_BYTES,
  ACKNOWLEDGE_DELAY_MS,
  MOST_ACKNOWLEDGE_DELAY_MS,
} from "../../../../lib/session/session_constants.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

/** An acknowledger, and what it says. */
function setUp(mostDelayMs?: () => number) {
  const clock = new FakeClock({ nowMs: 0 });
  const control = { acknowledged: 0, acknowledgeDue: false };
  const dueMs: number[] = [];
  const world = {
    clock,
    dueMs,
    receiver: { takenBytes: 0 },
    /** So many bytes more were taken. */
    take(bytes: number): void {
      world.receiver.takenBytes += bytes;
      acknowledger.plan();
    },
    /** All that was taken is acknowledged, by what leaves anyway. */
    rideAlong(): void {
      control.acknowledged = world.receiver.takenBytes;
    },
  };
  const onDue = () => {
    assertEquals(control.acknowledgeDue, true);
    control.acknowledgeDue = false;
    dueMs.push(clock.now());
    world.rideAlong();
  };
  const acknowledger = new Acknowledger({ clock, control, receiver: world.receiver, onDue, mostDelayMs });
  return { ...world, world, acknowledger };
}

Deno.test("64 KiB are acknowledged in the step in which they are taken", () => {
  const { take, dueMs, clock } = setUp();
  take(ACKNOWLEDGE_BYTES);
  assertEquals([dueMs, clock.pendingTimers], [[0], 0]);
});

Deno.test("less is acknowledged when a moment is over, together with what came meanwhile", async () => {
  const { take, dueMs, clock, acknowledger } = setUp();
  take(1);
  await clock.advance(ACKNOWLEDGE_DELAY_MS - 1);
  take(1);
  assertEquals([dueMs, acknowledger.waitingBytes], [[], 2]);
  await clock.advance(1);
  assertEquals([dueMs, acknowledger.waitingBytes, clock.pendingTimers], [[ACKNOWLEDGE_DELAY_MS], 0, 0]);
});

Deno.test("as long as acknowledgements ride along the timer comes less often, and at last every 64 ms", async () => {
  const { take, world, dueMs, clock } = setUp();
  let fired = 0;
  let next = clock.nextDueMs;
  for (let ms = 0; ms < 1_000; ms++) {
    take(1);
    world.rideAlong();
    await clock.advance(1);
    if (clock.nextDueMs !== next) fired++;
    next = clock.nextDueMs;
  }
  assertEquals(dueMs, []);
  // Doubling takes 4 of them, and each is set anew by the byte behind it.
  assertEquals(fired >= 1_000 / (MOST_ACKNOWLEDGE_DELAY_MS + 1) && fired <= 2 * (4 + 1_000 / 64), true, `${fired}`);
});

Deno.test("what a dialogue leaves over waits for twice the longest delay at the most, and then the delay is short again", async () => {
  const { take, world, dueMs, clock } = setUp();
  for (let ms = 0; ms < 500; ms++) {
    take(1);
    world.rideAlong();
    await clock.advance(1);
  }
  take(1);
  const sinceMs = clock.now();
  await clock.advance(2 * MOST_ACKNOWLEDGE_DELAY_MS);
  assertEquals(dueMs.length, 1);
  take(1);
  await clock.advance(ACKNOWLEDGE_DELAY_MS);
  assertEquals([dueMs.length, dueMs[0] > sinceMs], [2, true]);
});

Deno.test("behind a stop nothing becomes due", async () => {
  const { take, dueMs, clock, acknowledger } = setUp();
  take(1);
  acknowledger.stop();
  assertEquals(clock.pendingTimers, 0);
  await clock.advance(1_000);
  assertEquals(dueMs, []);
});

Deno.test("beside other carriers it waits for an eighth of a round trip, 4 ms at the least and 10 at the most", () => {
  assertEquals([0, 32, 40, 56, 80, 500].map(sharedDelayMs), [4, 4, 5, 7, 10, 10]);
});

Deno.test("however long acknowledgements ride along, what is left over waits no longer than it may", async () => {
  const { take, world, dueMs, clock } = setUp(() => 7);
  for (let ms = 0; ms < 500; ms++) {
    take(1);
    world.rideAlong();
    await clock.advance(1);
  }
  take(1);
  await clock.advance(2 * 7);
  assertEquals(dueMs.length, 1);
});
