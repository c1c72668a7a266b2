/** Time of the system. */
import { assert, assertEquals } from "@std/assert";
import { sleep, systemClock } from "../../../lib/net/clock.ts";

Deno.test("the system's clock fires and cancels timers, and sleeps until told otherwise", async () => {
  let fired = 0;
  const timer = systemClock.setTimer(() => fired++, 5);
  systemClock.setTimer(() => fired += 100, 1).cancel();
  // Longer than a timer of the runtime can be; it must not fire at once.
  const long = systemClock.setTimer(() => fired += 1000, 2 ** 31 + 5);
  await sleep(systemClock, 20);
  long.cancel();
  timer.cancel();
  assertEquals(fired, 1);
  const controller = new AbortController();
  const before = performance.now();
  setTimeout(() => controller.abort(), 5);
  await sleep(systemClock, 60_000, controller.signal);
  await sleep(systemClock, 60_000, controller.signal);
  assert(performance.now() - before < 5_000);
});
