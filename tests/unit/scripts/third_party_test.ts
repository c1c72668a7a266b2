/** Which packages a program carries, and the notice of their licences. */
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { type ModuleGraph, notice, packagesOf, runtime } from "../../../scripts/compile/third_party.ts";

/** A lock file's packages: one that the program imports needs others, and one is of the tests alone. */
const PACKAGES: ModuleGraph["npmPackages"] = {
  "codec@2.0.0": { name: "codec", version: "2.0.0", dependencies: ["help@1.9.0", "base@1.0.0"], localPath: "/c" },
  "base@1.0.0": { name: "base", version: "1.0.0", dependencies: ["help@2.1.0", "codec@2.0.0"], localPath: "/b" },
  "help@1.9.0": { name: "help", version: "1.9.0", dependencies: [], localPath: "/h1" },
  "help@2.1.0": { name: "help", version: "2.1.0", dependencies: [], localPath: "/h2" },
  "check@3.0.0": { name: "check", version: "3.0.0", dependencies: ["help@2.1.0"], localPath: "/t" },
};

Deno.test("what the modules reach is carried, in each version, also in a circle; what tests import is not", () => {
  const modules = [{}, { npmPackage: "codec@2.0.0" }, { npmPackage: "codec@2.0.0" }];
  const titles = packagesOf({ modules, npmPackages: PACKAGES }).map(({ name, version }) => `${name} ${version}`);
  assertEquals(titles, ["base 1.0.0", "codec 2.0.0", "help 1.9.0", "help 2.1.0"]);
  assertEquals(packagesOf({ modules: [{}], npmPackages: PACKAGES }), []);
});

Deno.test("a package that nobody tells of stops the release", () => {
  const graph = { modules: [{ npmPackage: "gone@1.0.0" }], npmPackages: PACKAGES };
  assertThrows(() => packagesOf(graph), Error, "does not tell where the package gone@1.0.0 is");
});

Deno.test("the notice has each text once, below all that have it, with notices that go with it", () => {
  const text = notice([
    { title: "one 1.0.0", texts: ["MIT License\r\nby somebody\r\n"] },
    { title: "two 2.0.0", texts: ["Apache License\n", "Copyright two\n"] },
    { title: "three 3.0.0", texts: ["\nMIT License\nby somebody"] },
  ]);
  const line = "-".repeat(72);
  assertEquals(text.split("\n").slice(2), [
    ...[line, "one 1.0.0", "three 3.0.0", line, "", "MIT License", "by somebody", ""],
    ...[line, "two 2.0.0", line, "", "Apache License", "", "Copyright two", ""],
  ]);
});

Deno.test("a compiled program's runtime is told with its version and its authors", async () => {
  const { title, texts } = await runtime("2.9.6");
  assertEquals(title, "Deno 2.9.6");
  assertStringIncludes(texts[0]!, "Copyright 2018-2026 the Deno authors");
});
