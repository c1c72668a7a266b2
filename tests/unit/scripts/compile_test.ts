/** `deno task compile` without compiling: its options, its archives, the permissions, and what it says of failures. */
import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { unzipSync } from "fflate";
import { unpackTar } from "modern-tar";
import config from "../../../deno.json" with { type: "json" };
import { archive } from "../../../scripts/compile/archive.ts";
import { INSTALLERS, withReleaseUrl } from "../../../scripts/compile/installers.ts";
import { COMPILE_HELP, parseCompileOptions } from "../../../scripts/compile/options.ts";
import { shellFiles } from "../../../scripts/compile/shell_files.ts";
import { UsageError } from "../../../scripts/usage_error.ts";
import { ENVIRONMENT, PERMISSIONS } from "../../../scripts/compile/permissions.ts";
import { reason } from "../../../scripts/compile/run.ts";
import { archiveName, programName, TARGETS } from "../../../scripts/compile/targets.ts";

const ROOT = new URL("../../../", import.meta.url);

/** All source files below a folder of the tree. */
function* sources(folder: string): Generator<string> {
  for (const entry of Deno.readDirSync(new URL(folder, ROOT))) {
    if (entry.isDirectory) yield* sources(`${folder}${entry.name}/`);
    else if (/(?<!\.d)\.ts$/.test(entry.name)) yield Deno.readTextFileSync(new URL(`${folder}${entry.name}`, ROOT));
  }
}

Deno.test("the compiled program may read the environment variables that lib/ reads, and no others", () => {
  const read = new Set<string>();
  for (const source of sources("lib/")) {
    for (const [, name] of source.matchAll(/(?:\benv\.get|\benvironment)\(\s*"(\w+)"/g)) read.add(name);
    // A name that is not written out would be missing here, and would be an error in the compiled program.
    for (const [use] of source.matchAll(/\bDeno\.env\.\w+(?:\((?!\s*")|(?=\())?/g)) {
      assert(!/toObject|has|\($/.test(use), `${use}: write the name out, in Deno.env.get("NAME")`);
    }
  }
  assertEquals([...read].sort(), [...ENVIRONMENT].sort());
});

Deno.test("the compiled program asks nobody, loads no libraries and imports nothing", () => {
  assert(PERMISSIONS.includes("--no-prompt"));
  for (const flag of PERMISSIONS) assert(!/^(-A|--allow-(all|ffi|import))\b/.test(flag), flag);
  assert(PERMISSIONS.some((flag) => flag.startsWith("--allow-env=")), "some variables, not all");
});

Deno.test("targets have Deno's names, and files the names that install scripts look for", () => {
  assert(TARGETS.some(({ name }) => name === Deno.build.target), "this machine's system is one of them");
  assertEquals(TARGETS.map(programName), [
    "tele-x86_64-unknown-linux-gnu",
    "tele-aarch64-unknown-linux-gnu",
    "tele-x86_64-apple-darwin",
    "tele-aarch64-apple-darwin",
    "tele-x86_64-pc-windows-msvc.exe",
  ]);
  const script = Deno.readTextFileSync(new URL("scripts/install.ps1", ROOT));
  assertStringIncludes(script, `"${archiveName(TARGETS.at(-1)!)}"`);
});

Deno.test("the options of deno task compile", () => {
  assertEquals(parseCompileOptions([]), { targets: TARGETS, folder: "dist", url: undefined });
  const [linux, , , , windows] = TARGETS;
  const given = ["--", `--target=${windows.name}`, "--target", linux.name, `--target=${windows.name}`];
  assertEquals(parseCompileOptions([...given, "--to=/tmp/x", "--url=https://example.com/tele/"]), {
    targets: [windows, linux],
    folder: "/tmp/x",
    url: "https://example.com/tele",
  });
  assertEquals(parseCompileOptions(["--help"]), undefined);
  const wrong: [args: string[], says: string][] = [
    [["--target=linux"], '"linux" is none'],
    [["--target"], '"" is none'],
    [["--url=example.com"], "for example --url=https://example.com/tele"],
    [['--url=https://a/"; rm -rf x'], "is none"],
    [["--to=a", "--to=b"], "--to is given more than once"],
    [["--to="], "--to is empty"],
    [["--targets=a"], "the nearest is --target"],
  ];
  for (const [args, says] of wrong) {
    assertStringIncludes(assertThrows(() => parseCompileOptions(args), UsageError).message, says);
  }
  for (const line of COMPILE_HELP.split("\n")) assert(line.length <= 80, line);
});

const FILES = [
  { name: "tele", bytes: new TextEncoder().encode("program".repeat(1000)), isProgram: true },
  { name: "README.md", bytes: new TextEncoder().encode("text"), isProgram: false },
];

Deno.test("a .tar.gz has the files, and the program can be run", async () => {
  const packed = await archive(".tar.gz", FILES) as Uint8Array<ArrayBuffer>;
  assert(packed.length < 1000, "it is compressed");
  const entries = await unpackTar(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip")));
  assertEquals(entries.map(({ header }) => [header.name, header.mode]), [["tele", 0o755], ["README.md", 0o644]]);
  assertEquals(entries[0].data, FILES[0].bytes);
  assertEquals(await archive(".tar.gz", FILES), packed);
});

Deno.test("a .zip has the files", async () => {
  const packed = await archive(".zip", FILES);
  assert(packed.length < 1000, "it is compressed");
  const entries = unzipSync(packed);
  assertEquals(Object.keys(entries), ["tele", "README.md"]);
  assertEquals(new Uint8Array(entries.tele), FILES[0].bytes);
  assertEquals(await archive(".zip", FILES), packed);
});

Deno.test("every archive has completion for each shell, and the man page of this version", () => {
  const files = shellFiles();
  assertEquals(files.map(({ name }) => name), ["tele.1", "tele.bash", "_tele", "tele.fish", "tele.ps1"]);
  const texts = files.map(({ bytes }) => new TextDecoder().decode(bytes));
  assertStringIncludes(texts[0]!, `"tele ${config.version}"`);
  // Each is of its own shell.
  const made = texts.slice(1).map((text) => /made by: tele --completion=(\w+)/.exec(text)?.[1]);
  assertEquals(made, ["bash", "zsh", "fish", "powershell"]);
  assert(files.every(({ isProgram }) => !isProgram));
});

Deno.test("install scripts are told where a release is", () => {
  for (const name of INSTALLERS) {
    const script = Deno.readTextFileSync(new URL(`scripts/${name}`, ROOT));
    const told = withReleaseUrl(script, "https://example.com/$1");
    assertMatch(told, /^\$?[Rr]elease_?[Uu]rl ?= ?"https:\/\/example\.com\/\$1"$/m);
    assertEquals(told.replace("https://example.com/$1", ""), script);
  }
  assertThrows(() => withReleaseUrl("#!/bin/sh", "https://example.com"));
});

Deno.test("a base that cannot be fetched is one sentence", () => {
  const text = `error: Writing deno compile executable to temporary file '/tmp/x'

Caused by:
    0: Setting up base binary.
    1: error sending request for url (https://example.com/release/v2.9.6/denort-x86_64-apple-darwin.zip): client error
    2: failed to lookup address information: Name or service not known

Stack backtrace:
   0: <unknown>
   1: __libc_start_call_main
             at ./csu/../sysdeps/nptl/libc_start_call_main.h:58:16
`;
  assertEquals(
    reason(text),
    "its runtime base cannot be fetched from https://example.com/release/v2.9.6/denort-x86_64-apple-darwin.zip: " +
      "failed to lookup address information: Name or service not known",
  );
  assertEquals(reason("Check main.ts\nerror: Module not found\n    at main.ts:1:1"), "Module not found");
  assertEquals(reason(""), "no reason was told");
});
