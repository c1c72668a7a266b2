import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { SSH_COMMAND } from "../../../../lib/tunnel/ssh/ssh_options.ts";
import { sshHelpText } from "../../../../lib/tunnel/ssh/ssh_help.ts";

Deno.test("the help has every option with its default and an example, and fits a terminal", () => {
  const text = sshHelpText();
  for (const option of SSH_COMMAND.options) {
    assertStringIncludes(text, `  --${option.name}=${option.placeholder}`);
    const words = text.replace(/\s+/g, " ");
    assertStringIncludes(words, `default ${option.default ?? option.without}; for example ${option.example}`);
  }
  for (const flag of ["--help", "--serve", "--carry"]) assertStringIncludes(text, `\n  ${flag} `);
  for (const line of text.split("\n")) assert(line.length <= 80, line);
  assert(text.endsWith("said why\n"));
});

Deno.test("for a terminal it has colours, and the same words", () => {
  // deno-lint-ignore no-control-regex
  assertEquals(sshHelpText(true).replace(/\x1b\[\d*m/g, ""), sshHelpText());
  assertStringIncludes(sshHelpText(true), "\x1b[36m--remote=COMMAND");
});
