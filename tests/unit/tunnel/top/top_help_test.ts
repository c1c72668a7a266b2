import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { topHelpText } from "../../../../lib/tunnel/top/top_help.ts";
import { TOP_COMMAND } from "../../../../lib/tunnel/top/top_options.ts";

Deno.test("the help of tele top has every option, and fits eighty columns", () => {
  const text = topHelpText();
  for (const { name } of TOP_COMMAND.options) assertStringIncludes(text, `\n  --${name}`);
  assertStringIncludes(text, "\n  --help");
  for (const line of text.split("\n")) assert(line.length <= 80, line);
  assert(text.endsWith("\n"));
});

Deno.test("the help of tele top has colours for a terminal that has them", () => {
  assert(topHelpText(true).includes("\x1b[36m--token-file=FILE\x1b[0m"));
  // deno-lint-ignore no-control-regex
  assertEquals(topHelpText(true).replace(/\x1b\[\d+m/g, ""), topHelpText());
});
