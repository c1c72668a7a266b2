/** What a step of the bound looks at: what was seen since the one before. */
import { assertEquals } from "@std/assert";
import { BoundStep } from "../../../../lib/session/path/bound_step.ts";

Deno.test("bound step: the shortest counts, of answers and of what was acknowledged that was sent since", () => {
  const step = new BoundStep();
  assertEquals([step.answers, step.lowestMs, step.bulkMs], [0, Infinity, 0]);
  step.answered(100, 90);
  step.delivered({ roundTripMs: 40, bytes: 1_000 }, false);
  assertEquals([step.answers, step.lowestMs], [1, 90]);
  step.delivered({ roundTripMs: 60, bytes: 3_000 }, true);
  step.answered(150, 80);
  assertEquals([step.answers, step.lowestMs, step.bulkMs], [2, 60, 55]);
});

Deno.test("bound step: the rate is that since the last one, and the first has none", () => {
  const step = new BoundStep();
  step.delivered({ roundTripMs: 40, bytes: 50_000 }, true);
  assertEquals(step.bytesPerMs(1_000), 0);
  step.next(1_000);
  step.delivered({ roundTripMs: 40, bytes: 50_000 }, true);
  assertEquals(step.bytesPerMs(1_100), 500);
});

Deno.test("bound step: the next one begins with what is in flight, and with nothing else", () => {
  const step = new BoundStep();
  for (const bytes of [10_000, 90_000, 60_000]) step.inFlight(bytes);
  step.answered(60, 50);
  assertEquals(step.mostInFlight, 90_000);
  step.next(100);
  assertEquals([step.mostInFlight, step.answers, step.lowestMs, step.bulkMs], [60_000, 0, Infinity, 0]);
});

Deno.test("bound step: answers within 10 ms of the first came at once, and each step begins anew", () => {
  const step = new BoundStep();
  for (const nowMs of [300, 305, 309]) step.answered(nowMs, 90);
  assertEquals([step.answers, step.cameAtOnce], [3, true]);
  step.answered(310, 60);
  assertEquals(step.cameAtOnce, false);
  step.next(320);
  step.answered(400, 60);
  assertEquals(step.cameAtOnce, true);
});

Deno.test("bound step: answers that are forgotten take the shortest with them, and not what was delivered", () => {
  const step = new BoundStep();
  step.next(0);
  step.delivered({ roundTripMs: 40, bytes: 1_000 }, true);
  step.answered(50, 50);
  step.forgetAnswers();
  step.answered(100, 70);
  assertEquals([step.answers, step.cameAtOnce, step.lowestMs, step.bulkMs, step.bytesPerMs(100)], [
    1,
    true,
    70,
    40,
    10,
  ]);
});
