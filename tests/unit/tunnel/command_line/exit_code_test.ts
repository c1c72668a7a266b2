import { assertEquals } from "@std/assert";
import { ExitCode } from "../../../../lib/tunnel/command_line/exit_code.ts";
import { helpText } from "../../../../lib/tunnel/command_line/help.ts";

Deno.test("the help tells every exit code, and no other", () => {
  const [, told = ""] = /Exit codes\n((?: {2}\d+ .*\n)+)/.exec(helpText()) ?? [];
  const codes = [...told.matchAll(/^ {2}(\d+)/gm)].map(([, code]) => Number(code));
  assertEquals(codes, Object.values(ExitCode));
});
