/** No PowerShell runs here: its script is read by the rules of its language for what a table can break. */
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { OPTIONS } from "../../../../lib/tunnel/command_line/option_table.ts";
import { ROWS } from "../../../../lib/tunnel/shells/completed_option.ts";
import { powershellCompletion } from "../../../../lib/tunnel/shells/powershell.ts";

const script = powershellCompletion();

/** One piece of PowerShell: a comment, a string with single or double quotes, a bracket, or any other character. */
const PIECE = /#[^\n]*|'(?:[^']|'')*'|"(?:[^"`]|`.)*"|[@$]?[({[]|[)}\]]|['"]|[^]/g;

/** Throws unless every string ends and every bracket is closed by its own. Returns the strings in single quotes. */
function literalsOf(source: string): string[] {
  const open: string[] = [];
  const literals: string[] = [];
  for (const [piece] of source.matchAll(PIECE)) {
    if (piece === "'" || piece === '"') throw new SyntaxError("a string does not end");
    if (/^'/.test(piece)) literals.push(piece.slice(1, -1).replaceAll("''", "'"));
    // `$( … )` in a string is code.
    if (/^"/.test(piece)) { for (const [, code = ""] of piece.matchAll(/\$(\(.*\))/g)) literalsOf(code); }
    const opening = /^[@$]?([({[])$/.exec(piece)?.[1];
    if (opening !== undefined) open.push(opening);
    if (/^[)}\]]$/.test(piece) && `${open.pop()}${piece}`.match(/^(\(\)|\{\}|\[\])$/) === null) {
      throw new SyntaxError(`${piece} closes nothing of its kind`);
    }
  }
  if (open.length > 0) throw new SyntaxError(`${open} is not closed`);
  return literals;
}

Deno.test("the reader of PowerShell finds what it is for", () => {
  assertEquals(literalsOf("@{ A = 'it''s (one'; B = @('}', \"$(if ($a) { '=' })\") } # )"), ["it's (one", "}"]);
  for (const wrong of ["@('a'", "'it's'", "( } )", '"$(a)', "@{ A = 'b' ) }", '"$(if (a { b })"']) {
    assertThrows(() => literalsOf(wrong), SyntaxError);
  }
});

Deno.test("for PowerShell every string ends, every bracket is closed, and every meaning is whole", () => {
  const literals = literalsOf(script);
  for (const { name, meaning } of OPTIONS) assert(literals.includes(name) && literals.includes(meaning), name);
  // PowerShell takes typographic quotes for quotes, too.
  assertEquals(/[\u2018-\u201f]/.test(script), false);
});

Deno.test("for PowerShell an option is a row with its role and what its value offers", () => {
  const row = (name: string) => script.split("\n").find((line) => line.includes(`@{ Name = '${name}';`)) ?? "";
  assertStringIncludes(row("stdio"), "Role = 'client'; Takes = $false; Words = @(); Paths = ''; Meaning = ");
  assertStringIncludes(row("tls-ca"), "Takes = $true; Words = @('system'); Paths = 'files'; ");
  assertStringIncludes(row("log-format"), "Words = @('text', 'json'); Paths = ''; ");
  assertEquals(script.match(/^ {8}@\{ Name = /gm)?.length, ROWS.length);
});

Deno.test("for PowerShell a role narrows what is offered, and a command is the first that counts", () => {
  const branches = script.split("\n").filter((line) => line.includes("$taken = "));
  assertEquals(branches, [
    "    $taken = @('server', 'client', 'both', 'alone')",
    "    if ($before -contains '--client') { $taken = @('client', 'both') }",
    "    if ($before -contains '--server') { $taken = @('server', 'both') }",
    "    if ($before[1] -eq 'doctor') { $taken = @('doctor', 'client', 'both') }",
    "    if ($before[1] -eq 'drain') { $taken = @('drain') }",
    "    if ($before[1] -eq 'top') { $taken = @('top') }",
    "    if ($before[1] -eq 'service') { $taken = @('service'); $actions = @('install', 'remove', 'status') }",
    "    if ($before[1] -eq 'ssh') { $taken = @('ssh') }",
  ]);
});
