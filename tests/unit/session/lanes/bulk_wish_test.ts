/** When an end wishes for bulk carriers: where they would send more, and where somebody would wait behind a backlog. */
import { assertEquals } from "@std/assert";
import { BulkWish, type Sending } from "../../../../lib/session/lanes/bulk_wish.ts";

const LONG_BACKLOG: Sending = {
  backlogMs: 10_000,
  isBulk: true,
  isLimited: true,
  paths: 1,
  lowestRoundTripMs: 20,
  roundTripMs: 30,
  burstMs: 0,
};
const NOTHING: Sending = { ...LONG_BACKLOG, backlogMs: 0, isBulk: false, isLimited: false };

function wishedFor(sending: Partial<Sending>): number {
  return new BulkWish(5).look(1_000, { ...LONG_BACKLOG, ...sending });
}

Deno.test("a backlog on a carrier that is limited, and not the path, wishes for all", () => {
  assertEquals(wishedFor({}), 5);
});

Deno.test("a backlog counts from 250 ms on, and from four round trips on", () => {
  assertEquals([wishedFor({ backlogMs: 249 }), wishedFor({ backlogMs: 250 })], [0, 5]);
  assertEquals([399, 400].map((backlogMs) => wishedFor({ backlogMs, roundTripMs: 100 })), [0, 5]);
});

Deno.test("where acknowledgements come in bursts it counts from about the next one on, whatever waits for that", () => {
  const wished = (backlogMs: number, burstMs: number) => wishedFor({ backlogMs, burstMs, roundTripMs: 1_000 });
  assertEquals([wished(449, 500), wished(450, 500), wished(249, 200), wished(250, 200)], [0, 5, 0, 5]);
});

Deno.test("on a path of under 5 ms, or one that was not measured, nothing is wished for", () => {
  assertEquals([0, 4.9, 5].map((lowestRoundTripMs) => wishedFor({ lowestRoundTripMs })), [0, 0, 5]);
  assertEquals(wishedFor({ lowestRoundTripMs: 4.9, isLimited: false }), 0);
});

Deno.test("a backlog that the path itself limits wishes for one on each path", () => {
  assertEquals([1, 3].map((paths) => wishedFor({ isLimited: false, paths })), [1, 3]);
});

Deno.test("streams without a backlog wish for nothing", () => {
  assertEquals(wishedFor({ isLimited: false, backlogMs: 0, isBulk: false }), 0);
});

Deno.test("no more are wished for than are allowed", () => {
  const wish = new BulkWish(0);
  assertEquals([wish.look(0, LONG_BACKLOG), wish.look(0, { ...LONG_BACKLOG, isLimited: false })], [0, 0]);
});

Deno.test("a wish grows, and stays while anything is bulk, and for 10 s behind it", () => {
  const wish = new BulkWish(5);
  assertEquals(wish.look(0, { ...LONG_BACKLOG, isLimited: false }), 1);
  assertEquals(wish.look(100, LONG_BACKLOG), 5);
  assertEquals(wish.look(60_000, { ...LONG_BACKLOG, isLimited: false, backlogMs: 0 }), 5, "for a moment none waits");
  assertEquals(wish.look(69_999, NOTHING), 5);
  assertEquals([wish.look(70_000, NOTHING), wish.count], [0, 0]);
  assertEquals(wish.look(70_001, LONG_BACKLOG), 5, "and begins anew");
});
