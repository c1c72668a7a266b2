/** The README tells the truth: every option with its default, and a library example that runs. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";
import { OPTIONS } from "../../../lib/tunnel/command_line/option_table.ts";
import { PERMISSIONS } from "../../../scripts/compile/permissions.ts";
import { within } from "../../support/wait.ts";

const ROOT = new URL("../../../", import.meta.url);
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

Deno.test("the README's permissions are those of the compiled program, with the whole environment", () => {
  const printed = /^--no-prompt .*$/m.exec(README)?.[0].split(" ");
  const names = PERMISSIONS.map((flag) => flag.replace(/^--allow-env=.*/, "--allow-env"));
  assertEquals(printed?.sort(), names.sort());
});

Deno.test("with the README's permissions, and with hardly any, both roles start without a question", async () => {
  const printed = /^--no-prompt .*$/m.exec(README)![0].split(" ");
  const hardlyAny = ["--no-prompt", "--allow-net", "--allow-env"];
  const main = new URL("main.ts", ROOT).href;
  for (const flags of [printed, hardlyAny]) {
    for (const role of [["--server", "--in=:22", "--out=127.0.0.1:0"], ["--client", "--out=127.0.0.1:1"]]) {
      const child = new Deno.Command(Deno.execPath(), {
        args: ["run", "--quiet", ...flags, main, ...role, "--log-level=error"],
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      }).spawn();
      const stderr = new Response(child.stderr).text();
      const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
      const { value } = await within(reader.read(), 20_000, "the ready line");
      if (value !== undefined) child.kill("SIGKILL");
      assertStringIncludes(value ?? await stderr, `tele ${role[0]!.slice(2)} ready: `);
      await Promise.all([child.status, stderr, reader.cancel()]);
    }
  }
});

Deno.test("the README's library example runs and prints what its comments say", async () => {
  const example = /^```ts\n([\s\S]*?)^```$/m.exec(README)?.[1];
  assert(example !== undefined, "an example");
  const source = example.replaceAll('from "./lib/', `from "${ROOT.href}lib/`);
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, source);
    const args = [
      "run",
      "--quiet",
      "--check",
      "--allow-net",
      "--config",
      fileURLToPath(new URL("deno.json", ROOT)),
      file,
    ];
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
