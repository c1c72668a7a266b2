import { assertEquals } from "@std/assert";
import { markup } from "../../../../../lib/tunnel/status/page/markup.js";
import { element } from "../../../../../lib/tunnel/status/page/tree.js";

Deno.test("markup has elements in elements, and nothing between them", () => {
  const tree = element("ul", { class: "a b", hidden: true }, [element("li", {}, "1"), element("li", {}, "2")]);
  assertEquals(markup(tree), '<ul class="a b" hidden=""><li>1</li><li>2</li></ul>');
});

Deno.test("markup lets no text out of its place", () => {
  for (const hostile of ["<img src=x onerror=alert(1)>", `"><script>`, "'", "&lt;", "</script>", "<!--", "]]>"]) {
    const made = markup(element("p", { title: hostile }, hostile));
    const [, inQuotes = "", text = ""] = /^<p title="([^"<>']*)">([^"<>']*)<\/p>$/.exec(made) ?? [];
    const read = (escaped: string) => escaped.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)));
    assertEquals([read(inQuotes), read(text)], [hostile, hostile]);
  }
});
