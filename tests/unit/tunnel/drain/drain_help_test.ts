import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { drainHelpText } from "../../../../lib/tunnel/drain/drain_help.ts";
import { DRAIN_COMMAND } from "../../../../lib/tunnel/drain/drain_options.ts";

Deno.test("the help of tele drain has every option, and fits eighty columns", () => {
  const text = drainHelpText();
  for (const { name } of DRAIN_COMMAND.options) assertStringIncludes(text, `\n  --${name}`);
  assertStringIncludes(text, "\n  --help");
  for (const line of text.split("\n")) assert(line.length <= 80, line);
  assert(text.endsWith("\n"));
});

Deno.test("the help of tele drain has colours for a terminal that has them", () => {
  assert(drainHelpText(true).includes("\x1b[36m--pid=N\x1b[0m"));
  // deno-lint-ignore no-control-regex
  assertEquals(drainHelpText(true).replace(/\x1b\[\d+m/g, ""), drainHelpText());
});
