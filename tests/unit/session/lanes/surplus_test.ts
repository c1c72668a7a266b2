/** Which carriers are too many. */
import { assertEquals } from "@std/assert";
import { shareOf, surplus } from "../../../../lib/session/lanes/surplus.ts";

Deno.test("the oldest of the richest path leaves first, and no quiet one ever", () => {
  const all = [0, 0, 0, 1, 1].map((path, number) => ({ path, number }));
  const kept = [all[0], all[3]];
  const gone = (count: number) => surplus(all, kept, count).map(({ number }) => number);
  assertEquals([gone(-1), gone(0), gone(1), gone(2), gone(3), gone(9)], [[], [], [1], [1, 2], [1, 2, 4], [1, 2, 4]]);
});

Deno.test("where the richest path has nothing but quiet ones another's leave", () => {
  const all = [0, 0, 1].map((path, number) => ({ path, number }));
  assertEquals(surplus(all, all.slice(0, 2), 1), [all[2]]);
});

Deno.test("others leave a path that came back its share, and nothing where it has one", () => {
  assertEquals([[5, 1], [1, 1], [4, 4, 1], [1, 9]].map((counts) => shareOf(counts, counts.length - 1)), [2, 0, 2, 0]);
});
