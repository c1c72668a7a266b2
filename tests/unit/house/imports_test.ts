/** Which way imports point, in lib, scripts and tests; and that no files import each other in a circle. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { readText, sourcesBelow } from "../../support/source_tree.ts";
import { importsOf, readSyntax, type SyntaxNode, targetOf } from "../../support/syntax.ts";

/** A layer imports only from itself and from those in front of it (`lib/ARCHITECTURE.md`, "Layers"). */
const LAYERS = ["net", "ping", "session", "mux", "tunnel"];

/** The layers that are given their time and their connections, so that a test can run a week in a millisecond. */
const PURE_LAYERS = ["ping", "session", "mux"];

/** What a pure layer would reach time or the machine with. */
const IMPURE_NAMES = ["Deno", "setTimeout", "setInterval", "setImmediate", "performance", "process", "globalThis"];

/** From which folders and files those beside lib may import; the first row whose folder has the file holds. */
const BESIDE_LIB: [folder: string, mayImport: string[]][] = [
  ["scripts/std_types/", ["scripts/std_types/"]],
  // A simulation, with the simulator's clock and chance.
  ["scripts/fleet/", ["scripts/", "lib/", "tests/support/", "tests/sim/"]],
  ["scripts/", ["scripts/", "lib/", "tests/support/", "deno.json"]],
  ["tests/support/", ["tests/support/", "lib/", "main.ts", "deno.json"]],
  ["tests/sim/", ["tests/sim/", "lib/", "tests/support/"]],
  ["tests/unit/shards/", ["tests/unit/shards/", "tests/support/"]],
  ["tests/run/", ["tests/run/", "tests/support/"]],
  ["tests/fuzz/", ["tests/fuzz/", "lib/", "tests/support/", "tests/sim/"]],
];

/** The layer of a path such as `lib/net/clock.ts`; undefined for every other place. */
function layerOf(path: string): string | undefined {
  const [lib, layer, ...rest] = path.split("/");
  return lib === "lib" && rest.length > 0 && LAYERS.includes(layer!) ? layer : undefined;
}

/** The reason why the file at `path` must not import `specifier`, or undefined if it may. */
function badImport(path: string, specifier: string): string | undefined {
  const target = targetOf(path, specifier);
  if (target?.endsWith("_test.ts")) return "that would run the tests of another file";
  if (path.endsWith("_test.ts")) return undefined;
  if (path === "main.ts" || path.startsWith("lib/")) return badImportOfLib(path, specifier);
  const place = BESIDE_LIB.find(([folder]) => path.startsWith(folder));
  if (place === undefined) return "what helps tests is in tests/support, tests/sim or tests/fuzz";
  const [folder, allowed] = place;
  if (target === undefined || allowed.some((start) => target.startsWith(start))) return undefined;
  return `${folder} imports from ${allowed.join(", ")}`;
}

function badImportOfLib(path: string, specifier: string): string | undefined {
  const target = targetOf(path, specifier) ?? specifier;
  const [from, to] = [layerOf(path), target === specifier ? undefined : layerOf(target)];
  if (path === "main.ts") {
    return to === "tunnel" || target.startsWith("@std/cli/")
      ? undefined
      : "main.ts imports from lib/tunnel and @std/cli";
  }
  if (path === "lib/mod.ts") {
    return to || target.startsWith("@std/") ? undefined : "lib/mod.ts imports from the layers";
  }
  if (!from) return "a file of lib/ belongs to a layer";

  if (to) return LAYERS.indexOf(to) <= LAYERS.indexOf(from) ? undefined : `${to} comes behind ${from}`;
  // The version that `--version` tells has one home.
  if (from === "tunnel" && target === "deno.json") return undefined;
  // X.509's encoding has one home as well, and is loaded only there.
  if (path === "lib/tunnel/files/make_cert.ts" && target === "@peculiar/x509") return undefined;
  const pure = PURE_LAYERS.includes(from);
  if (target.startsWith("node:")) return pure ? `${from} does not see the machine` : undefined;
  if (target.startsWith("@std/async")) return pure ? `${from} is given its clock` : undefined;
  return target.startsWith("@std/") ? undefined : "a layer imports from layers and @std";
}

/** The forbidden thing that an identifier of a pure layer stands for, or undefined. */
function impure(node: SyntaxNode): string | undefined {
  const parent = node.parent;
  // `clock.setTimeout` and `{ Deno: 1 }` are names of their owners, not the global ones.
  const owned = parent !== undefined && !parent.computed &&
    (parent.property === node || (parent.key === node && parent.type !== "Property"));
  const name = node.name ?? "";
  if (IMPURE_NAMES.includes(name)) return owned ? undefined : name;

  const member = parent?.type === "MemberExpression" && parent.object === node ? parent.property?.name : undefined;
  if (name === "Date" && member === "now") return "Date.now";
  if (name === "Date" && parent?.type === "NewExpression" && parent.callee === node && !parent.arguments?.length) {
    return "new Date()";
  }
  if (name === "AbortSignal" && member === "timeout") return "AbortSignal.timeout";
  return undefined;
}

/** What the rules look at in one file. */
interface Reading {
  /** As {@linkcode importsOf} has them. */
  imports: (string | null)[];
  /** Forbidden names; empty outside the pure layers. */
  names: string[];
}

/** What was read so far: path → text and reading. A parse costs a millisecond, and two tests look at the same files. */
const readings = new Map<string, Reading & { source: string }>();

/** Reads one file, unless it was read before. */
function readingOf(path: string, source: string): Reading {
  const before = readings.get(path);
  if (before?.source === source) return before;
  const reading = { source, imports: importsOf(source), names: [] as string[] };
  readings.set(path, reading);
  if (!PURE_LAYERS.includes(layerOf(path) ?? "")) return reading;
  readSyntax(source, ["Identifier"], (node) => {
    const name = impure(node);
    if (name) reading.names.push(name);
  });
  return reading;
}

/** All that is wrong with the imports and the global names of one source text. */
function findings(path: string, source: string): string[] {
  // All that a test must not import is another test, whose name would stand here.
  if (path.endsWith("_test.ts") && !source.includes("_test.ts")) return [];
  const { imports, names } = readingOf(path, source);
  const found = imports.flatMap((specifier) => {
    if (specifier === null) {
      return badComputedImport(path) ? [`${path}: an import that is not a plain string cannot be checked`] : [];
    }
    const reason = badImport(path, specifier);
    return reason === undefined ? [] : [`${path}: imports ${specifier}, but ${reason}`];
  });
  return [...found, ...names.map((name) => `${path}: uses ${name}, but ${layerOf(path)} is given what it needs`)];
}

/** A test may import what it has just written, and one file imports the tests by a list. */
function badComputedImport(path: string): boolean {
  return !path.endsWith("_test.ts") && path !== "tests/unit/shards/shard.ts";
}

/** The files of each circle in a graph of imports, sorted, as one text for each circle. */
function circles(imports: ReadonlyMap<string, readonly string[]>): string[] {
  const reach = new Map([...imports.keys()].map((path) => [path, reachable(imports, path)]));
  const inCircle = [...imports.keys()].filter((path) => reach.get(path)!.has(path));
  const found = inCircle.map((path) =>
    inCircle.filter((other) => reach.get(path)!.has(other) && reach.get(other)!.has(path)).sort().join(", ")
  );
  return [...new Set(found)].sort();
}

/** Where imports lead from a file, over any number of others. */
function reachable(imports: ReadonlyMap<string, readonly string[]>, path: string): Set<string> {
  const found = new Set<string>();
  const left = [...imports.get(path) ?? []];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    left.push(...imports.get(next) ?? []);
  }
  return found;
}

/** path → text. */
const SOURCES = new Map(
  ["main.ts", ...["lib/", "scripts/", "tests/"].flatMap(sourcesBelow)].map((path) => [path, readText(path)]),
);

Deno.test("the check of imports finds what it is for", () => {
  const bad: [path: string, source: string, finding: string][] = [
    ["lib/net/a.ts", `import { b } from "../ping/b.ts";`, "ping comes behind net"],
    ["lib/ping/a.ts", `import "../session/b.ts";`, "session comes behind ping"],
    ["lib/ping/a.ts", `import type { B } from "../mux/b.ts";`, "mux comes behind ping"],
    ["lib/session/a.ts", `export * from "../mux/b.ts";`, "mux comes behind session"],
    ["lib/session/a.ts", `export { b } from "../tunnel/b.ts";`, "tunnel comes behind session"],
    ["lib/session/a.ts", `export type { B } from "../mux/b.ts";`, "mux comes behind session"],
    ["lib/mux/a.ts", `if (1) await import("../tunnel/b.ts");`, "tunnel comes behind mux"],
    ["lib/mux/a.ts", `let b: import("../tunnel/b.ts").B;`, "tunnel comes behind mux"],
    ["lib/mux/a.ts", `let b: typeof import("../tunnel/deep/b.ts");`, "tunnel comes behind mux"],
    ["lib/mux/a.ts", `import b = require("../tunnel/b.ts");`, "tunnel comes behind mux"],
    ["lib/mux/a.ts", `await import("../net/" + name);`, "cannot be checked"],
    ["lib/mux/a.ts", "await import(`../net/${name}.ts`);", "cannot be checked"],
    ["lib/tunnel/a.ts", `import "../mod.ts";`, "a layer imports from layers"],
    ["lib/tunnel/a.ts", `import "../../scripts/b.ts";`, "a layer imports from layers"],
    ["lib/tunnel/a.ts", `import "../../scripts/std_types/assert.ts";`, "a layer imports from layers"],
    ["lib/tunnel/a.ts", `import "../../tests/support/b.ts";`, "a layer imports from layers"],
    ["lib/net/a.ts", `import fc from "fast-check";`, "a layer imports from layers"],
    ["lib/net/a.ts", `import "@tele/tele";`, "a layer imports from layers"],
    ["lib/tunnel/a.ts", `await import("@peculiar/x509");`, "a layer imports from layers"],
    ["lib/net/a.ts", `import "npm:ws@8";`, "a layer imports from layers"],
    ["lib/util/a.ts", `import "../net/b.ts";`, "belongs to a layer"],
    ["lib/mod.ts", `export * from "../main.ts";`, "lib/mod.ts imports from the layers"],
    ["main.ts", `import "./lib/mux/b.ts";`, "main.ts imports from lib/tunnel"],
    ["main.ts", `import "./lib/mod.ts";`, "main.ts imports from lib/tunnel"],
    ["main.ts", `import "@std/streams";`, "main.ts imports from lib/tunnel"],
    ["lib/ping/a.ts", `import net from "node:net";`, "does not see the machine"],
    ["lib/mux/a.ts", `import { delay } from "@std/async/delay";`, "is given its clock"],
    ["lib/ping/a.ts", `let conn: Deno.Conn;`, "uses Deno"],
    ["lib/session/a.ts", `await Deno.connect({ port: 1 });`, "uses Deno"],
    ["lib/session/a.ts", `const { connect } = Deno;`, "uses Deno"],
    ["lib/session/a.ts", `const it = { Deno };`, "uses Deno"],
    ["lib/session/a.ts", `globalThis.setTimeout(f);`, "uses globalThis"],
    ["lib/session/a.ts", `setTimeout(f, 1);`, "uses setTimeout"],
    ["lib/mux/a.ts", `const later = setInterval;`, "uses setInterval"],
    ["lib/mux/a.ts", `let now = Date.now();`, "uses Date.now"],
    ["lib/mux/a.ts", `let now = new Date();`, "uses new Date()"],
    ["lib/mux/a.ts", `let now = performance.now();`, "uses performance"],
    ["lib/mux/a.ts", `fetch(url, { signal: AbortSignal.timeout(1) });`, "uses AbortSignal.timeout"],
    ["scripts/demo/a.ts", `import "../../tests/sim/b.ts";`, "scripts/ imports from"],
    ["scripts/demo/a.ts", `import "../../main.ts";`, "scripts/ imports from"],
    ["scripts/std_types/a.ts", `import "../../lib/net/b.ts";`, "scripts/std_types/ imports from"],
    ["tests/support/a.ts", `import "../../scripts/demo/b.ts";`, "tests/support/ imports from"],
    ["tests/support/a.ts", `import type { B } from "../sim/b.ts";`, "tests/support/ imports from"],
    ["tests/sim/a.ts", `import "../fuzz/b.ts";`, "tests/sim/ imports from"],
    ["tests/fuzz/a.ts", `import "../../scripts/demo/b.ts";`, "tests/fuzz/ imports from"],
    ["tests/e2e/a.ts", `import "../support/b.ts";`, "what helps tests is in"],
    ["tests/support/a.ts", `import "../e2e/b_test.ts";`, "the tests of another file"],
    ["tests/e2e/a_test.ts", `import "./b_test.ts";`, "the tests of another file"],
  ];
  for (const [path, source, finding] of bad) assertStringIncludes(findings(path, source).join("\n"), finding, source);
});

Deno.test("the check of imports lets pass what is right", () => {
  const good: [path: string, source: string][] = [
    ["lib/net/a.ts", `import net from "node:net"; import "./b.ts"; Deno.connect({ port: 1 }); setTimeout(f, 1);`],
    ["lib/session/a.ts", `import "../net/b.ts"; import type { B } from "../ping/b.ts"; import "./c.ts";`],
    ["lib/mux/a.ts", `import { concat } from "@std/bytes/concat"; clock.setTimeout(f); new Date(0);`],
    ["lib/mux/a.ts", `// Deno.connect, import "../tunnel/b.ts"\n/** setTimeout(f) */ const s = "Date.now()";`],
    ["lib/mux/a.ts", `class Clock { setTimeout() {} } interface I { performance: number }`],
    ["lib/tunnel/a.ts", `await import("../mux/b.ts"); import { delay } from "@std/async/delay"; Date.now();`],
    ["lib/tunnel/files/a.ts", `import config from "../../../deno.json" with { type: "json" };`],
    ["lib/tunnel/files/make_cert.ts", `await import("@peculiar/x509");`],
    ["lib/mod.ts", `export * from "./mux/b.ts"; export { c } from "./session/c.ts";`],
    ["main.ts", `import { parseArgs } from "@std/cli/parse-args"; import "./lib/tunnel/b.ts"; Deno.exit(0);`],
    ["scripts/demo/a.ts", `import "../b.ts"; import "../../lib/net/b.ts"; import "../../tests/support/b.ts";`],
    ["tests/support/a.ts", `import "./b.ts"; import "../../lib/net/b.ts"; import net from "node:net";`],
    ["tests/fuzz/a.ts", `import "../sim/b.ts"; import "../support/b.ts";`],
    ["tests/e2e/a_test.ts", `import "../../scripts/demo/b.ts"; import "../sim/b.ts"; await import(file);`],
  ];
  for (const [path, source] of good) assertEquals(findings(path, source), [], source);
});

Deno.test("imports point one way: net, ping, session, mux, tunnel; then scripts and tests", () => {
  for (const layer of LAYERS) {
    assert([...SOURCES.keys()].some((path) => layerOf(path) === layer), `lib/${layer} has files`);
  }
  assertEquals([...SOURCES].flatMap(([path, source]) => findings(path, source)), []);
});

Deno.test("the check of circles finds one, of types too, and nothing else", () => {
  const graph = new Map([["a", ["b", "d"]], ["b", ["c"]], ["c", ["a"]], ["d", ["e"]], ["e", []], ["f", ["f"]]]);
  assertEquals(circles(graph), ["a, b, c", "f"]);
  assertEquals(importsOf(`import type { B } from "./b.ts";`), ["./b.ts"], "an import of types counts");
});

Deno.test("no files import each other in a circle", () => {
  const graph = new Map(
    [...SOURCES].filter(([path]) => !path.endsWith("_test.ts")).map(([path, source]) => [
      path,
      readingOf(path, source).imports.flatMap((specifier) => specifier === null ? [] : targetOf(path, specifier) ?? []),
    ]),
  );
  assertEquals(circles(graph), []);
});
