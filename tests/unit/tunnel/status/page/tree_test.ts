import { assertEquals } from "@std/assert";
import { element } from "../../../../../lib/tunnel/status/page/tree.js";

Deno.test("an element leaves out what is null, false or empty, and makes one text of several", () => {
  const part = element("b", {}, "x");
  assertEquals(element("p", { a: null, b: false, c: true, d: 0 }, "a", 1, null, false, "", ["b", part, "c"], "d"), {
    tag: "p",
    attributes: { c: "", d: "0" },
    children: ["a1b", part, "cd"],
  });
});

Deno.test("an element shows characters that would be obeyed as unknown ones, in text and in attributes", () => {
  const hostile = "a\u202eb\u0000c\u001b[2Jd\u2066e\ud800";
  const shown = "a\ufffdb\ufffdc\ufffd[2Jd\ufffde\ufffd";
  assertEquals(element("p", { title: hostile }, hostile), {
    tag: "p",
    attributes: { title: shown },
    children: [shown],
  });
  assertEquals(element("p", {}, "tab\tand\nline").children, ["tab\tand\nline"]);
});
