/**
 * `deno task unit` in a few parts: a worker for each file of tests costs more than most of the tests.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { ROOT, sourcesBelow } from "../../support/source_tree.ts";

/** How many parts there are: one more than processors, since tests wait; each worker compiles the same code anew. */
export const SHARDS = 3;

/**
 * The paths of the tests in part `number`, which counts from 1; they begin at the top of the checkout.
 *
 * Large files take longer: so they are dealt out by size, to and fro.
 */
export function testsOf(number: number): string[] {
  const tests = sourcesBelow("tests/unit/").filter((path) => path.endsWith("_test.ts"));
  const bytes = new Map(tests.map((path) => [path, Deno.statSync(new URL(path, ROOT)).size]));
  const bySize = tests.toSorted((a, b) => bytes.get(b)! - bytes.get(a)!);
  return bySize.filter((_, index) => {
    const [round, place] = [Math.floor(index / SHARDS), index % SHARDS];
    return (round % 2 === 0 ? place : SHARDS - 1 - place) === number - 1;
  }).sort();
}

/** Defines the tests of the part that the file at `url` is named after. */
export async function importShard(url: string): Promise<void> {
  const number = Number(/(\d+)\.ts$/.exec(fileURLToPath(url))?.[1]);
  for (const path of testsOf(number)) await import(new URL(`../../../${path}`, import.meta.url).href);
}
