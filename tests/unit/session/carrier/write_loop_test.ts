/** One write at a time, one for all of a step, and none behind the last. */
import { assert, assertEquals } from "@std/assert";
import type { Duplex } from "../../../../lib/net/duplex.ts";
import { WriteLoop } from "../../../../lib/session/carrier/write_loop.ts";
import { settle } from "../../../support/fake_clock.ts";
import { text } from "../../../support/mux_world.ts";

/** A loop over a duplex whose writes settle when the test says so. */
function setUp() {
  const seen: string[] = [];
  const writes: PromiseWithResolvers<void>[] = [];
  const waiting: (string | Error)[] = [];
  /** What the source says behind each write. */
  const hasMore: boolean[] = [];
  const duplex: Duplex = {
    peer: "test",
    read: () => new Promise(() => {}),
    write(bytes) {
      seen.push(`write ${new TextDecoder().decode(bytes)}`);
      writes.push(Promise.withResolvers());
      return writes.at(-1)!.promise;
    },
    closeWrite() {
      seen.push("end");
      return Promise.resolve();
    },
    abort() {},
    close() {},
  };
  const loop = new WriteLoop({
    duplex,
    source: {
      next() {
        const next = waiting.shift();
        if (next instanceof Error) throw next;
        return next === undefined ? undefined : text(next);
      },
      written: () => seen.push("written") > 0 && hasMore.shift() === true,
      failed: () => void seen.push("failed"),
    },
    onFailed: (error) => void seen.push(`failed: ${(error as Error).message}`),
    onBroken: (error) => void seen.push(`broken: ${(error as Error).message}`),
  });
  /** What happened since the last call. */
  const news = async () => {
    await settle();
    return seen.splice(0);
  };
  return { loop, waiting, hasMore, writes, seen, news };
}

Deno.test("all that one step brings leaves in one write, when it is over", async () => {
  const { loop, waiting, seen, writes, news } = setUp();
  loop.start();
  assertEquals(await news(), []);
  loop.wake();
  waiting.push("both");
  loop.wake();
  assertEquals(seen, [], "the step is not over");
  assertEquals(await news(), ["write both"]);
  writes[0].resolve();
  assertEquals(await news(), ["written"]);
});

Deno.test("there is one write at a time, and the next begins when it is done", async () => {
  const { loop, waiting, hasMore, writes, news } = setUp();
  waiting.push("a", "b");
  hasMore.push(false, true);
  loop.start(text("opening"));
  loop.wake();
  loop.wakeNow();
  assertEquals(await news(), ["write opening"]);
  writes[0].resolve();
  assertEquals(await news(), ["written", "write a"]);
  writes[1].resolve();
  assertEquals(await news(), ["written", "write b"]);
});

Deno.test("behind a write that had everything the source is asked when it is woken, then or meanwhile", async () => {
  for (const isMeanwhile of [true, false]) {
    const { loop, waiting, hasMore, writes, news } = setUp();
    hasMore.push(false);
    loop.start(text("opening"));
    waiting.push("more");
    if (isMeanwhile) loop.wake();
    writes[0].resolve();
    assertEquals(await news(), ["write opening", "written", ...isMeanwhile ? ["write more"] : []]);
    if (isMeanwhile) continue;
    loop.wake();
    assertEquals(await news(), ["write more"]);
  }
});

Deno.test("what is enough for a write of its own does not wait for the end of the step", async () => {
  const { loop, waiting, seen, news } = setUp();
  loop.start();
  await news();
  waiting.push("much");
  loop.wakeNow();
  assertEquals(seen, ["write much"]);
  assertEquals(await news(), ["write much"], "once");
});

Deno.test("last words wait for the write under way, and nothing follows them", async () => {
  const { loop, waiting, writes, news } = setUp();
  loop.start(text("opening"));
  waiting.push("too late");
  loop.finish(() => text("goodbye"));
  assertEquals(await news(), ["write opening"]);
  writes[0].resolve();
  assertEquals(await news(), ["written", "write goodbye"]);
  loop.wake();
  writes[1].resolve();
  assertEquals(await news(), ["end"]);
  loop.wakeNow();
  assertEquals(await news(), []);
});

Deno.test("last words that fail are told like any other write", async () => {
  const { loop, writes, news } = setUp();
  loop.start();
  await news();
  loop.finish(() => text("goodbye"));
  assertEquals(await news(), ["write goodbye"]);
  writes[0].reject(new Error("reset"));
  assertEquals(await news(), ["failed", "failed: reset"]);
});

Deno.test("a failed write is told once, its memory is let go of, and nothing is written any more", async () => {
  const { loop, waiting, writes, news } = setUp();
  loop.start(text("opening"));
  waiting.push("more");
  writes[0].reject(new Error("reset"));
  assertEquals(await news(), ["write opening", "failed", "failed: reset"]);
  loop.wake();
  loop.wakeNow();
  assertEquals(await news(), []);
});

Deno.test("behind a stop no write begins, and the memory of the one under way waits for it all the same", async () => {
  for (const isGood of [true, false]) {
    const { loop, waiting, writes, news } = setUp();
    loop.start(text("opening"));
    waiting.push("more");
    loop.stop();
    loop.wake();
    assertEquals(await news(), ["write opening"]);
    if (isGood) writes[0].resolve();
    else writes[0].reject(new Error("closed"));
    assertEquals(await news(), [isGood ? "written" : "failed"]);
  }
});

Deno.test("a source that throws is a fault, which the next wake outlives", async () => {
  const { loop, waiting, news } = setUp();
  waiting.push(new Error("a fault"));
  loop.start();
  assertEquals(await news(), ["failed", "broken: a fault"]);
  waiting.push("goes on");
  loop.wake();
  assertEquals(await news(), ["write goes on"]);
  assert(waiting.length === 0);
});
