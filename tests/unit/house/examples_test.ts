/** The examples in the docs: each block of TypeScript is found, and becomes a test of its own. */
import { assertEquals, assertThrows } from "@std/assert";
import { examplesOf, moduleOf } from "../../run/examples.ts";

const FENCE = "```";

Deno.test("an example is a block of TypeScript in a comment or a page; others and those to be ignored are none", () => {
  const comment = ` * ${FENCE}ts\n * import { a } from "./a.ts";\n *\n *   a();\n * ${FENCE}\n`;
  assertEquals(examplesOf(`/**\n${comment} */\n`), [{ line: 3, text: 'import { a } from "./a.ts";\n\n  a();' }]);
  const page = ["sh", "ts ignore", "", "ts"].map((kind) => `${FENCE}${kind}\nof "${kind}"\n${FENCE}\n`).join("text\n");
  assertEquals(examplesOf(page), [{ line: 14, text: 'of "ts"' }]);
  assertThrows(() => examplesOf(`${FENCE}ts\nlet a`), Error, "line 1: the block has no end");
});

Deno.test("an example's module is a test of its place, whose imports stand in front and are those of its file", () => {
  const text = 'import {\n  a,\n} from "../a.ts";\nimport { b } from "@std/b";\n\nawait a(b, await import("./c.ts"));';
  const lines = [
    'import {\n  a,\n} from "file:///lib/a.ts";',
    'import { b } from "@std/b";',
    'Deno.test("lib/net/x.ts:7", async () => {',
    '\n\n\nawait a(b, await import("file:///lib/net/c.ts"));',
    "});\n",
  ];
  assertEquals(moduleOf({ line: 7, text }, "lib/net/x.ts", new URL("file:///lib/net/x.ts")), lines.join("\n"));
});
