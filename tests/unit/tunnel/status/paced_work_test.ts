/** Work that anybody may ask for at any rate. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { PacedWork } from "../../../../lib/tunnel/status/paced_work.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

/** A clock that the work itself moves on. */
class WorkingClock extends FakeClock {
  /** How long was worked, in milliseconds. */
  workedMs = 0;

  override now(): number {
    return super.now() + this.workedMs;
  }
}

function setUp() {
  const clock = new WorkingClock();
  const done: string[] = [];
  const paced = new PacedWork<number>(clock);
  const work = (name: string, ms: number) =>
    paced.do(name, () => {
      clock.workedMs += ms;
      return done.push(name);
    });
  return { clock, done, paced, work };
}

Deno.test("work that takes no time is done at once, however often, and leaves no timer", async () => {
  const { clock, done, work } = setUp();
  for (let count = 1; count <= 100; count++) assertEquals(await work("page", 0), count);
  assertEquals([done.length, clock.pendingTimers], [100, 0]);
});

Deno.test("behind work that took time there is a pause of nine times that, and of a second at the most", async () => {
  for (const [tookMs, pauseMs] of [[2, 18], [100, 900], [5_000, 1_000]] as const) {
    const { clock, done, work } = setUp();
    await work("page", tookMs);
    void work("page", 0);
    await clock.advance(pauseMs - 1);
    assertEquals(done.length, 1);
    await clock.advance(1);
    assertEquals(done.length, 2);
  }
});

Deno.test("all who wait for the same share it, and what is asked for differently comes in turns", async () => {
  const { clock, done, work } = setUp();
  await work("page", 10);
  const waiting = ["metrics", "page", "metrics", "page", "page"].map((name) => work(name, 10));
  await clock.advance(1_000);
  assertEquals(done, ["page", "metrics", "page"]);
  assertEquals(await Promise.all(waiting), [2, 3, 2, 3, 3]);
  assertEquals(clock.pendingTimers, 0);
});

Deno.test("where ten ask in every millisecond for ten seconds a tenth of the time is worked for", async () => {
  const { clock, work } = setUp();
  for (let ms = 0; ms < 10_000; ms++) {
    for (let count = 0; count < 10; count++) void work(`${count % 3}`, 5);
    await clock.advance(1);
  }
  const share = clock.workedMs / 10_000;
  assert(share > 0.08 && share < 0.12, `${share}`);
  await clock.advance(1_000);
  assertEquals(clock.pendingTimers, 0);
});

Deno.test("what work throws is thrown to all who wait for it, and the next goes on", async () => {
  const { clock, paced, work } = setUp();
  await work("page", 10);
  const broken = [0, 1].map(() =>
    paced.do("broken", () => {
      throw new Error("broken");
    })
  );
  const next = work("page", 0);
  const rejected = Promise.all(broken.map((promise) => assertRejects(() => promise, Error, "broken")));
  await clock.advance(200);
  await rejected;
  assertEquals(await next, 2);
});

Deno.test("who waits when it is stopped is told so, and no timer is left", async () => {
  const { clock, paced, work } = setUp();
  await work("page", 10);
  const waiting = assertRejects(() => work("page", 10), Error, "the process ends");
  paced.stop("the process ends");
  await waiting;
  assertEquals(clock.pendingTimers, 0);
});
