/** Links of all documents lead somewhere: to a file that is there, and to a title that is in it. */
import { assert, assertEquals } from "@std/assert";
import { asShipped, DOCUMENTS as SHIPPED } from "../../../scripts/compile/documents.ts";
import { deadLinks, linksOf } from "../../support/markdown.ts";
import { isThere, readText, sourcesBelow, treeFiles } from "../../support/source_tree.ts";

const DOCUMENTS = treeFiles().filter((path) => path.endsWith(".md"));

Deno.test("the check of links finds a dead one", () => {
  const files: Record<string, string> = {
    "a.md": "# A title: `it`'s here\n\n```sh\n# no title\n```\n",
    "lib/b.md": "",
    "lib/c.ts": "",
  };
  const check = (link: string) =>
    deadLinks("lib/b.md", `See [it](${link}).`, (path) => path in files, (path) => files[path]!);
  for (const link of ["../a.md", "../a.md#a-title-its-here", "c.ts", "https://example.com/x.md"]) {
    assertEquals(check(link), [], link);
  }
  for (const link of ["a.md", "d.ts", "../a.md#a-title", "../a.md#no-title", "#gone", "c.ts#L5"]) {
    assertEquals(check(link), [`lib/b.md: ${link} leads nowhere`], link);
  }
  assertEquals(linksOf("![a picture](p.svg)\n\n```md\n[no link](x)\n```\n\n`[nor this](y)`"), ["p.svg"]);
});

Deno.test("every link of every document leads to a file that is there, and to a title in it", () => {
  assert(DOCUMENTS.includes("README.md") && DOCUMENTS.includes("lib/PROTOCOL.md"), "documents are found");
  const dead = DOCUMENTS.flatMap((path) => deadLinks(path, readText(path), isThere, readText));
  assertEquals(dead, []);
});

Deno.test("what the archives ship has no dead links, and names what only the source has", () => {
  const texts = new Map(Object.entries(SHIPPED).map(([name, path]) => [name, asShipped(path, readText(path))]));
  const dead = [...texts].flatMap(([name, text]) =>
    deadLinks(name, text, (path) => texts.has(path), (path) => texts.get(path)!)
  );
  assertEquals(dead, []);
  assertEquals(
    linksOf(asShipped("README.md", "![a chart](a.svg)\n[a](lib/a.ts) [b](#b) [c](lib/tunnel/MANUAL.md#c)")),
    [
      "#b",
      "MANUAL.md#c",
    ],
  );
  assert(texts.get("README.md")!.includes("(`lib/README.md` in the source)"));
});

/**
 * The sections of PROTOCOL.md, and their paragraphs, that a source cites, as in `PROTOCOL.md`, "Streams" and "Flow
 * control".
 */
function sectionsIn(source: string): string[] {
  const unwrapped = source.replace(/\n *(?:\*|\/\/) */g, " ");
  return [...unwrapped.matchAll(/PROTOCOL\.md`?((?:(?:,| and| or)? "[^"]+")+)/g)]
    .flatMap(([, names]) => Array.from(names!.matchAll(/"([^"]+)"/g), ([, name]) => name!));
}

Deno.test("every section of PROTOCOL.md that code cites is there", () => {
  assertEquals(sectionsIn('/**\n * Source: `PROTOCOL.md`, "Streams" and "Flow\n * control"; RFC 1.\n */'), [
    "Streams",
    "Flow control",
  ]);
  const places = Array.from(readText("lib/PROTOCOL.md").matchAll(/^(?:#+ (.*)|[- ]*\*\*(.*?)\.?\*\*.*)$/gm));
  const titles = places.map(([, title, lead]) => title ?? lead);
  const cited = [...sourcesBelow("lib/"), ...sourcesBelow("tests/support/")].flatMap((path) =>
    sectionsIn(readText(path)).map((section) => [path, section] as const)
  );
  assert(cited.length >= 20, `${cited.length} citations are found`);
  assertEquals(cited.filter(([, section]) => !titles.includes(section)), []);
});
