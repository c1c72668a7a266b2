/**
 * The standard library has real types, though the package that it comes from has none (`scripts/std_types/README.md`).
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";
import config from "../../deno.json" with { type: "json" };
import { ROOT } from "../support/source_tree.ts";

/**
 * For each name of the import map: a use that compiles, and uses that must not, with what the compiler says of them.
 */
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
  "@std/text/levenshtein-distance": {
    right: `import { levenshteinDistance } from "@std/text/levenshtein-distance";
const n: number = levenshteinDistance("a", "b"); void n;`,
    wrong: [[
      `import { levenshteinDistance } from "@std/text/levenshtein-distance"; levenshteinDistance("a", 5);`,
      "'string'",
    ]],
  },
  "@std/toml": {
    right: `import { parse, stringify } from "@std/toml"; const s: string = stringify({ a: [1, "b"] });
      const value: unknown = parse(s)["a"]; console.log(value);`,
    wrong: [
      [`import { parse } from "@std/toml"; const s: string = parse("a = 1")["a"]; console.log(s);`, "'unknown'"],
      [`import { stringify } from "@std/toml"; stringify("a");`, "'string'"],
    ],
  },
  "@std/yaml": {
    right: `import { parse, parseAll } from "@std/yaml"; const all: unknown[] = [parse("a: 1"), parseAll("a: 1")];
      console.log(all);`,
    wrong: [
      [`import { parse } from "@std/yaml"; console.log(parse("a: 1").a);`, "'unknown'"],
      [`import { parseAll } from "@std/yaml"; parseAll(1);`, "'string'"],
    ],
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

/** Runs this very Deno; its output, both kinds together, without colours. */
async function deno(args: string[]): Promise<{ success: boolean; text: string }> {
  const command = new Deno.Command(Deno.execPath(), { args, env: { NO_COLOR: "1" }, stdin: "null" });
  const { success, stdout, stderr } = await command.output();
  return { success, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}
