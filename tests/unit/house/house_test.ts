/**
 * The rules of the house that no compiler knows: which way imports point, that the standard library has real types,
 * what lies at the top level, and that CI runs what the README tells people to run.
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";
import config from "../../../deno.json" with { type: "json" };

const ROOT = new URL("../../../", import.meta.url);

/** A layer imports only from itself and from those in front of it (`lib/PROTOCOL.md` is about the middle three). */
const LAYERS = ["net", "ping", "session", "mux", "tunnel"];

/** The layers that are given their time and their connections, so that a test can run a week in a millisecond. */
const PURE_LAYERS = ["ping", "session", "mux"];

/** What a pure layer would reach time or the machine with. */
const IMPURE_NAMES = ["Deno", "setTimeout", "setInterval", "setImmediate", "performance", "process", "globalThis"];

const TOP_LEVEL = ["LICENSE", "README.md", "deno.json", "deno.lock", "lib", "main.ts", "scripts", "tests"];

// ---------------------------------------------------------------------------------------------------------------------
// Imports
// ---------------------------------------------------------------------------------------------------------------------

/** What {@linkcode findings} needs of a syntax tree's node. */
interface Node {
  type: string;
  name?: string;
  value?: unknown;
  computed?: boolean;
  parent?: Node;
  key?: Node;
  property?: Node;
  object?: Node;
  callee?: Node;
  arguments?: Node[];
  source?: Node | null;
  argument?: Node;
  literal?: Node;
  expression?: Node;
}

/** The layer of a path such as `lib/net/clock.ts`; undefined for every other place. */
function layerOf(path: string): string | undefined {
  const [lib, layer, ...rest] = path.split("/");
  return lib === "lib" && rest.length > 0 && LAYERS.includes(layer) ? layer : undefined;
}

/** The reason why the file at `path` must not import `specifier`, or undefined if it may. */
function badImport(path: string, specifier: string): string | undefined {
  const relative = /^\.\.?\//.test(specifier);
  const target = relative ? new URL(specifier, `file:///${path}`).pathname.slice(1) : specifier;
  const [from, to] = [layerOf(path), relative ? layerOf(target) : undefined];

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

/** The specifier that a node imports, `null` if it is computed, undefined if the node imports nothing. */
function importedBy(node: Node): string | null | undefined {
  const text = (literal: Node | undefined) => typeof literal?.value === "string" ? literal.value : null;
  switch (node.type) {
    case "ImportDeclaration":
    case "ExportAllDeclaration":
    case "ImportExpression":
      return text(node.source ?? undefined);
    case "ExportNamedDeclaration":
      return node.source ? text(node.source) : undefined;
    case "TSImportType":
      return text(node.argument?.literal ?? node.argument);
    case "TSExternalModuleReference":
      return text(node.expression);
    default:
      return undefined;
  }
}

/** The forbidden thing that an identifier of a pure layer stands for, or undefined. */
function impure(node: Node): string | undefined {
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

/**
 * All that is wrong with the imports and the global names of one source text.
 *
 * Deno's own parser reads it, through the interface of lint plugins: comments, strings and types cannot fool it.
 */
function findings(path: string, source: string): string[] {
  const found: string[] = [];
  // The tree of a plugin ends at an empty statement (a lone `;`). `deno fmt` removes those, and the last statement here
  // shows that the tree was read to its end.
  const LAST = "lastStatementOfTheHouseTest";
  let complete = false;
  const pure = PURE_LAYERS.includes(layerOf(path) ?? "");
  const visit = (raw: unknown) => {
    const node = raw as Node;
    const specifier = importedBy(node);
    if (specifier === null) found.push(`${path}: an import that is not a plain string cannot be checked`);
    const reason = typeof specifier === "string" ? badImport(path, specifier) : undefined;
    if (reason) found.push(`${path}: imports ${specifier}, but ${reason}`);
    if (node.type !== "Identifier") return;
    if (node.name === LAST) complete = true;
    const name = pure ? impure(node) : undefined;
    if (name) found.push(`${path}: uses ${name}, but ${layerOf(path)} is given what it needs`);
  };
  const rule: Deno.lint.Rule = {
    create: () => ({
      ImportDeclaration: visit,
      ExportAllDeclaration: visit,
      ExportNamedDeclaration: visit,
      ImportExpression: visit,
      TSImportType: visit,
      TSExternalModuleReference: visit,
      Identifier: visit,
    }),
  };
  Deno.lint.runPlugin({ name: "house", rules: { imports: rule } }, "file.ts", `${source}\n${LAST};\n`);
  assert(complete, `${path}: not read to its end`);
  return found;
}

/** The TypeScript files of `lib/` and `main.ts`, formatted: path → text. */
async function sources(): Promise<Map<string, string>> {
  const paths = ["main.ts"];
  const walk = (folder: string) => {
    for (const entry of Deno.readDirSync(new URL(folder, ROOT))) {
      if (entry.isDirectory) walk(`${folder}${entry.name}/`);
      else if (entry.name.endsWith(".ts")) paths.push(`${folder}${entry.name}`);
    }
  };
  walk("lib/");

  const copy = await Deno.makeTempDir();
  try {
    for (const path of paths) {
      await Deno.mkdir(`${copy}/${path.slice(0, path.lastIndexOf("/") + 1)}`, { recursive: true });
      await Deno.copyFile(new URL(path, ROOT), `${copy}/${path}`);
    }
    const { success, text } = await deno(["fmt", "--quiet", "--no-config", copy]);
    assert(success, text);
    return new Map(paths.map((path) => [path, Deno.readTextFileSync(`${copy}/${path}`)]));
  } finally {
    await Deno.remove(copy, { recursive: true });
  }
}

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
    ["lib/tunnel/a.ts", `import config from "../../../../deno.json" with { type: "json" };`],
    ["lib/tunnel/files/make_cert.ts", `await import("@peculiar/x509");`],
    ["lib/mod.ts", `export * from "./mux/b.ts"; export { c } from "./session/c.ts";`],
    ["main.ts", `import { parseArgs } from "@std/cli/parse-args"; import "./lib/tunnel/b.ts"; Deno.exit(0);`],
  ];
  for (const [path, source] of good) assertEquals(findings(path, source), [], source);
});

Deno.test("imports point one way: net, ping, session, mux, tunnel", async () => {
  const files = await sources();
  for (const layer of LAYERS) {
    assert([...files.keys()].some((path) => layerOf(path) === layer), `lib/${layer} has files`);
  }
  assertEquals([...files].flatMap(([path, source]) => findings(path, source)), []);
});

// ---------------------------------------------------------------------------------------------------------------------
// Types of the standard library
// ---------------------------------------------------------------------------------------------------------------------

/** For each name of the import map: a use that compiles, and uses that must not, with what the compiler says of them. */
const USES: Record<string, { right: string; wrong: [use: string, says: string][] }> = {
  "@std/assert": {
    right: `import { assertEquals, assertRejects } from "@std/assert";
      assertEquals(1, 2, "why");
      const error: TypeError = await assertRejects(() => Promise.reject(), TypeError);
      console.log(error);`,
    wrong: [
      [`import { assertEquals } from "@std/assert"; assertEquals(1, "1");`, "'string' is not assignable to parameter"],
      [`import { assertRejects } from "@std/assert"; assertRejects(() => 1);`, "PromiseLike<unknown>"],
      [`import { assertEqual } from "@std/assert"; assertEqual(1, 1);`, "no exported member"],
    ],
  },
  "@std/async/deadline": {
    right: `import { deadline } from "@std/async/deadline";
      const n: number = await deadline(Promise.resolve(1), 5); console.log(n);`,
    wrong: [[`import { deadline } from "@std/async/deadline"; deadline(Promise.resolve(1), "5s");`, "'string'"]],
  },
  "@std/async/delay": {
    right: `import { delay } from "@std/async/delay"; await delay(1, { persistent: false });`,
    wrong: [[`import { delay } from "@std/async/delay"; delay("1s");`, "'string'"]],
  },
  "@std/bytes/concat": {
    right:
      `import { concat } from "@std/bytes/concat"; const n: number = concat([new Uint8Array(1)]).length; console.log(n);`,
    wrong: [[`import { concat } from "@std/bytes/concat"; concat(new Uint8Array(1), new Uint8Array(1));`, "arguments"]],
  },
  "@std/bytes/equals": {
    right:
      `import { equals } from "@std/bytes/equals"; const same: boolean = equals(new Uint8Array(), new Uint8Array());
      console.log(same);`,
    wrong: [[`import { equals } from "@std/bytes/equals"; equals("a", "a");`, "'string'"]],
  },
  "@std/cli/parse-args": {
    right: `import { parseArgs } from "@std/cli/parse-args";
      const flags = parseArgs(Deno.args, {
        boolean: ["server"], string: ["in", "out", "route"], collect: ["route"], default: { out: ":22" },
      });
      const all: [boolean, string | undefined, string, string[]] = [flags.server, flags.in, flags.out, flags.route];
      console.log(all, flags._);`,
    wrong: [
      [`import { parseArgs } from "@std/cli/parse-args"; parseArgs("--server");`, "'string[]'"],
      [`import { parseArgs } from "@std/cli/parse-args"; parseArgs([], { booleans: ["a"] });`, "'booleans'"],
      [`import { parseArgs } from "@std/cli/parse-args"; parseArgs([], { string: ["in"] }).on;`, "'on' does not exist"],
      [
        `import { parseArgs } from "@std/cli/parse-args"; const n: number = parseArgs([], { boolean: ["a"] }).a; console.log(n)`,
        "'boolean' is not assignable to type 'number'",
      ],
    ],
  },
  "@std/encoding/hex": {
    right: `import { decodeHex, encodeHex } from "@std/encoding/hex"; const s: string = encodeHex(decodeHex("00"));
      console.log(s);`,
    wrong: [[`import { encodeHex } from "@std/encoding/hex"; encodeHex(255);`, "'number'"]],
  },
  "@std/streams": {
    right: `import { TextLineStream, toBytes } from "@std/streams";
      const n: number = (await toBytes(new Blob().stream())).length;
      const lines: ReadableStream<string> = new Blob().stream().pipeThrough(new TextDecoderStream())
        .pipeThrough(new TextLineStream({ allowCR: true }));
      console.log(n, lines);`,
    wrong: [
      [`import { toBytes } from "@std/streams"; toBytes(new Uint8Array(1));`, "'ReadableStream"],
      [
        `import { TextLineStream } from "@std/streams"; new Blob().stream().pipeThrough(new TextLineStream());`,
        "'string",
      ],
    ],
  },
  "@std/text/closest-string": {
    right: `import { closestString } from "@std/text/closest-string"; const s: string = closestString("a", ["b"]);
      console.log(s);`,
    wrong: [[`import { closestString } from "@std/text/closest-string"; closestString("a", "b");`, "'string'"]],
  },
};

const STD_NAMES = Object.keys(config.imports).filter((name) => name.startsWith("@std/"));

Deno.test("every @std name has a right and a wrong use in this test", () => {
  assertEquals(Object.keys(USES).sort(), [...STD_NAMES].sort());
});

Deno.test("a right use of each @std name compiles, a wrong one does not", async () => {
  const folder = await Deno.makeTempDir();
  try {
    // One compiler run for all: each use is a file of its own, whose name is in the compiler's message.
    const says = new Map<string, string>();
    for (const [index, { right, wrong }] of Object.values(USES).entries()) {
      await Deno.writeTextFile(`${folder}/right_${index}.ts`, right);
      for (const [n, [use, text]] of wrong.entries()) {
        await Deno.writeTextFile(`${folder}/wrong_${index}_${n}.ts`, use);
        says.set(`wrong_${index}_${n}.ts`, text);
      }
    }
    const { success, text } = await deno([
      "check",
      "--config",
      fileURLToPath(new URL("deno.json", ROOT)),
      "--no-lock",
      folder,
    ]);
    assert(!success, "the wrong uses compile");

    const errors = text.split(/^(?=TS\d+ \[ERROR\])/m).filter((part) => part.startsWith("TS"));
    assertEquals(errors.filter((error) => /\/right_\d/.test(error)), [], "the right uses compile");
    for (const [file, expected] of says) {
      const found = errors.filter((error) => error.includes(`/${file}:`)).join("");
      assertStringIncludes(found, expected, `${Deno.readTextFileSync(`${folder}/${file}`)}\n${text}`);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("every value that a type file of the standard library declares is there", async () => {
  for (const name of STD_NAMES) {
    const local = (config.imports as Record<string, string>)[name];
    const types = await Deno.readTextFile(new URL(local.replace(/\.ts$/, ".d.ts"), ROOT));
    const declared = [...types.matchAll(/^export (?:declare )?(?:function|class|const) (\w+)/gm)].map(([, word]) =>
      word
    );
    assert(declared.length > 0, name);
    const module = await import(new URL(local, ROOT).href) as Record<string, unknown>;
    for (const word of declared) assertEquals(typeof module[word], "function", `${word} of ${name}`);
  }
});

// ---------------------------------------------------------------------------------------------------------------------
// Files
// ---------------------------------------------------------------------------------------------------------------------

/** The names at the top level: of the files that git knows or would add, or of all where there is no git. */
async function topLevel(): Promise<string[]> {
  let paths: string[] = [];
  try {
    const args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    const { success, stdout } = await new Deno.Command("git", { args, cwd: ROOT, stderr: "null" }).output();
    if (success) paths = new TextDecoder().decode(stdout).split("\0").filter((path) => path !== "");
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  if (paths.length === 0) paths = Array.from(Deno.readDirSync(ROOT), (entry) => entry.name);
  return [...new Set(paths.map((path) => path.split("/")[0]))];
}

Deno.test("the top level holds what it should and nothing else", async () => {
  const names = (await topLevel()).filter((name) => !name.startsWith("."));
  assertEquals(names.sort(), [...TOP_LEVEL].sort());
});

Deno.test("CI runs the README's two commands", async () => {
  const readme = await Deno.readTextFile(new URL("README.md", ROOT));
  const ci = (await Deno.readTextFile(new URL(".ci/run", ROOT))).split("\n").filter((line) => !/^\s*#/.test(line));

  const printed = [...readme.matchAll(/npx -y deno@\S+ task (?:demo|test)\b/g)].map(([command]) => command);
  const demo = "npx -y deno@2.9.6 task demo";
  const test = "npx -y deno@2.9.6 task test";
  assertEquals([...new Set(printed)].sort(), [demo, test]);
  assert(ci.includes(`tests ${test}`), "the test command, exactly as printed");
  assert(ci.some((line) => line.startsWith(`stage ${demo} --`)), "the demo, in a short form");
});

/** Runs this very Deno; its output, both kinds together, without colours. */
async function deno(args: string[]): Promise<{ success: boolean; text: string }> {
  const command = new Deno.Command(Deno.execPath(), { args, env: { NO_COLOR: "1" }, stdin: "null" });
  const { success, stdout, stderr } = await command.output();
  return { success, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}
