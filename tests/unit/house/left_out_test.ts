/** In CI a skipped test is a failure, and CI runs these tests on Deno 2.6.8 too: what that cannot do is no test there. */
import { assertEquals, assertMatch, assertNotMatch } from "@std/assert";
import { readText, sourcesBelow } from "../../support/source_tree.ts";

/** A test's `ignore`, or the name of one, that asks what the runtime can do. */
const IGNORES_BY_RUNTIME = /\bignore\w*\b[^\n]*(isNodeSound|hasNodeDuplex|Deno\.version|" in Deno)/i;

Deno.test("no test is ignored for want of a newer Deno", () => {
  const folders = ["tests/unit/", "tests/paths/", "tests/sim/", "tests/fuzz/"];
  const files = folders.flatMap(sourcesBelow).filter((path) => path !== "tests/unit/house/left_out_test.ts");
  assertEquals(files.filter((path) => IGNORES_BY_RUNTIME.test(readText(path))), []);
});

/** Functions of `tests/support/skip.ts` that are not called: they are true, whatever they would say. */
const NOT_CALLED = /\bignore: *!?(onUnix|requires)\b(?!\()/;

Deno.test("what decides whether a test is ignored is called", () => {
  const own = "tests/unit/house/left_out_test.ts";
  assertEquals(sourcesBelow("tests/").filter((path) => path !== own && NOT_CALLED.test(readText(path))), []);
  assertMatch("  ignore: !onUnix,", NOT_CALLED);
  assertNotMatch('  ignore: requires("sshd").ignore,', NOT_CALLED);
});

Deno.test("what ignores a test by the runtime is found, what asks for a system or defines no test is not", () => {
  for (
    const line of [
      "  ignore: !isNodeSound(),",
      "const SEALED = { ignore: !isNodeSound() };",
      'const ignoreWithoutLock = !("tryLock" in Deno.FsFile.prototype);',
    ]
  ) assertMatch(line, IGNORES_BY_RUNTIME);
  for (const line of ['  ignore: Deno.build.os === "windows",', "if (isNodeSound()) Deno.test(name, fn);"]) {
    assertNotMatch(line, IGNORES_BY_RUNTIME);
  }
});
