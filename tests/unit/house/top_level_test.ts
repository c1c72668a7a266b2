/** What lies at the top level, and that CI runs what the README tells people to run. */
import { assert, assertEquals } from "@std/assert";
import { readText, treeFiles } from "../../support/source_tree.ts";

const TOP_LEVEL = ["LICENSE", "README.md", "deno.json", "deno.lock", "lib", "main.ts", "scripts", "tests"];

Deno.test("the top level holds what it should and nothing else", () => {
  const names = [...new Set(treeFiles().map((path) => path.split("/")[0]!))].filter((name) => !name.startsWith("."));
  assertEquals(names.sort(), [...TOP_LEVEL].sort());
});

Deno.test("CI runs the README's two commands", () => {
  const readme = readText("README.md");
  const ci = readText(".ci/run").split("\n").filter((line) => !/^\s*#/.test(line));

  const printed = [...readme.matchAll(/npx -y deno@\S+ task (?:demo|test)\b/g)].map(([command]) => command);
  const demo = "npx -y deno@2.9.6 task demo";
  const test = "npx -y deno@2.9.6 task test";
  assertEquals([...new Set(printed)].sort(), [demo, test]);
  assert(ci.includes(`tests ${test}`), "the test command, exactly as printed");
  assert(ci.some((line) => line.trim().startsWith(`stage ${demo} --`)), "the demo, in a short form");
});
