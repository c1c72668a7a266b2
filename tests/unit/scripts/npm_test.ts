/** `deno task npm` without npm: its options, and the files of the package. */
import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import config from "../../../deno.json" with { type: "json" };
import { PERMISSIONS } from "../../../scripts/compile/permissions.ts";
import { NPM_HELP, parseNpmOptions } from "../../../scripts/npm/options.ts";
import { denoArguments, packageFiles } from "../../../scripts/npm/package.ts";
import { UsageError } from "../../../scripts/usage_error.ts";
import { deadLinks } from "../../support/markdown.ts";
import { readText } from "../../support/source_tree.ts";

const PROGRAM = new TextEncoder().encode("export {};");

Deno.test("the options of deno task npm", () => {
  assertEquals(parseNpmOptions([]), { folder: "dist" });
  assertEquals(parseNpmOptions(["--", "--to=/tmp/x"]), { folder: "/tmp/x" });
  assertEquals(parseNpmOptions(["--help"]), undefined);
  for (const [wrong, says] of [["--to=", "--to is empty"], ["--too=a", "the nearest is --to"]] as const) {
    assertStringIncludes(assertThrows(() => parseNpmOptions([wrong]), UsageError).message, says);
  }
  for (const line of NPM_HELP.split("\n")) assert(line.length <= 80, line);
});

Deno.test("the package has one program, its licence and its manual, and exactly one version of Deno", async () => {
  const files = await packageFiles("2.9.6", PROGRAM, "MIT", (path) => Promise.resolve(readText(path)));
  const texts = new Map(files.map(({ name, bytes }) => [name, new TextDecoder().decode(bytes)]));
  const documents = ["LICENSE", "README.md", "MANUAL.md", "THIRD_PARTY.txt"];
  const names = ["package.json", "arguments.json", "tele.cjs", ...documents, "tele.mjs"];
  assertEquals([...texts.keys()], names.map((name) => `package/${name}`));
  assertEquals(texts.get("package/THIRD_PARTY.txt"), "MIT");
  assertEquals(files.filter(({ isProgram }) => isProgram).map(({ name }) => name), ["package/tele.cjs"]);
  const { name, version, bin, dependencies } = JSON.parse(texts.get("package/package.json")!);
  assertEquals([name, version, bin], ["tele-tunnel", config.version, { tele: "tele.cjs" }]);
  assertEquals(dependencies, { deno: "2.9.6" });
  assertMatch(texts.get("package/tele.cjs")!, /^#!\/usr\/bin\/env node\n/);
  const text = (path: string) => texts.get(`package/${path}`);
  const dead = ["README.md", "MANUAL.md"].flatMap((path) =>
    deadLinks(path, text(path)!, (target) => text(target) !== undefined, (target) => text(target)!)
  );
  assertEquals(dead, []);
});

Deno.test("the program of the package may do what the compiled one may, and has what deno.json gives the source", () => {
  const [command, ...flags] = denoArguments();
  assertEquals(command, "run");
  for (const flag of PERMISSIONS) assert(flags.includes(flag), flag);
  // Of these, only what is about packages has no use: none is outside the program.
  const features = config.unstable.filter((feature) => feature !== "npm-lazy-caching");
  const unstable = flags.filter((flag) => flag.startsWith("--unstable-"));
  assertEquals(unstable, features.map((feature) => `--unstable-${feature}`));
  assertEquals(flags.filter((flag) => /^(-A|--allow-all|--config\b)/.test(flag)), []);
});
