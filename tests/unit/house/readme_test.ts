/** The READMEs tell the truth: every option with its default, the permissions, and a library example that runs. */
import { assert, assertEquals } from "@std/assert";
import { pathToFileURL } from "node:url";
import { OPTIONS } from "../../../lib/tunnel/command_line/option_table.ts";
import { DRAIN_COMMAND } from "../../../lib/tunnel/drain/drain_options.ts";
import { SSH_COMMAND } from "../../../lib/tunnel/ssh/ssh_options.ts";
import { Rates } from "../../../lib/tunnel/top/rates.ts";
import { reportLine } from "../../../lib/tunnel/top/report_line.ts";
import { TOP_COMMAND } from "../../../lib/tunnel/top/top_options.ts";
import { PERMISSIONS } from "../../../scripts/compile/permissions.ts";
import { readText, ROOT } from "../../support/source_tree.ts";
import { aReport } from "../../support/top_reports.ts";

const README = readText("README.md");
const MANUAL = readText("lib/tunnel/MANUAL.md");

/** The cells of the table rows that begin with an option. */
function optionRows(): string[][] {
  const rows = README.split("\n").filter((line) => /^\| `--/.test(line));
  return rows.map((row) => row.split(/(?<!\\)\|/).slice(1, -1).map((cell) => cell.trim()));
}

Deno.test("the README's table of options has every option, its role and its default, and no other", () => {
  const expected = OPTIONS.map((option) => {
    if (option.kind === "flag") return [`\`--${option.name}\``, option.role, ""];
    return [`\`--${option.name}=${option.placeholder}\``, option.role, option.default ?? option.without ?? "required"];
  });
  assertEquals(optionRows().map(([name, role, , initial]) => [name, role, initial]), expected);
});

Deno.test("the manual's table of tele ssh has every option and its default, and no other", () => {
  const section = /^## tele ssh\n(.*?)^## /ms.exec(MANUAL)?.[1] ?? "";
  const rows = section.split("\n").filter((line) => /^\| `--/.test(line)).map((row) => row.split("|"));
  const told = rows.map(([, name, , initial]) => [name?.trim(), initial?.trim()]);
  assertEquals(
    told,
    SSH_COMMAND.options.map((
      option,
    ) => [`\`--${option.name}=${option.placeholder}\``, option.default ?? option.without]),
  );
});

Deno.test("the manual's table of tele top has every option and its default, and no other", () => {
  const section = /^## What runs: `tele top`\n(.*?)^## /ms.exec(MANUAL)?.[1] ?? "";
  const rows = section.split("\n").filter((line) => /^\| `--/.test(line)).map((row) => row.split("|"));
  assertEquals(
    rows.map(([, name, , initial]) => [name?.trim(), initial?.trim()]),
    TOP_COMMAND.options.map((option) =>
      option.kind === "value" ? [`\`--${option.name}=${option.placeholder}\``, option.without] : []
    ),
  );
  // A line as it is printed for the reports of the tests.
  const report = aReport();
  assert(section.includes(`\n${reportLine(report, new Rates(report, undefined))}\n`));
});

Deno.test("the manual's table of tele drain has every option and its default, and no other", () => {
  const section = /^## A command that drains: `tele drain`\n(.*?)^## /ms.exec(MANUAL)?.[1] ?? "";
  const rows = section.split("\n").filter((line) => /^\| `--/.test(line)).map((row) => row.split("|"));
  assertEquals(
    rows.map(([, name, , initial]) => [name?.trim(), initial?.trim()]),
    DRAIN_COMMAND.options.map((option) => [
      `\`--${option.name}=${option.placeholder}\``,
      option.default ?? option.without,
    ]),
  );
});

Deno.test("the manual's permissions are those of the compiled program, with the whole environment", () => {
  const printed = /^--no-prompt .*$/m.exec(MANUAL)?.[0].split(" ");
  const names = PERMISSIONS.map((flag) => flag.replace(/^--allow-env=.*/, "--allow-env"));
  assertEquals(printed?.sort(), names.sort());
});

Deno.test("the library's example runs and prints what its comments say", async () => {
  const example = /^```ts\n([\s\S]*?)^```$/m.exec(readText("lib/README.md"))?.[1];
  assert(example !== undefined, "an example");
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  const { log } = console;
  const printed: unknown[] = [];
  try {
    // Its types are checked by `deno task check`, which runs it too.
    await Deno.writeTextFile(file, example.replaceAll('from "./', `from "${ROOT.href}lib/`));
    console.log = (text) => void printed.push(text);
    await import(pathToFileURL(file).href);
  } finally {
    console.log = log;
    await Deno.remove(file);
  }
  assertEquals(printed, ["before the outage", "after it", true]);
});
