/** The gaps of a session's streams are counted together, and limited. */
import { assertEquals, assertThrows } from "@std/assert";
import { GapBudget } from "../../../lib/mux/gap_budget.ts";
import { EARLY_PIECE_BYTES, MOST_GAPS } from "../../../lib/mux/mux_constants.ts";
import { MemoryPool } from "../../../lib/session/memory_pool.ts";
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

Deno.test("what early pieces cost comes out of the memory of all sessions, each of which leaves others some", () => {
  const memory = new MemoryPool(3 * EARLY_PIECE_BYTES);
  const [one, other] = [new GapBudget(memory), new GapBudget(memory)];
  one.checkRoom();
  one.charge(EARLY_PIECE_BYTES);
  assertEquals([one.costBytes, other.costBytes, memory.used], [EARLY_PIECE_BYTES, 0, EARLY_PIECE_BYTES]);
  for (const budget of [one, other]) {
    const error = assertThrows(() => budget.checkRoom(), TeleError, "no memory left");
    assertEquals(error.code, "carrier-lost");
  }
  one.charge(-EARLY_PIECE_BYTES);
  other.checkRoom();
  assertEquals(memory.used, 0);
});
