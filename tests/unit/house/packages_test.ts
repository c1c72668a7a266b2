/** The packages of npm that the program has: each is fetched by who starts it from source, and is in every release. */
import { assertEquals } from "@std/assert";
import config from "../../../deno.json" with { type: "json" };
import { readText } from "../../support/source_tree.ts";
import { importsOf, targetOf } from "../../support/syntax.ts";

/** What the program and the library import, why, and what that brings along. */
const PACKAGES: { name: string; why: string; brings: string[] }[] = [
  { name: "deno-std", why: "Deno's standard library, where JSR is out of reach: scripts/std_types", brings: [] },
  {
    name: "@peculiar/x509",
    why: "X.509's encoding, for --make-cert; nobody should write it once more",
    brings: [
      "@peculiar/asn1-cms",
      "@peculiar/asn1-csr",
      "@peculiar/asn1-ecc",
      "@peculiar/asn1-pfx",
      "@peculiar/asn1-pkcs8",
      "@peculiar/asn1-pkcs9",
      "@peculiar/asn1-rsa",
      "@peculiar/asn1-schema",
      "@peculiar/asn1-x509",
      "@peculiar/asn1-x509-attr",
      "@peculiar/utils",
      "asn1js",
      "pvtsutils",
      "pvutils",
      "reflect-metadata",
      "tslib",
      "tsyringe",
    ],
  },
];

/** The files of a tree, and what stands in its `deno.json` and `deno.lock`. */
interface Tree {
  readonly read: (path: string) => string;
  /** The import map: name → file or package; a name with a `/` at its end is for all that begin so. */
  readonly imports: Readonly<Record<string, string>>;
  /** `name@version` → what it needs, as `name` or `name@version`. */
  readonly locked: Readonly<Record<string, { readonly dependencies?: readonly string[] }>>;
}

/** The name in `@scope/name@1.2.3`, `name@1.2.3` or `name`. */
function nameOf(key: string): string {
  return key.replace(/(?<=.)@.*$/, "");
}

/** Where a specifier leads by the import map; itself, if by none of its names. */
function mapped(imports: Tree["imports"], specifier: string): string {
  const name = Object.keys(imports).find((each) =>
    each === specifier || (each.endsWith("/") && specifier.startsWith(each))
  );
  return name === undefined ? specifier : imports[name] + specifier.slice(name.length);
}

/** The names of the packages that files import, and those that they import, and so on; sorted. */
function importedPackages({ read, imports }: Tree, files: readonly string[]): string[] {
  const packages = new Set<string>();
  const seen = new Set(files);
  // What is added on the way is visited, too.
  for (const path of seen) {
    for (const specifier of importsOf(read(path))) {
      const to = mapped(imports, specifier ?? "");
      const name = /^npm:\/?((?:@[^/]+\/)?[^@/]+)/.exec(to)?.[1];
      if (name !== undefined) packages.add(name);
      // Names of the import map begin at the top.
      const file = targetOf(to === specifier ? path : "deno.json", to);
      if (file !== undefined && /\.[tj]s$/.test(file)) seen.add(file);
    }
  }
  return [...packages].sort();
}

/** The names of packages that a package needs, and those that they need, and so on; sorted, without its own. */
function broughtBy({ locked }: Tree, name: string): string[] {
  const seen = new Set([name]);
  for (const each of seen) {
    const versions = Object.keys(locked).filter((key) => nameOf(key) === each);
    versions.flatMap((key) => locked[key]!.dependencies ?? []).forEach((key) => seen.add(nameOf(key)));
  }
  seen.delete(name);
  return [...seen].sort();
}

/** This checkout. */
const TREE: Tree = { read: readText, imports: config.imports, locked: JSON.parse(readText("deno.lock")).npm };

Deno.test("the check of packages finds what a file far away imports, and what that brings", () => {
  const files: Record<string, string> = {
    "main.ts": `import "./lib/a.ts"; import config from "./deno.json" with { type: "json" };`,
    "lib/a.ts": `import net from "node:net"; import "@std/a"; const b = await import("./b/b.ts");`,
    "lib/b/b.ts": `import type { C } from "@scope/c"; import "npm:d@1";`,
    "types/a.ts": `export * from "std/a/mod.js";`,
  };
  const imports = { "@std/a": "./types/a.ts", "std/": "npm:/std@1.0.0/", "@scope/c": "npm:@scope/c@2", "e": "npm:e@1" };
  const locked = { "@scope/c@2.0.0": { dependencies: ["f"] }, "f@1.0.0": { dependencies: ["g@2.0.0"] }, "g@2.0.0": {} };
  const tree: Tree = { read: (path) => files[path]!, imports, locked };
  assertEquals(importedPackages(tree, ["main.ts"]), ["@scope/c", "d", "std"]);
  assertEquals(importedPackages(tree, ["types/a.ts"]), ["std"]);
  assertEquals(broughtBy(tree, "@scope/c"), ["f", "g"]);
  assertEquals(broughtBy(tree, "g"), []);
});

Deno.test("the program and the library import these packages and no others, and each has its reason", () => {
  assertEquals(importedPackages(TREE, ["main.ts", "lib/mod.ts"]), PACKAGES.map(({ name }) => name).sort());
});

Deno.test("the packages of the program bring these along and no others", () => {
  assertEquals(
    PACKAGES.map(({ name }) => ({ name, brings: broughtBy(TREE, name) })),
    PACKAGES.map(({ name, brings }) => ({
      name,
      brings,
    })),
  );
});
