/** Carriers that are gone: what each end owes the other, and what becomes of what was sent on them. */
import { assertEquals, assertThrows } from "@std/assert";
import { TeleError } from "../../../lib/net/error.ts";
import type { Remains } from "../../../lib/session/carrier/frame_log.ts";
import { GoneCarriers } from "../../../lib/session/gone_carriers.ts";
import { MOST_UNSETTLED } from "../../../lib/session/session_constants.ts";

/** Books without carriers, and what was given back to be sent again: which and how much of it was taken. */
function setUp() {
  const again: [Remains, number][] = [];
  const gone = new GoneCarriers((remains, taken) => void again.push([remains, taken]));
  return { again, gone };
}

/** What a carrier leaves behind of which `acknowledged` bytes were acknowledged, and `handed` handed to writes. */
function left(acknowledged: number, handed: number): Remains {
  return { pieces: [], heldBytes: 0, acknowledged, handed };
}

Deno.test("what was taken of a carrier is told until the peer has it, by rising numbers", () => {
  const { gone } = setUp();
  gone.add({ number: 7, taken: 70, remains: left(0, 0) });
  gone.add({ number: 2, taken: 20, remains: left(0, 0) });
  assertEquals(gone.receipts, [{ number: 2, taken: 20 }, { number: 7, taken: 70 }]);
  gone.settle([], 7);
  assertEquals(gone.receipts.length, 2, "that the peer's came says nothing about this end's");
  gone.told([{ number: 2, taken: 20 }]);
  assertEquals(gone.receipts, [{ number: 7, taken: 70 }]);
  gone.told([{ number: 2, taken: 20 }, { number: 7, taken: 70 }]);
  assertEquals(gone.receipts, []);
});

Deno.test("a carrier of which nothing was taken is named as long as the peer's own receipt is wanted", () => {
  const { gone } = setUp();
  gone.add({ number: 1, taken: 0, remains: left(0, 10) });
  assertEquals(gone.receipts, [{ number: 1, taken: 0 }]);
  gone.settle([], 2);
  assertEquals(gone.receipts, []);
});

Deno.test("the peer's receipt says what is not sent again, and what it took beyond what it had acknowledged", () => {
  const { gone, again } = setUp();
  const remains = left(20, 50);
  gone.add({ number: 0, taken: 5, remains });
  assertEquals(gone.settle([{ number: 0, taken: 33 }], 1), 13);
  assertEquals(again, [[remains, 33]]);
  assertEquals(gone.settle([{ number: 0, taken: 33 }], 1), 0, "once");
  assertEquals(again.length, 1);
});

Deno.test("a carrier that the peer does not name counts with what it acknowledged", () => {
  const { gone, again } = setUp();
  const [older, newer] = [left(20, 50), left(0, 10)];
  gone.add({ number: 3, taken: 0, remains: older });
  gone.add({ number: 4, taken: 0, remains: newer });
  assertEquals(gone.settle([{ number: 3, taken: 20 }], 5), 0);
  assertEquals(again, [[newer, 0], [older, 20]], "the oldest last, since each goes in front");
});

Deno.test("every receipt between what was acknowledged and what was sent is possible, and no other", () => {
  for (let taken = 0; taken < 60; taken++) {
    const { gone, again } = setUp();
    gone.add({ number: 0, taken: 0, remains: left(20, 50) });
    const settle = () => gone.settle([{ number: 0, taken }], 1);
    if (taken >= 20 && taken <= 50) assertEquals(settle(), taken - 20);
    else assertEquals(assertThrows(settle, TeleError, `took ${taken} bytes`).code, "protocol");
    assertEquals(again.length, taken >= 20 && taken <= 50 ? 1 : 0);
  }
});

Deno.test("a receipt for a carrier that never was is impossible, one for a carrier that is settled is ignored", () => {
  const { gone, again } = setUp();
  assertEquals(assertThrows(() => gone.settle([{ number: 6, taken: 1 }], 5), TeleError).code, "protocol");
  assertEquals(gone.settle([{ number: 5, taken: 1 }, { number: 0, taken: 99 }], 5), 0);
  assertEquals(again, []);
});

Deno.test("a receipt that comes in a frame settles one carrier, and says nothing of those that are settled", () => {
  const { gone, again } = setUp();
  const [first, second] = [left(20, 50), left(0, 10)];
  gone.add({ number: 3, taken: 1, remains: first });
  gone.add({ number: 4, taken: 1, remains: second });
  assertEquals(gone.receipt({ number: 3, taken: 30 }, 5), 10);
  assertEquals(gone.receipt({ number: 3, taken: 30 }, 5), 0, "once");
  assertEquals(gone.receipt({ number: 2, taken: 77 }, 5), 0, "settled before");
  assertEquals(again, [[first, 30]]);
  for (const impossible of [{ number: 4, taken: 11 }, { number: 6, taken: 0 }]) {
    assertEquals(assertThrows(() => gone.receipt(impossible, 5), TeleError).code, "protocol");
  }
});

Deno.test("a second receipt for a carrier tells the same, in a frame or in a list", () => {
  const { gone, again } = setUp();
  gone.add({ number: 0, taken: 5, remains: left(20, 50) });
  gone.settle([{ number: 0, taken: 33 }], 1);
  gone.settle([{ number: 0, taken: 33 }], 1);
  for (const taken of [32, 34]) {
    assertThrows(() => gone.settle([{ number: 0, taken }], 1), TeleError, "of which it had said 33");
    assertThrows(() => gone.receipt({ number: 0, taken }, 1), TeleError, "of which it had said 33");
  }
  assertEquals(again.length, 1);
});

Deno.test("books with more carriers than may be unsettled are too full", () => {
  const { gone } = setUp();
  for (let number = 0; number < MOST_UNSETTLED; number++) gone.add({ number, taken: 1, remains: left(0, 0) });
  assertEquals(gone.isOverfull, false);
  gone.add({ number: 99, taken: 1, remains: left(0, 0) });
  assertEquals(gone.isOverfull, true);
});

Deno.test("carriers on which nothing came and nothing is left are out of the books when the peer has settled", () => {
  const { gone } = setUp();
  for (let number = 0; number < 100; number++) {
    gone.add({ number, taken: 0, remains: left(0, 0) });
    gone.settle([], number + 1);
  }
  assertEquals([gone.isOverfull, gone.receipts], [false, []]);
});

Deno.test("this end's receipt stays owed as long as the peer's has not come, though the peer says it has it", () => {
  const { gone, again } = setUp();
  gone.add({ number: 0, taken: 5, remains: left(0, 10) });
  gone.told([{ number: 0, taken: 5 }]);
  gone.settle([{ number: 0, taken: 10 }], 1);
  assertEquals(again.length, 1, "what was sent on it is not forgotten");
});

Deno.test("with the session everything goes, and what nobody asked for is handed over", () => {
  const { gone, again } = setUp();
  const [settled, open] = [left(0, 10), left(0, 20)];
  gone.add({ number: 0, taken: 5, remains: settled });
  gone.settle([], 1);
  gone.add({ number: 1, taken: 5, remains: open });
  assertEquals([gone.clear(), again.length, gone.receipts], [[open], 1, []]);
});

Deno.test("a client that names in its commit whose receipts it still needs has all others", () => {
  const { gone } = setUp();
  for (const number of [1, 2, 3]) gone.add({ number, taken: 10 * number, remains: left(0, 0) });
  gone.settle([], 4);
  gone.add({ number: 5, taken: 50, remains: left(0, 0) });
  gone.needed([{ number: 2, taken: 0 }]);
  assertEquals(gone.receipts.map(({ number }) => number), [2, 5], "what is not settled stays, whatever is named");
});
