import { assertEquals } from "@std/assert";
import { markup } from "../../../../../lib/tunnel/status/page/markup.js";
import { table } from "../../../../../lib/tunnel/status/page/table.js";

Deno.test("a table has heads for its columns and rows, roles, and the column's name at each cell", () => {
  const made = markup(
    table("Streams", [{ name: "Stream", isNumber: true }, { name: "Service", isWide: true }], [[7, "db"]]),
  );
  assertEquals(
    made,
    '<table role="table"><caption>Streams</caption><thead role="rowgroup"><tr role="row">' +
      '<th scope="col" role="columnheader" class="number">Stream</th><th scope="col" role="columnheader" class="wide">Service</th>' +
      '</tr></thead><tbody role="rowgroup"><tr role="row">' +
      '<th class="number" data-column="Stream" scope="row" role="rowheader">7</th>' +
      '<td class="wide" data-column="Service" role="cell">db</td></tr></tbody></table>',
  );
});

Deno.test("a table without rows has its head", () => {
  const made = markup(table("Nothing", [{ name: "A" }], []));
  assertEquals(made.includes('<tbody role="rowgroup"></tbody>'), true);
});
