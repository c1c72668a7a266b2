/** A stream is bulk when something has waited behind its turns for a while, and quiet again without. */
import { assert, assertEquals } from "@std/assert";
import { Backlog } from "../../../lib/mux/backlog.ts";
import { BULK_AFTER_MS, QUIET_AFTER_MS, SAME_BACKLOG_MS } from "../../../lib/mux/mux_constants.ts";

/** A stream that has had turns with something waiting behind them at these times. */
function waited(...timesMs: number[]): Backlog {
  const backlog = new Backlog();
  for (const nowMs of timesMs) backlog.waits(nowMs);
  return backlog;
}

Deno.test("a stream that never had something waiting is quiet", () => {
  const backlog = new Backlog();
  assertEquals([backlog.mayBeBulk, backlog.isBulk(10_000), backlog.ageMs(10_000)], [false, false, 0]);
});

Deno.test("it is bulk when something has waited for 100 ms", () => {
  assert(!waited(0, 50, BULK_AFTER_MS - 1).isBulk(BULK_AFTER_MS - 1));
  assert(waited(0, 50, BULK_AFTER_MS).isBulk(BULK_AFTER_MS));
  assertEquals(waited(30, 80).ageMs(90), 60);
});

Deno.test("a turn that takes all for a moment does not end a backlog", () => {
  assert(waited(0, 40, 100).isBulk(100));
});

Deno.test("a message that had to wait now and then makes nothing bulk", () => {
  const pauseMs = SAME_BACKLOG_MS + 1;
  const backlog = waited(...Array.from({ length: 100 }, (_, at) => at * pauseMs));
  assertEquals([backlog.isBulk(99 * pauseMs), backlog.ageMs(99 * pauseMs)], [false, 0]);
});

Deno.test("it is quiet again after a second without anything waiting, and begins anew", () => {
  const backlog = waited(0, 100);
  assert(backlog.isBulk(100 + QUIET_AFTER_MS - 1));
  assert(!backlog.isBulk(100 + QUIET_AFTER_MS));
  backlog.waits(100 + QUIET_AFTER_MS);
  assert(!backlog.isBulk(100 + QUIET_AFTER_MS));
  assertEquals(backlog.ageMs(100 + QUIET_AFTER_MS), 0);
});

Deno.test("while it is bulk a pause of less than a second keeps it so, though the backlog is a new one", () => {
  const backlog = waited(0, 100, 900);
  assertEquals([backlog.isBulk(950), backlog.ageMs(950)], [true, 50]);
});

Deno.test("what has waited all the time between two turns is one backlog, however far apart they are", () => {
  const backlog = waited(0);
  backlog.waited(0, 3_000);
  assertEquals([backlog.isBulk(3_000), backlog.ageMs(3_100)], [true, 3_100]);
  backlog.waited(5_000, 5_000 + BULK_AFTER_MS - 1);
  assertEquals([backlog.isBulk(5_099), backlog.ageMs(5_099)], [false, 99], "a new one, behind a pause");
});
