/** Commits that were given up before their accepts came. */
import { assertEquals, assertThrows } from "@std/assert";
import { TeleError } from "../../../lib/net/error.ts";
import { GivenUp } from "../../../lib/session/given_up.ts";
import { MOST_UNSETTLED } from "../../../lib/session/session_constants.ts";

Deno.test("who asks for one is owed a receipt of nothing, once", () => {
  const givenUp = new GivenUp();
  givenUp.add(3);
  assertEquals([givenUp.owesAny, givenUp.asks({ number: 4, taken: 0 })], [false, false]);
  assertEquals([givenUp.asks({ number: 3, taken: 0 }), givenUp.owesAny], [true, true]);
  assertEquals([givenUp.takeOwed(), givenUp.takeOwed()], [[{ number: 3, taken: 0 }], []]);
  assertEquals(givenUp.asks({ number: 3, taken: 0 }), false);
});

Deno.test("nothing was sent on one, so nothing can have been taken", () => {
  const givenUp = new GivenUp();
  givenUp.add(3);
  assertEquals(assertThrows(() => givenUp.asks({ number: 3, taken: 1 }), TeleError).code, "protocol");
});

Deno.test("the latest are remembered, until a commit that was made behind them is accepted", () => {
  const givenUp = new GivenUp();
  for (let number = 1; number <= MOST_UNSETTLED + 1; number++) givenUp.add(number);
  givenUp.settledBefore(5);
  const asked = [1, 2, 4, 5, MOST_UNSETTLED + 1].map((number) => givenUp.asks({ number, taken: 0 }));
  assertEquals(asked, [false, false, false, true, true]);
});
