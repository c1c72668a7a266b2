import { assertEquals } from "@std/assert";
import { fact } from "../../../../../lib/tunnel/status/page/fact.js";
import { markup } from "../../../../../lib/tunnel/status/page/markup.js";
import { element } from "../../../../../lib/tunnel/status/page/tree.js";

Deno.test("a number stands with its name, and what there is to be said beside", () => {
  assertEquals(markup(fact("Outages", "4")), "<div><dt>Outages</dt><dd>4</dd></div>");
  assertEquals(
    markup(fact("Sending", element("bdi", {}, "x"), "note", element("svg", {}))),
    "<div><dt>Sending</dt><dd><bdi>x</bdi><small>note</small><svg></svg></dd></div>",
  );
});
