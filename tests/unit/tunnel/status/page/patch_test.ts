import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { markup } from "../../../../../lib/tunnel/status/page/markup.js";
import { patch } from "../../../../../lib/tunnel/status/page/patch.js";
import { element } from "../../../../../lib/tunnel/status/page/tree.js";
import { FakeDocument, type FakeNode } from "../../../../support/fake_document.ts";

type Tree = ReturnType<typeof element>;

/** A document whose only element was made equal to each of the trees, one after the other. */
function shown(...trees: Tree[]): { document: FakeDocument; root: FakeNode } {
  const document = new FakeDocument();
  const root = document.createElementNS("http://www.w3.org/1999/xhtml", trees[0]!.tag);
  for (const tree of trees) patch(document, root, tree);
  return { document, root };
}

const list = (...texts: string[]) => element("ul", {}, texts.map((text) => element("li", {}, text)));
const keyed = (...keys: string[]) =>
  element("main", {}, "top", keys.map((key) => element("section", { "data-key": key }, key)), element("p", {}, "end"));

Deno.test("whatever was shown before, a patch shows the tree", () => {
  const trees = [
    list(),
    list("a", "b", "c"),
    list("a"),
    element("ul", { class: "x" }, "text"),
    element("ul", { id: "y" }, element("p", {}), "text", element("li", {}, element("b", {}, "deep"))),
    element("ul", {}, element("li", {}), element("li", { "data-key": "1" }), element("li", { "data-key": "2" }), "end"),
    element("ul", {}, element("p", { "data-key": "2" }), element("li", { "data-key": "1" }, "one")),
  ];
  for (const first of trees) {
    for (const second of trees) assertEquals(shown(first, second).root.markup(), markup(second));
  }
});

Deno.test("a patch that changes nothing touches nothing", () => {
  const { document, root } = shown(keyed("a", "b"));
  document.changes = 0;
  patch(document, root, keyed("a", "b"));
  assertEquals(document.changes, 0);
});

Deno.test("a patch changes the text that differs, and keeps its nodes", () => {
  const { document, root } = shown(list("a", "b"));
  const [first, second] = root.childNodes;
  document.changes = 0;
  patch(document, root, list("a", "c"));
  assertEquals(document.changes, 1);
  assertEquals(root.markup(), "<ul><li>a</li><li>c</li></ul>");
  assertStrictEquals(root.childNodes[0], first);
  assertStrictEquals(root.childNodes[1], second);
});

Deno.test("elements with a key stay themselves wherever they stand, and those behind them stay too", () => {
  const { document, root } = shown(keyed("a", "b", "c"));
  const [, a, , c, end] = root.childNodes;
  patch(document, root, keyed("c", "new", "a"));
  assertEquals(root.markup(), markup(keyed("c", "new", "a")));
  assertStrictEquals(root.childNodes[1], c);
  assertStrictEquals(root.childNodes[3], a);
  assertStrictEquals(root.childNodes[4], end);
});

Deno.test("what a reader opened or closed stays so", () => {
  const tree = (text: string, open: boolean) => element("main", {}, element("details", { open }, text));
  const { document, root } = shown(tree("a", true));
  const [details] = root.childNodes;
  assert(details!.getAttribute("open") !== null, "at first it is as the tree says");
  details!.removeAttribute("open");
  patch(document, root, tree("b", true));
  assertEquals(root.markup(), "<main><details>b</details></main>");
  details!.setAttribute("open", "");
  patch(document, root, tree("c", false));
  assertEquals(root.markup(), '<main><details open="">c</details></main>');
});

Deno.test("a picture and all in it is of SVG, and what stands behind it is not", () => {
  const tree = element("main", {}, element("svg", {}, element("g", {}, element("rect", {}))), element("p", {}));
  const { root } = shown(element("main", {}, "a"), tree);
  const namespaces: string[] = [];
  const visit = (node: FakeNode) => {
    namespaces.push(`${node.localName} ${node.namespaceURI?.split("/").at(-1)}`);
    node.childNodes.forEach(visit);
  };
  visit(root);
  assertEquals(namespaces, ["main xhtml", "svg svg", "g svg", "rect svg", "p xhtml"]);
});
