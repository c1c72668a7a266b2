import { assertEquals } from "@std/assert";
import { textOf } from "../../../../lib/tunnel/top/styled_line.ts";
import { type Column, table } from "../../../../lib/tunnel/top/table.ts";

/** A row: a name, a number, a place. */
type Row = [string, number, string];

const COLUMNS: Column<Row>[] = [
  { title: "NAME", cell: ([name]) => name, style: ([name]) => name === "bob" ? "bad" : "good", rank: 0 },
  { title: "COUNT", cell: ([, count]) => String(count), isFigure: true, rank: 2 },
  { title: "PLACE", cell: ([, , place]) => place, rank: 1 },
];
const ROWS: Row[] = [["alice", 1, "here"], ["bob", 1_234_567, "nowhere"]];

Deno.test("a table has its titles, names on the left and figures on the right", () => {
  assertEquals(table(COLUMNS, ROWS, 80).map(textOf), [
    "NAME     COUNT  PLACE  ",
    "alice        1  here   ",
    "bob    1234567  nowhere",
  ]);
});

Deno.test("the columns that matter least go where there is no room, and the first stays", () => {
  const titles = (width: number) => textOf(table(COLUMNS, ROWS, width)[0]!).trimEnd();
  assertEquals(titles(23), "NAME     COUNT  PLACE");
  assertEquals(titles(22), "NAME   PLACE");
  assertEquals(titles(13), "NAME");
  assertEquals(titles(1), "NAME");
});

Deno.test("each cell looks as its row wants it", () => {
  const [titles, alice, bob] = table(COLUMNS, ROWS, 80);
  assertEquals([titles, alice, bob].map((each) => each![0]!.style), ["title", "good", "bad"]);
});
