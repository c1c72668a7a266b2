/** A stream is bulk when something has waited behind its turns for a while, and quiet again without. */
import { assert, assertEquals } from "@std/assert";
import { Backlog } from "../../../lib/mux/backlog.ts";
import { BULK_AFTER_MS, QUIET_AFTER_MS, SAME_BACKLOG_MS } from "../../../lib/mux/mux_constants.ts";

/** A stream that has had turns with something waiting behind them at these times. */
function waited(...timesMs: number[]): Backlog {
  const backlog = new Backlog();
  for (const nowMs of timesMs) backlog.turned(nowMs, true);
  return backlog;
}

Deno.test("a stream that never had something waiting is quiet, however often it sends", () => {
  const backlog = new Backlog();
  for (let nowMs = 0; nowMs < 10_000; nowMs++) backlog.turned(nowMs, false);
  assertEquals([backlog.isBulk(10_000), backlog.ageMs(10_000)], [false, 0]);
});

Deno.test("it is bulk when something has waited for 100 ms", () => {
  assert(!waited(0, 50, BULK_AFTER_MS - 1).isBulk(BULK_AFTER_MS - 1));
  assert(waited(0, 50, BULK_AFTER_MS).isBulk(BULK_AFTER_MS));
  assertEquals(waited(30, 80).ageMs(90), 60);
});

Deno.test("a turn that takes all for a moment does not end a backlog", () => {
  const backlog = waited(0, 40);
  backlog.turned(60, false);
  backlog.turned(100, true);
  assert(backlog.isBulk(100));
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
  backlog.turned(100 + QUIET_AFTER_MS, true);
  assert(!backlog.isBulk(100 + QUIET_AFTER_MS));
  assertEquals(backlog.ageMs(100 + QUIET_AFTER_MS), 0);
});

Deno.test("while it is bulk a pause of less than a second keeps it so, though the backlog is a new one", () => {
  const backlog = waited(0, 100, 900);
  assertEquals([backlog.isBulk(950), backlog.ageMs(950)], [true, 50]);
});
