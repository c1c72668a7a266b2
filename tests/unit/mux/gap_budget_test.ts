/** The gaps of a session's streams are counted together, and limited. */
import { assertEquals, assertThrows } from "@std/assert";
import { GapBudget } from "../../../lib/mux/gap_budget.ts";
import { MOST_GAPS } from "../../../lib/mux/mux_constants.ts";
import { TeleError } from "../../../lib/net/error.ts";

Deno.test("as many gaps may be open as the protocol allows, and one more ends the session", () => {
  const budget = new GapBudget();
  for (let gap = 0; gap < MOST_GAPS; gap++) budget.open();
  const error = assertThrows(() => budget.open(), TeleError, "more than 16384 gaps");
  assertEquals([error.code, budget.gaps], ["protocol", MOST_GAPS]);
});

Deno.test("gaps that are closed may be opened again", () => {
  const budget = new GapBudget();
  for (let gap = 0; gap < MOST_GAPS; gap++) budget.open();
  budget.close(2);
  assertEquals(budget.gaps, MOST_GAPS - 2);
  budget.open();
  budget.open();
  assertThrows(() => budget.open(), TeleError);
});

Deno.test("a gap cannot be closed twice", () => {
  const budget = new GapBudget();
  budget.open();
  budget.close(1);
  assertThrows(() => budget.close(1), Error, "more gaps were closed than opened");
});
