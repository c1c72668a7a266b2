/** Which commits of joins a server takes. */
import { assertEquals, assertThrows } from "@std/assert";
import { RefusalError } from "../../../lib/session/ending.ts";
import { JoinOrder } from "../../../lib/session/join_order.ts";
import { EndCode } from "../../../lib/session/session_constants.ts";

function assertStale(order: JoinOrder, number: number): void {
  assertEquals(assertThrows(() => order.take(number, []), RefusalError).endCode, EndCode.stale);
}

Deno.test("a higher number says who is alive, one that it lists is taken once, every other is stale", () => {
  const order = new JoinOrder();
  assertEquals([order.take(1, [0]), order.take(5, [0, 1, 3, 4])], ["highest", "highest"]);
  assertEquals(order.take(3, [0]), "listed");
  for (const number of [0, 1, 2, 3, 5]) assertStale(order, number);
  assertEquals(order.take(4, [0]), "listed");
  assertEquals([1, 2, 3, 5].map((number) => order.isWanted(number)), [true, false, true, true]);
});

Deno.test("what a higher one does not list is wanted no more, and what it lists stays taken", () => {
  const order = new JoinOrder();
  order.take(2, [0, 1]);
  order.take(1, [0]);
  order.take(3, [1]);
  assertEquals([0, 1, 2, 3].map((number) => order.isWanted(number)), [false, true, false, true]);
  for (const number of [1, 2]) assertStale(order, number);
});

Deno.test("a hundred thousand joins leave nothing behind but the last", () => {
  const order = new JoinOrder();
  for (let number = 1; number <= 100_000; number++) assertEquals(order.take(number, []), "highest");
  assertStale(order, 99_999);
});
