import { assert, assertEquals } from "@std/assert";
import { joined, SCRIPT, SCRIPT_FILES } from "../../../../../lib/tunnel/status/page/script.ts";
import { sourcesBelow } from "../../../../support/source_tree.ts";
import { importsOf, readSyntax } from "../../../../support/syntax.ts";

/** Names that stand at the top of a text. */
function topNames(source: string): string[] {
  return [...source.matchAll(/^(?:export )?(?:const|let|class|function) (\w+|\{[^}]*\})/gm)].flatMap(([, name]) =>
    name!.match(/\w+/g) ?? []
  );
}

Deno.test("modules joined are one script, without imports, exports and comments", () => {
  const first = '// @ts-check\n/**\n * About. * / **\n */\nexport const a = "/* no comment */";\n';
  const second =
    'import {\n  a,\n} from "./a.js";\n\n/** Twice. */\nexport function b() {\n  // Why.\n  return a + a;\n}\n';
  assertEquals(joined([first, second]), 'const a = "/* no comment */";\nfunction b() {\n  return a + a;\n}\n');
});

Deno.test("each file of the script stands behind those that it imports from", () => {
  const names = Object.keys(SCRIPT_FILES);
  for (const [index, [name, text]] of Object.entries(SCRIPT_FILES).entries()) {
    for (const imported of importsOf(text)) {
      assert(names.slice(0, index).includes(imported!.replace("./", "")), `${name} imports ${imported}`);
    }
  }
});

Deno.test("no two files of the script have a name in common, since they become one", () => {
  const all = Object.values(SCRIPT_FILES).flatMap(topNames);
  assertEquals(all.filter((name, index) => all.indexOf(name) !== index), []);
});

Deno.test("the script has all files of the page but the one that the server alone needs", () => {
  const files = sourcesBelow("lib/tunnel/status/page/").filter((path) => path.endsWith(".js"));
  const names = files.map((path) => path.slice(path.lastIndexOf("/") + 1));
  assertEquals(names.filter((name) => !(name in SCRIPT_FILES)), ["markup.js"]);
});

Deno.test("the script is whole, and can stand in a page", () => {
  readSyntax(SCRIPT, [], () => {});
  assertEquals(/<\/script|<!--/i.test(SCRIPT), false);
  assertEquals(importsOf(SCRIPT), []);
  assertEquals(/^export |innerHTML|outerHTML|insertAdjacentHTML|\beval\b/m.test(SCRIPT), false);
});
