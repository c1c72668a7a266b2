/** Every section with recipes is of a kind, whose tests run it; a new one is noticed. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { KINDS, NOT_RUN, SECTIONS } from "../support/recipe_tests.ts";
import { Recipes, recipeSections } from "../support/recipes.ts";
import { isFile } from "../support/source_tree.ts";

Deno.test("every section that has recipes is of one kind, and each kind has its tests", () => {
  const run = SECTIONS.filter(({ blocks }) => blocks.some(({ text }) => !Object.hasOwn(NOT_RUN, text.split("\n")[0]!)));
  assertEquals(Object.values(KINDS).flat().toSorted(), run.map(({ title }) => title).toSorted());
  for (const kind of Object.keys(KINDS)) assert(isFile(`tests/e2e/recipes_${kind}_test.ts`), kind);
});

Deno.test("every recipe that is not run is one of the README or the manual", () => {
  const firstLines = SECTIONS.flatMap(({ blocks }) => blocks.map(({ text }) => text.split("\n")[0]));
  for (const line of Object.keys(NOT_RUN)) assert(firstLines.includes(line), `${line} is in neither`);
});

Deno.test("a new recipe is noticed: without a runner, indented, or without a language", () => {
  const [section] = recipeSections(
    "# tele\n\n## A title\n\n```sh\none\n```\n\n```text\na picture\n```\n\n```sh\ntwo\n```\n",
  );
  assertEquals(section!.blocks.map(({ text }) => text), ["one", "two"]);
  const recipes = new Recipes(section!);
  recipes.next("one");
  assertThrows(() => recipes.end(), Error, "a recipe that no test runs:\ntwo");
  assertThrows(() => recipes.next("three"), Error, "should begin with three");
  assertThrows(() => recipeSections("## A title\n\n    tele --server\n"), Error, "an indented block");
  assertThrows(() => recipeSections("## A title\n\n```\ntele --server\n```\n"), Error, "a block without a language");
});
