/** Links of all documents lead somewhere: to a file that is there, and to a title that is in it. */
import { assert, assertEquals } from "@std/assert";
import { isThere, readText, sourcesBelow, treeFiles } from "../../support/source_tree.ts";

/** What stands in code is no link. */
function withoutCode(markdown: string): string {
  return markdown.replace(/^```.*?^```$/gms, "").replace(/^ {4}.*$/gm, "").replace(/`[^`\n]*`/g, (code) => {
    return code.replace(/[[\]()<>]/g, "");
  });
}

/** Where the links and pictures of a document lead, but for those to other sites. */
function linksOf(markdown: string): string[] {
  return [...withoutCode(markdown).matchAll(/\]\(([^)\s]*)\)/g)].map(([, target]) => target!)
    .filter((target) => !/^[a-z]+:/.test(target));
}

/** The names by which links reach the titles of a document, as GitHub makes them. */
function anchorsOf(markdown: string): string[] {
  const titles = markdown.replace(/^```.*?^```$/gms, "").matchAll(/^#+ (.*)$/gm);
  return Array.from(
    titles,
    ([, title]) =>
      title!.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "").replaceAll(
        " ",
        "-",
      ),
  );
}

/** The links of the document at `path` that lead nowhere, among the paths that `isThere` and their texts. */
function deadLinks(
  path: string,
  markdown: string,
  isThere: (path: string) => boolean,
  read: typeof readText,
): string[] {
  return linksOf(markdown).filter((link) => {
    const { pathname, hash } = new URL(link, `file:///${path}`);
    const target = decodeURIComponent(pathname.slice(1));
    if (!isThere(target)) return true;
    if (hash === "") return false;
    return !target.endsWith(".md") || !anchorsOf(read(target)).includes(decodeURIComponent(hash.slice(1)));
  }).map((link) => `${path}: ${link} leads nowhere`);
}

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

/** The sections of PROTOCOL.md, and their paragraphs, that a source cites, as in `PROTOCOL.md`, "Records" and "Flow control". */
function sectionsIn(source: string): string[] {
  const unwrapped = source.replace(/\n *(?:\*|\/\/) */g, " ");
  return [...unwrapped.matchAll(/PROTOCOL\.md`?((?:(?:,| and| or)? "[^"]+")+)/g)]
    .flatMap(([, names]) => Array.from(names!.matchAll(/"([^"]+)"/g), ([, name]) => name!));
}

Deno.test("every section of PROTOCOL.md that code cites is there", () => {
  assertEquals(sectionsIn('/**\n * Source: `PROTOCOL.md`, "Records" and "Flow\n * control"; RFC 1.\n */'), [
    "Records",
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
