import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { OPTIONS } from "../../../../lib/tunnel/command_line/option_table.ts";
import { SHELLS } from "../../../../lib/tunnel/command_line/shell_options.ts";
import { completionFor } from "../../../../lib/tunnel/shells/completion.ts";

Deno.test("the script of each shell has every option, and tells how it was made", () => {
  for (const shell of SHELLS) {
    const script = completionFor(shell);
    assertStringIncludes(script, `made by: tele --completion=${shell}\n`);
    assert(script.endsWith("\n") && !script.endsWith("\n\n"), shell);
    const missing = OPTIONS.filter(({ name }) => !new RegExp(`(--| -l |Name = ')${name}(?![-a-z])`).test(script));
    assertEquals(missing.map(({ name }) => name), [], shell);
  }
});
