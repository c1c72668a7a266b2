/** The streams of lost sessions are cut in turns, and all of them. */
import { assertEquals, assertThrows } from "@std/assert";
import { CutQueue } from "../../../lib/mux/cut_queue.ts";
import { CUTS_A_TURN } from "../../../lib/mux/mux_constants.ts";
import { FakeClock } from "../../support/fake_clock.ts";

/** A queue, and the names of those that were cut. */
function start() {
  const clock = new FakeClock();
  const cut: string[] = [];
  let emptied = 0;
  const queue = new CutQueue(clock, () => void emptied++);
  const cuts = (name: string, count: number) =>
    Array.from({ length: count }, (_, at) => () => void cut.push(`${name}${at}`));
  return { clock, queue, cuts, cut, emptied: () => emptied };
}

Deno.test("few streams are cut at once, and it is told that all were", () => {
  const { queue, cuts, cut, clock, emptied } = start();
  queue.add(cuts("a", 3));
  assertEquals([cut, emptied(), clock.pendingTimers], [["a0", "a1", "a2"], 1, 0]);
});

Deno.test("many streams are cut in turns, those of a later session behind them", async () => {
  const { queue, cuts, cut, clock, emptied } = start();
  queue.add(cuts("a", 2 * CUTS_A_TURN));
  queue.add(cuts("b", 1));
  assertEquals([cut.length, emptied()], [CUTS_A_TURN, 0]);
  await clock.advance(1);
  assertEquals([cut.length, cut.includes("b0"), emptied()], [2 * CUTS_A_TURN, false, 0]);
  await clock.advance(1);
  assertEquals([cut.at(-1), emptied(), clock.pendingTimers], ["b0", 1, 0]);
});

Deno.test("when the process ends, all that wait are cut, and no timer is left", () => {
  const { queue, cuts, cut, clock, emptied } = start();
  queue.add(cuts("a", 3 * CUTS_A_TURN));
  queue.finish();
  assertEquals([cut.length, emptied(), clock.pendingTimers], [3 * CUTS_A_TURN, 1, 0]);
  queue.finish();
  assertEquals(emptied(), 1, "there was nothing left to cut");
});

Deno.test("those that are added last are cut at once, behind those that wait", () => {
  const { queue, cuts, cut } = start();
  queue.add(cuts("a", CUTS_A_TURN + 1));
  queue.addLast(cuts("b", 2));
  assertEquals(cut.slice(CUTS_A_TURN), [`a${CUTS_A_TURN}`, "b0", "b1"]);
});

Deno.test("a cut that throws keeps no other from being cut, and the first fault is thrown", () => {
  const { queue, cuts, cut, emptied } = start();
  const faulty = ["first", "second"].map((message) => () => {
    throw new Error(message);
  });
  assertThrows(() => queue.add([...faulty, ...cuts("a", 2)]), Error, "first");
  assertEquals([cut, emptied()], [["a0", "a1"], 1]);
});
