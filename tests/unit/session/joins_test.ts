/** The steps of a join at either end. */
import { assertEquals, assertThrows } from "@std/assert";
import { RefusalError } from "../../../lib/session/ending.ts";
import { Joins } from "../../../lib/session/joins.ts";
import { EndCode, MOST_CARRIERS } from "../../../lib/session/session_constants.ts";
import { Settlement } from "../../../lib/session/settlement.ts";

const LOG = { pieces: [], heldBytes: 0, acknowledged: 0, handed: 100 };

/** An end with carrier 0 attached. */
function setUp() {
  const settlement = new Settlement();
  const letGo: [number, boolean][] = [];
  const covered: [number, number][] = [];
  const joins = new Joins(settlement, {
    letGo(number, looksOn) {
      letGo.push([number, looksOn]);
      settlement.gone(number, 5, true, LOG);
    },
    covered(all) {
      covered.push(...all.map(({ number, taken }): [number, number] => [number, taken]));
      return all.length;
    },
  });
  joins.attached(0);
  return { settlement, joins, letGo, covered };
}

Deno.test("a client's commits have rising numbers, and call alive what it may still take something from", () => {
  const { joins } = setUp();
  assertEquals(joins.begin(), { number: 1, live: [0], receipts: [] });
  assertEquals(joins.begin(), { number: 2, live: [0, 1], receipts: [] });
  joins.giveUp(1);
  assertEquals([joins.begin().live, joins.isAwaited(1), joins.isAwaited(2)], [[0, 2], false, true]);
});

Deno.test("an accept's receipts end carriers at the client, and give up those that it awaits", () => {
  const { joins, letGo, covered } = setUp();
  for (let times = 0; times < 2; times++) joins.begin();
  assertEquals(joins.accepted(2, [{ number: 0, taken: 7 }, { number: 1, taken: 0 }]), 1);
  assertEquals([letGo, covered, joins.isAwaited(1)], [[[0, true]], [[0, 7]], false]);
});

Deno.test("a server takes what a commit leaves out for gone, without looking for a goodbye, and tells its receipts", () => {
  const { joins, letGo } = setUp();
  const { receipts } = joins.take({ number: 1, live: [], receipts: [] });
  assertEquals([receipts, letGo, joins.mayAttach(1)], [[], [[0, false]], true]);
  joins.attached(1);
  const next = joins.take({ number: 2, live: [], receipts: [{ number: 1, taken: 9 }] });
  assertEquals([next, letGo.at(-1)], [{ receipts: [{ number: 1, taken: 5 }], againBytes: 1 }, [1, true]]);
});

Deno.test("a join that a higher commit gives up while its accept is made is not attached", () => {
  const { joins, settlement } = setUp();
  joins.take({ number: 1, live: [0], receipts: [] });
  joins.take({ number: 2, live: [0], receipts: [] });
  assertEquals([joins.mayAttach(1), joins.mayAttach(2), settlement.live], [false, true, [0, 2]]);
  joins.forget(2);
  assertEquals(settlement.live, [0]);
});

Deno.test("a stale commit changes nothing, and one carrier too many is refused", () => {
  const { joins, settlement } = setUp();
  for (let number = 1; number < MOST_CARRIERS; number++) {
    joins.take({ number, live: settlement.live, receipts: [] });
    joins.attached(number);
  }
  const tooMany = () => joins.take({ number: MOST_CARRIERS, live: settlement.live, receipts: [] });
  assertEquals(assertThrows(tooMany, RefusalError, "10 carriers already").endCode, EndCode.protocol);
  const stale = () => joins.take({ number: 3, live: [], receipts: [] });
  assertEquals(assertThrows(stale, RefusalError).endCode, EndCode.stale);
  assertEquals(settlement.live.length, MOST_CARRIERS);
});

Deno.test("a receipt in a frame ends the carrier that it is for, or the wait for it", () => {
  const { joins, letGo, covered } = setUp();
  joins.begin();
  joins.received({ number: 0, taken: 8 }, true);
  joins.received({ number: 1, taken: 0 }, true);
  assertEquals([letGo, covered, joins.isAwaited(1)], [[[0, true]], [[0, 8]], false]);
});
