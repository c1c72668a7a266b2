import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { COMMAND_WORDS } from "../../../../lib/tunnel/command_line/command_words.ts";
import { OPTION_GROUPS, OPTIONS } from "../../../../lib/tunnel/command_line/option_table.ts";
import { OWN_TABLES } from "../../../../lib/tunnel/shells/completed_option.ts";
import { manPage } from "../../../../lib/tunnel/shells/man_page.ts";
import { PERMISSIONS } from "../../../../scripts/compile/permissions.ts";

const page = manPage("1.2.3");
// As a reader sees it: requests and escapes gone, lines joined.
const text = page.replace(/^\.\S+ ?/gm, "").replace(/\\f[BRI]/g, "").replaceAll("\\(ti", "~").replaceAll("\\-", "-")
  .replaceAll("\\&", "").replace(/\s+/g, " ");

Deno.test("the man page has every option with its meaning, default and example, below the titles of the help", () => {
  for (const option of OPTIONS) {
    assertStringIncludes(text, ` --${option.name}${option.kind === "value" ? `=${option.placeholder}` : ""} `);
    assertStringIncludes(text, option.meaning);
    if (option.kind === "value") assertStringIncludes(text, `for example ${option.example})`);
  }
  for (const { title } of OPTION_GROUPS) assertStringIncludes(page, `\n.SS ${title.replaceAll("-", "\\-")}\n`);
});

Deno.test("the man page is ASCII, and no line of text begins with what roff takes for a request", () => {
  assertEquals(/[^\n\x20-\x7e]/.test(page), false);
  const requests = page.split("\n").filter((line) => /^[.']/.test(line));
  assertEquals(requests.filter((line) => !/^\.(TH|SH|SS|TP|PP|BR|nf|fi|br)( |$)/.test(line)), []);
  assertStringIncludes(page, "\\[u2192]");
  assert(page.endsWith("\n") && !page.endsWith("\n\n"), "it ends with one line end");
});

Deno.test("the man page tells its version, the exit codes and a first tunnel", () => {
  assert(/^\.TH TELE 1 \d{4}-\d\d-\d\d "tele 1\.2\.3"\n/.test(page));
  for (const words of ["0 ended as asked", "1 could not run", "2 wrong command line"]) {
    assertStringIncludes(text, words);
  }
  assertStringIncludes(text, "tele --client --in=:2222 --out=example.com:40300");
});

Deno.test("the man page has every command, with its own options and actions", () => {
  for (const { word, meaning } of COMMAND_WORDS) assertStringIncludes(text, ` ${word} ${meaning}. `);
  for (const [, { word, options, actions = [] }] of OWN_TABLES) {
    for (const { name, meaning } of options) assertStringIncludes(text, `${meaning}.`, `${word} --${name}`);
    for (const action of actions) assertStringIncludes(text, action);
  }
});

Deno.test("every variable of the man page is one that the compiled program may read", () => {
  const readable = PERMISSIONS.find((flag) => flag.startsWith("--allow-env="))?.split(/[=,]/) ?? [];
  const section = /\n\.SH ENVIRONMENT\n([^]*?)\n\.SH /.exec(page)?.[1] ?? "";
  const named = [...section.matchAll(/\\fB(.*?)\\fR/g)].flatMap(([, names = ""]) => names.split(", "));
  assert(named.length >= 5, "variables are found");
  assertEquals(named.filter((name) => !readable.includes(name)), []);
});
