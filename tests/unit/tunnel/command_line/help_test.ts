import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { helpText } from "../../../../lib/tunnel/command_line/help.ts";
import { OPTIONS } from "../../../../lib/tunnel/command_line/option_table.ts";

const help = helpText();
// Long facts are wrapped: a reader's eye joins the lines, and so does this.
const unwrapped = help.replace(/\s+/g, " ");

Deno.test("the help has every option with its meaning, default and example", () => {
  for (const option of OPTIONS) {
    const spelled = option.kind === "value" ? `  --${option.name}=${option.placeholder}` : `  --${option.name}`;
    assert(help.split("\n").some((line) => `${line} `.startsWith(`${spelled} `)), `${spelled} begins a line`);
    assertStringIncludes(unwrapped, option.meaning);
    if (option.kind === "flag") continue;
    const initial = option.default ?? option.without ?? "required";
    assertStringIncludes(unwrapped, initial.startsWith("required") ? `${initial};` : `default ${initial};`);
    assertStringIncludes(unwrapped, `for example ${option.example}`);
  }
});

Deno.test("the help has the diagram, both roles and the exit codes", () => {
  assertStringIncludes(help, "user's client → [tele client] ~~~");
  assertStringIncludes(help, "~~~ [tele server] → user's server");
  assertStringIncludes(help, "tele --server --in=ADDR [--out=ADDR] [options]");
  assertStringIncludes(help, "tele --client [--in=ADDR] --out=ADDR [options]");
  assertStringIncludes(help, "2  wrong command line");
  assertStringIncludes(help, "tele ssh [options] [user@]host [command]");
  assert(help.endsWith("could not run\n"));
});

Deno.test("the help fits 80 columns", () => {
  assertEquals(help.split("\n").filter((line) => line.length > 80 || line.endsWith(" ")), []);
});

Deno.test("the coloured help is the plain one with escape codes, at titles and options only", () => {
  const coloured = helpText(true);
  // deno-lint-ignore no-control-regex
  assertEquals(coloured.replace(/\x1b\[\d+m/g, ""), helpText());
  // deno-lint-ignore no-control-regex
  const marked = [...coloured.matchAll(/\x1b\[(\d+)m([^\x1b]*)\x1b\[0m/g)].map(([, code, text]) => [code, text]);
  const bold = marked.filter(([code]) => code === "1").map(([, text]) => text);
  assertEquals([bold[0], bold.includes("Server"), bold.includes("TLS, client"), bold.at(-1)], [
    "tele",
    true,
    true,
    "Exit codes",
  ]);
  const options = marked.filter(([code]) => code === "36").map(([, text]) => text);
  assertEquals(options.length, helpText().split("\n").filter((line) => line.startsWith("  --")).length);
});
