/** `lib/ARCHITECTURE.md` tells the truth: the invariants that code cites, and the files and tests that it names. */
import { assert, assertEquals } from "@std/assert";
import { isThere, readText, sourcesBelow, treeFiles } from "../../support/source_tree.ts";

const MAP = readText("lib/ARCHITECTURE.md");

/** Lines that a newcomer reads at once. */
const MOST_LINES = 170;

/** The numbers that a text cites, as in `Invariant 3`, `(invariant 9)` and `Invariants 1 and 11`. */
function citedBy(text: string): number[] {
  return [...text.matchAll(/\binvariants? (\d+(?:(?:, | and )\d+)*)/gi)]
    .flatMap(([, numbers]) => numbers!.split(/, | and /).map(Number));
}

/** The rows of the map's invariants: number → the cells behind it. */
function invariants(map: string): Map<number, string[]> {
  const rows = [...map.matchAll(/^\| (\d+) +\|(.*)\|$/gm)];
  return new Map(rows.map(([, number, cells]) => [Number(number), cells!.split("|").map((cell) => cell.trim())]));
}

/** The paths of files and folders that a text names, also in the middle of a command. */
function pathsIn(text: string): string[] {
  const paths = text.matchAll(/(?<![\w/.-])(?:(?:lib|tests|scripts)\/[\w./-]*\w\/?|main\.ts|deno\.json)/g);
  return Array.from(paths, ([path]) => path);
}

/** The names in files that a text tells, as in `lib/a.ts`: `tick`, or `tick` of `lib/a.ts`: path and name. */
function namesIn(text: string): [path: string, name: string][] {
  const behind = [...text.matchAll(/`([\w/]+\.ts)`: `(#?\w+)`/g)].map(([, path, name]) => [path, name]);
  const before = [...text.matchAll(/`(#?\w+)` (?:of|in) `([\w/]+\.ts)`/g)].map(([, name, path]) => [path, name]);
  return [...behind, ...before] as [string, string][];
}

/** What is wrong with the map, beside a tree that has the paths `isThere`, and texts that cite invariants. */
function findings(map: string, isThere: (path: string) => boolean, texts: Iterable<[string, string]>): string[] {
  const found = pathsIn(map).filter((path) => !isThere(path)).map((path) => `${path} is named and not there`);
  const known = invariants(map);
  for (const [number, [sentence, keepers, tests]] of known) {
    if (!/^\*\*.+\*\*/.test(sentence ?? "")) found.push(`invariant ${number} does not say what it is`);
    if (!pathsIn(keepers ?? "").some((path) => path.startsWith("lib/"))) found.push(`nobody keeps invariant ${number}`);
    if (!pathsIn(tests ?? "").some((path) => path.endsWith("_test.ts"))) {
      found.push(`no test shows invariant ${number}`);
    }
  }
  for (const [path, text] of texts) {
    for (const number of citedBy(text)) if (!known.has(number)) found.push(`${path} cites invariant ${number}`);
  }
  return found;
}

Deno.test("the check of the map finds what it is for", () => {
  const row = (number: number, keeper: string, test: string) =>
    `| ${number}  | **Bounded.** Really. | \`${keeper}\` | \`${test}\` |\n`;
  const good = row(1, "lib/a.ts", "tests/unit/a_test.ts");
  const isThere = (path: string) => ["lib/a.ts", "tests/unit/a_test.ts"].includes(path);
  const texts: [string, string][] = [["lib/a.ts", "/** Invariant 1: it keeps. */"]];
  assertEquals(findings(good, isThere, texts), []);
  assertEquals(findings(good, isThere, [["lib/a.ts", "// invariants 1, 2 and 13"]]), [
    "lib/a.ts cites invariant 2",
    "lib/a.ts cites invariant 13",
  ]);
  assertEquals(findings(`${good}See \`lib/b.ts\`, \`deno test tests/gone/\` and lib/a.ts.`, isThere, texts), [
    "lib/b.ts is named and not there",
    "tests/gone/ is named and not there",
  ]);
  assertEquals(findings(row(1, "main.ts", "tests/unit/b.ts"), () => true, texts), [
    "nobody keeps invariant 1",
    "no test shows invariant 1",
  ]);
});

Deno.test("every invariant that is cited is in ARCHITECTURE.md, and what it names is there", () => {
  const cited = ["main.ts", ...["lib/", "scripts/", "tests/"].flatMap(sourcesBelow)]
    .filter((path) => !path.endsWith("/architecture_test.ts"))
    .map((path): [string, string] => [path, readText(path)]);
  const documents = treeFiles().filter((path) => path.endsWith(".md")).map((path): [string, string] => [
    path,
    readText(path),
  ]);
  const texts = [...cited, ...documents];
  assert(texts.flatMap(([, text]) => citedBy(text)).length >= 40, "citations are found");
  assertEquals([...invariants(MAP).keys()], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  assertEquals(findings(MAP, isThere, texts), []);
});

Deno.test("the functions that ARCHITECTURE.md names are in their files", () => {
  assertEquals(namesIn("`lib/a.ts`: `tick`; `cut` in `lib/b.ts`, `#pull` of `lib/c.ts`"), [
    ["lib/a.ts", "tick"],
    ["lib/b.ts", "cut"],
    ["lib/c.ts", "#pull"],
  ]);
  const names = namesIn(MAP);
  assert(names.length >= 3, "names are found");
  const isIn = ([path, name]: [string, string]) => new RegExp(`(?<![\\w#])${name}\\(`).test(readText(path));
  assertEquals(names.filter((name) => !isIn(name)), []);
});

Deno.test("ARCHITECTURE.md is short enough to be read", () => {
  const lines = MAP.trimEnd().split("\n").length;
  assert(lines <= MOST_LINES, `${lines} lines`);
});
