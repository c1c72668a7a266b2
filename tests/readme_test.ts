/** The README tells the truth: every option with its default, and a library example that runs. */
import { assert, assertEquals } from "@std/assert";
import { OPTIONS } from "../lib/tunnel/option_table.ts";

const ROOT = new URL("../", import.meta.url);
const README = await Deno.readTextFile(new URL("README.md", ROOT));

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

Deno.test("the README's library example runs and prints what its comments say", async () => {
  const example = /^```ts\n([\s\S]*?)^```$/m.exec(README)?.[1];
  assert(example !== undefined, "an example");
  const source = example.replaceAll('from "./lib/', `from "${ROOT.href}lib/`);
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, source);
    const args = ["run", "--quiet", "--check", "--allow-net", "--config", `${import.meta.dirname}/../deno.json`, file];
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args,
      env: { NO_COLOR: "1" },
      stdin: "null",
      signal: AbortSignal.timeout(60_000),
    }).output();
    assert(success, new TextDecoder().decode(stderr));
    assertEquals(new TextDecoder().decode(stdout), "before the outage\nafter it\ntrue\n");
  } finally {
    await Deno.remove(file);
  }
});
