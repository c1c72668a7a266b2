import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { bashCompletion } from "../../../../lib/tunnel/shells/bash.ts";

const script = bashCompletion();

/** The options of a role in the script. */
function namesFor(role: string): string[] {
  return new RegExp(`^ +${role.replace("*", "\\*")}\\) (?:actions=".*" )?names="(.*)" ;;$`, "m").exec(script)?.[1]
    ?.split(" ") ?? [];
}

Deno.test("in bash a value's option ends with =, and each role has its own", () => {
  assertEquals(namesFor("server").includes("--max-sessions="), true);
  assertEquals(namesFor("client").includes("--max-sessions="), false);
  assertEquals(namesFor("client").includes("--stdio"), true);
  assertEquals(namesFor("*").includes("--make-token"), true);
  assertEquals([namesFor("doctor").includes("--idle="), namesFor("*").includes("--idle=")], [true, false]);
});

Deno.test("in bash a command's actions are beside its options", () => {
  assertStringIncludes(script, '\n    service) actions="install remove status" names="--config= ');
  assertEquals(namesFor("service"), ["--config=", "--name=", "--dry-run", "--help"]);
  assertEquals(namesFor("top"), ["--token-file=", "--help"]);
  assertEquals(namesFor("drain"), ["--pid=", "--status=", "--status-token-file=", "--help"]);
});

Deno.test("in bash every option with a value is a case, so that nothing else is offered for it", () => {
  assertStringIncludes(script, "\n    --in) return 0 ;;\n");
  assertStringIncludes(script, '\n    --log-format) _tele_offer none "text json"; return 0 ;;\n');
  assertStringIncludes(script, '\n    --tls-ca) _tele_offer files "system"; return 0 ;;\n');
  assertMatch(script, /\n {4}--make-cert\) _tele_offer folders ""; return 0 ;;\n/);
});

Deno.test("what bash 3.2 of macOS does not know is asked for silently, or not at all", () => {
  for (const line of script.split("\n").filter((line) => /\bcompopt /.test(line))) assertMatch(line, / 2>\/dev\/null/);
  assertEquals(/mapfile|readarray|declare -A|\$\{\w+,,/.test(script), false);
});
