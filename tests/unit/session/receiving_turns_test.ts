/** The turns of one session. */
import { assertEquals } from "@std/assert";
import { MOST_TURN_COST } from "../../../lib/session/session_constants.ts";
import { ReceivingTurns } from "../../../lib/session/receiving_turns.ts";
import { FakeClock } from "../../support/fake_clock.ts";

Deno.test("what was used of an allowance comes back with the end of the read, and what was used up a turn later", async () => {
  const clock = new FakeClock();
  const turns = new ReceivingTurns(clock);
  turns.allowance.left = 1;
  assertEquals([turns.ended(), turns.allowance.left], [undefined, MOST_TURN_COST]);
  turns.allowance.left = 0;
  let isOver = false;
  const pause = turns.ended();
  assertEquals([turns.ended() === pause, turns.allowance.left], [true, 0]);
  pause!.then(() => isOver = true);
  await clock.advance(1);
  assertEquals([isOver, turns.allowance.left, turns.ended()], [true, MOST_TURN_COST, undefined]);
});

Deno.test("who waits for a turn goes on to its end when the session is over", async () => {
  const clock = new FakeClock();
  const turns = new ReceivingTurns(clock);
  turns.allowance.left = 0;
  const pause = turns.ended();
  turns.stop();
  await pause;
  assertEquals(clock.pendingTimers, 0);
});

Deno.test("what is read behind the end of the session has turns as before", async () => {
  const clock = new FakeClock();
  const turns = new ReceivingTurns(clock);
  turns.allowance.left = 0;
  turns.ended();
  turns.stop();
  assertEquals([turns.ended(), turns.allowance.left], [undefined, MOST_TURN_COST]);
  turns.allowance.left = 0;
  const pause = turns.ended();
  await clock.advance(1);
  await pause;
  assertEquals([turns.allowance.left, clock.pendingTimers], [MOST_TURN_COST, 0]);
});
