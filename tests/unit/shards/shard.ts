/**
 * `deno task unit` in a few parts: a worker for each file of tests costs more than most of the tests.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { sourcesBelow } from "../../support/source_tree.ts";

/** How many parts there are: one more than processors, since tests wait; each worker compiles the same code anew. */
export const SHARDS = 3;

/** The paths of the tests in part `number`, which counts from 1; they begin at the top of the checkout. */
export function testsOf(number: number): string[] {
  const tests = sourcesBelow("tests/unit/").filter((path) => path.endsWith("_test.ts"));
  return tests.filter((_, index) => index % SHARDS === number - 1);
}

/** Defines the tests of the part that the file at `url` is named after. */
export async function importShard(url: string): Promise<void> {
  const number = Number(/(\d+)\.ts$/.exec(fileURLToPath(url))?.[1]);
  for (const path of testsOf(number)) await import(new URL(`../../../${path}`, import.meta.url).href);
}
