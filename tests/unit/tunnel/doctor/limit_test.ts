import { assertEquals, assertRejects } from "@std/assert";
import { limited } from "../../../../lib/tunnel/doctor/limit.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

/** A task that waits for ever, and tells when it is given up. */
function waiting(signal: AbortSignal, onAbort: () => void): Promise<never> {
  signal.addEventListener("abort", onAbort);
  return new Promise(() => {});
}

Deno.test("a task is given up when a step takes longer than the limit, with what its silence means", async () => {
  const clock = new FakeClock();
  let aborted = 0;
  const limits = { clock, waitMs: 1_000, signal: new AbortController().signal };
  const silent = limited(limits, ({ signal, again }) => {
    clock.setTimer(() => again("the proxy takes connections but does not answer"), 900);
    return waiting(signal, () => aborted++);
  });
  const told = assertRejects(() => silent, Error, "the proxy takes connections but does not answer");
  await clock.advance(1_899);
  assertEquals(aborted, 0);
  await clock.advance(1);
  await told;
  assertEquals([aborted, clock.pendingTimers], [1, 0]);
});

Deno.test("nothing was reached: the sentence of a client says so", async () => {
  const clock = new FakeClock();
  const limits = { clock, waitMs: 1_000, signal: new AbortController().signal };
  const told = assertRejects(() => limited(limits, ({ signal }) => waiting(signal, () => {})), Error, "nobody answers");
  await clock.advance(1_000);
  await told;
});

Deno.test("what a task gives or throws is passed on, and no timer is left", async () => {
  const clock = new FakeClock();
  const limits = { clock, waitMs: 1_000, signal: new AbortController().signal };
  assertEquals(await limited(limits, () => Promise.resolve(7)), 7);
  await assertRejects(() => limited(limits, () => Promise.reject(new Error("its own"))), Error, "its own");
  assertEquals(clock.pendingTimers, 0);
});

Deno.test("who gives up the whole gives up the task at once, before it or during it", async () => {
  const clock = new FakeClock();
  const whole = new AbortController();
  let aborted = 0;
  const during = limited(
    { clock, waitMs: 1_000, signal: whole.signal },
    ({ signal }) => waiting(signal, () => aborted++),
  );
  const told = assertRejects(() => during, Error, "enough");
  whole.abort(new Error("enough"));
  await told;
  await assertRejects(
    () => limited({ clock, waitMs: 1_000, signal: whole.signal }, () => new Promise(() => {})),
    Error,
  );
  assertEquals([aborted, clock.pendingTimers], [1, 0]);
});
