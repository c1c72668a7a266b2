import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { completedOptions, ROLE_WORDS } from "../../../../lib/tunnel/shells/completed_option.ts";
import { zshCompletion } from "../../../../lib/tunnel/shells/zsh.ts";

const script = zshCompletion();

Deno.test("for zsh what is special in a specification is escaped, and an apostrophe in quotes too", () => {
  assertStringIncludes(
    script,
    "      '--stdio[carry standard input and output instead, and end with them, as ssh'\\''s",
  );
  assertStringIncludes(script, "exec\\:COMMAND by a command]:ADDR: '\n");
  assertStringIncludes(script, "may be given several times]:HOST\\:PORT: '\n");
  const lines = script.split("\n").filter((line) => line.startsWith("      '") && !/^ {6}'\d:/.test(line));
  const form = /^ {6}'\*?--[a-z0-9-]+(\[(\\.|[^\\[\]:])+\]|=\[(\\.|[^\\[\]:])+\]:(\\.|[^\\:])+:[^:]+)'$/;
  assertEquals(lines.filter((line) => !form.test(line.replaceAll("'\\''", ""))), []);
});

Deno.test("for zsh each value has what it offers", () => {
  assertStringIncludes(script, "]:LEVEL:(debug info warn error)'\n");
  assertStringIncludes(script, "]:DIR:_files -/'\n");
  assertStringIncludes(script, `]:FILE: _tele_either "system" "_files"'\n`);
  assertStringIncludes(script, "      '*--out=[");
});

Deno.test("for zsh there is a branch for each role, and one without", () => {
  const specifications = script.split("\n").filter((line) => /^ {6}'/.test(line));
  const roles = [...ROLE_WORDS.map(([role]) => role), undefined];
  const options = roles.reduce((sum, role) => sum + completedOptions(role).length, 0);
  // The first word is in each branch of a command and in the one without a role, and one command has a second word.
  assertEquals(specifications.length, options + 6 + 1);
  assertStringIncludes(script, "      '2:action:(install remove status)'\n      '--config=[");
  assertStringIncludes(script, `      '1:command:((ssh\\:"log in by ssh`);
  assert(script.startsWith("#compdef tele\n"), "compinit reads the first line");
});
