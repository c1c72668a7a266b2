/**
 * `deno task compile` with a stand-in for the Deno that compiles, since what it must do when that one fails cannot be
 * had from a real one at will. `tests/e2e/compiled_test.ts` compiles for real.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { unpackTar } from "modern-tar";
import { archiveName, programName, TARGETS } from "../../scripts/compile/targets.ts";
import { compile } from "../support/compile_run.ts";
import { sha256 } from "../support/random.ts";
import { onUnix } from "../support/skip.ts";

const NATIVE = TARGETS.find(({ name }) => name === Deno.build.target)!;
const OTHERS = TARGETS.filter((target) => target !== NATIVE);

/** What Deno 2.9.6 says without a network, with another address. */
const NO_BASE = `\
error: Writing deno compile executable to temporary file

Caused by:
    0: Setting up base binary.
    1: error sending request for url (https://example.com/release/denort-$target.zip): client error (Connect): dns error
    2: failed to lookup address information: Name or service not known
`;

/** A folder with a stand-in for Deno, which runs `compiling` with the variables `target` and `output`. */
async function withStandIn(
  compiling: string,
  test: (folder: string, env: Record<string, string>) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const script = `#!/bin/sh
case "$1 $2" in
  "--version ") echo "deno 2.9.6 (stand-in)"; exit ;;
esac
echo "$* DENORT_BIN=$DENORT_BIN" >> '${folder}/asked'
while [ $# -gt 1 ]; do
  case "$1" in --target) target=$2 ;; --output) output=$2 ;; esac
  shift
done
${compiling}
`;
    await Deno.writeTextFile(`${folder}/deno`, script, { mode: 0o755 });
    await test(folder, { DENO_FOR_COMPILE: `${folder}/deno`, DENORT_BIN: "/a/base" });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const PROGRAM = `printf '#!/bin/sh\\necho "tele 1.2.3"\\n' > "$output" && chmod +x "$output"`;
const ONLY_NATIVE = `if [ "$target" = ${NATIVE.name} ]; then ${PROGRAM}
else cat >&2 <<END
${NO_BASE}END
exit 1
fi`;

Deno.test({
  name: "systems whose base cannot be fetched get a sentence each, the others are compiled, and the exit code is 1",
  ...onUnix("sh", "cat"),
  fn: () =>
    withStandIn(ONLY_NATIVE, async (folder, env) => {
      const dist = `${folder}/dist`;
      await Deno.mkdir(dist);
      // Of an earlier run, and of the user.
      await Deno.writeTextFile(`${dist}/${programName(OTHERS[0])}`, "old");
      await Deno.writeTextFile(`${dist}/notes.txt`, "keep");
      const { code, output, errors } = await compile(env, `--to=${dist}`, "--url=https://example.com/tele");
      assertEquals(code, 1);
      const cause = "failed to lookup address information: Name or service not known";
      assertEquals(errors.split("\n"), [
        ...OTHERS.map(({ name }) => {
          const base = `https://example.com/release/denort-${name}.zip`;
          return `compile: ${name} failed: its runtime base cannot be fetched from ${base}: ${cause}`;
        }),
        `compile: 4 of 5 systems failed; what was compiled is in ${dist}`,
        "",
      ]);
      assertMatch(output, new RegExp(`^${NATIVE.system}, Deno 2\\.9\\.6: ${programName(NATIVE)} 28 B, [^\\n]+\n$`));
      const written = [programName(NATIVE), archiveName(NATIVE), "install.sh", "install.ps1"];
      const packed = new Blob([Deno.readFileSync(`${dist}/${archiveName(NATIVE)}`)]).stream();
      const unpacked = await unpackTar(packed.pipeThrough(new DecompressionStream("gzip")));
      const inside = unpacked.map(({ header }) => header.name);
      const documents = ["LICENSE", "README.md", "MANUAL.md", "THIRD_PARTY.txt"];
      // What is in it, tests/e2e/npm_test.ts compares with what the bundler tells; here there is a runtime besides.
      const notice = new TextDecoder().decode(
        unpacked.find(({ header }) => header.name === "THIRD_PARTY.txt")?.data,
      );
      for (const name of ["@peculiar/x509", "deno-std", "Deno"]) {
        assertMatch(notice, new RegExp(`^${name} \\d+\\.\\d+\\.\\d+$`, "m"));
      }
      assertEquals(inside, ["tele", ...documents, "tele.1", "tele.bash", "_tele", "tele.fish", "tele.ps1"]);
      const names = Array.from(Deno.readDirSync(dist), ({ name }) => name).sort();
      assertEquals(names, [...written, "SHA256SUMS", "notes.txt"].sort());
      const sums = written.map((name) => `${sha256(Deno.readFileSync(`${dist}/${name}`))}  ${name}\n`);
      assertEquals(Deno.readTextFileSync(`${dist}/SHA256SUMS`), sums.join(""));
      assertStringIncludes(Deno.readTextFileSync(`${dist}/install.sh`), '\nrelease_url="https://example.com/tele"\n');
    }),
});

Deno.test({
  name: "every system is asked for with the permissions, and a base that was given is used for this machine's only",
  ...onUnix("sh", "cat"),
  fn: () =>
    withStandIn(PROGRAM, async (folder, env) => {
      const { code, errors } = await compile(env, `--to=${folder}/dist`);
      assertEquals([code, errors], [0, ""]);
      const asked = Deno.readTextFileSync(`${folder}/asked`).trim().split("\n");
      assertEquals(asked.length, TARGETS.length);
      for (const [index, target] of TARGETS.entries()) {
        assertMatch(
          asked[index],
          / --no-prompt --allow-net --allow-read --allow-write --allow-run --allow-env=\S+ --allow-sys /,
        );
        assert(!/ -A | --allow-all /.test(asked[index]));
        assertStringIncludes(asked[index], ` --target ${target.name} --output ${folder}/dist/${programName(target)} `);
        assertEquals(/DENORT_BIN=(.*)$/.exec(asked[index])![1], target === NATIVE ? "/a/base" : "");
      }
    }),
});

Deno.test({
  name: "a compiled file that does not start is a failure, and nothing stands where a release would",
  ...onUnix("sh", "cat"),
  fn: () =>
    withStandIn(
      `echo 'echo "error: no binary section" >&2; exit 1' > "$output" && chmod +x "$output"`,
      async (folder, env) => {
        const to = [`--to=${folder}/dist`, "--url=https://example.com/tele"];
        const { code, output, errors } = await compile(env, ...to, `--target=${NATIVE.name}`);
        assertEquals([code, output], [1, ""]);
        const rest = "compile: 1 of 1 systems failed; nothing was compiled";
        const why = "the compiled file does not start: no binary section; does DENORT_BIN fit the Deno that compiles?";
        assertEquals(errors, `compile: ${NATIVE.name} failed: ${why}\n${rest}\n`);
        const left = Array.from(Deno.readDirSync(`${folder}/dist`), ({ name }) => name);
        assertEquals(left, [], "no install scripts of nothing");
      },
    ),
});

Deno.test("a wrong command line, or a Deno that is none, gets one line", async () => {
  const wrong = await compile({}, "--target=linux");
  assertEquals([wrong.code, wrong.output], [2, ""]);
  assertMatch(wrong.errors, /^compile: --target takes one of x86_64-unknown-linux-gnu, [^\n]+; "linux" is none\n$/);
  const none = await compile({ DENO_FOR_COMPILE: "/no/such/deno" });
  assertEquals([none.code, none.output], [1, ""]);
  assertEquals(none.errors, "compile: /no/such/deno is no Deno: set DENO_FOR_COMPILE to one, or unset it\n");
});
