/** The parts in which `deno task unit` runs: each test is in one of them. */
import { assertEquals } from "@std/assert";
import config from "../../../deno.json" with { type: "json" };
import { sourcesBelow } from "../../support/source_tree.ts";
import { SHARDS, testsOf } from "../shards/shard.ts";

const NUMBERS = Array.from({ length: SHARDS }, (_, index) => index + 1);

Deno.test("each unit test is in one part, and no part is much larger than another", () => {
  const parts = NUMBERS.map(testsOf);
  const all = sourcesBelow("tests/unit/").filter((path) => path.endsWith("_test.ts"));
  assertEquals(parts.flat().sort(), all);
  const sizes = parts.map(({ length }) => length);
  assertEquals(Math.max(...sizes) - Math.min(...sizes) <= 1, true, `${sizes}`);
});

Deno.test("each part has its file, and the task runs all of them", () => {
  const files = sourcesBelow("tests/unit/shards/").filter((path) => /\/\d+\.ts$/.test(path));
  assertEquals(files, NUMBERS.map((number) => `tests/unit/shards/${number}.ts`));
  assertEquals(config.tasks.unit.command.match(/\S+\.ts/g), ["tests/unit/shards/*.ts"]);
});
