import { assertEquals, assertStringIncludes } from "@std/assert";
import { OPTIONS } from "../../../../lib/tunnel/command_line/option_table.ts";
import { fishCompletion } from "../../../../lib/tunnel/shells/fish.ts";

const lines = fishCompletion().split("\n");

Deno.test("for fish each row of the table is a line, offered where the other role is not given", () => {
  const options = lines.filter((line) => line.startsWith("complete -c tele -l "));
  assertEquals(options.length, OPTIONS.length);
  for (const [at, { name, role }] of OPTIONS.entries()) {
    const others = { server: "client", client: "server", alone: "server client", both: undefined }[role];
    const condition = /-n 'not __fish_contains_opt ([^']*)'/.exec(options[at]!)?.[1];
    assertEquals([options[at]!.split(" ")[4], condition], [name, others]);
  }
});

Deno.test("for fish each value has what it offers, and files only where one is taken", () => {
  const line = (name: string) => lines.find((line) => line.includes(` -l ${name} `)) ?? "";
  assertEquals(lines.includes("complete -c tele -f"), true);
  assertStringIncludes(line("log-level"), " -x -a 'debug info warn error' ");
  assertStringIncludes(line("token-file"), " -r -F ");
  assertStringIncludes(line("tls-ca"), " -r -F -a 'system' ");
  assertStringIncludes(line("make-cert"), " -x -a '(__fish_complete_directories ");
  assertStringIncludes(line("ping-interval"), " -x -d ");
  assertStringIncludes(line("stdio"), "as ssh\\'s ProxyCommand");
});
