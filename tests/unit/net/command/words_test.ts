/** A command line as its words. */
import { assertEquals, assertThrows } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import { splitWords } from "../../../../lib/net/command/words.ts";

Deno.test("words are split as a shell splits them, and nothing is expanded", () => {
  const cases: [string, string[]][] = [
    ["", []],
    [" \t\r\n", []],
    ["ssh -W localhost:40300 host", ["ssh", "-W", "localhost:40300", "host"]],
    ["  a\tb\nc  ", ["a", "b", "c"]],
    ["a 'b c' d", ["a", "b c", "d"]],
    ['a "b c" d', ["a", "b c", "d"]],
    [`a'b'"c"d`, ["abcd"]],
    ["'' \"\"", ["", ""]],
    [`'"' "'"`, ['"', "'"]],
    ["'a\\b'", ["a\\b"]],
    [`"a\\"b\\\\c\\$d\\\`e\\f"`, ['a"b\\c$d`e\\f']],
    ["a\\ b \\'c\\\\", ["a b", "'c\\"]],
    ["a\\\nb", ["ab"]],
    ['"a\\\nb"', ["ab"]],
    ["a \\\n b", ["a", "b"]],
    ["$HOME ~ * ? [a] {b} # `c` $(d)", ["$HOME", "~", "*", "?", "[a]", "{b}", "#", "`c`", "$(d)"]],
    ["'|' \"&\" \\;", ["|", "&", ";"]],
    ["é ü", ["é", "ü"]],
  ];
  for (const [text, words] of cases) assertEquals(splitWords(text, true), words, JSON.stringify(text));
});

Deno.test("where a backslash is a part of paths, it stands for itself", () => {
  assertEquals(splitWords(`C:\\OpenSSH\\ssh.exe "C:\\my keys\\id" a\\`, false), [
    "C:\\OpenSSH\\ssh.exe",
    "C:\\my keys\\id",
    "a\\",
  ]);
});

Deno.test("an open quote is told by where it opens, and what only a shell could obey by how to write it", () => {
  const wrong: [string, string][] = [
    ["ssh 'a b", `the ' at character 5 has no end: close it, or write \\' for the character itself`],
    ['"', `the " at character 1 has no end`],
    ['a "b\\"', `the " at character 3 has no end`],
    ["don't", "the ' at character 4 has no end"],
    ["a\\", "a backslash at its end quotes nothing"],
    ["a | b", "| is for a shell, and no shell runs the command"],
    ["a>b", "> is for a shell"],
    ["a && b", "& is for a shell"],
    ["a; b", "; is for a shell"],
    ["a < b", "or write sh -c 'COMMAND'"],
  ];
  for (const [text, sentence] of wrong) {
    assertEquals(assertThrows(() => splitWords(text, true), TeleError, sentence, text).code, "bad-input");
  }
});
