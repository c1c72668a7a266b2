import { assertEquals, assertStringIncludes } from "@std/assert";
import { ROWS } from "../../../../lib/tunnel/shells/completed_option.ts";
import { fishCompletion } from "../../../../lib/tunnel/shells/fish.ts";

const lines = fishCompletion().split("\n");

Deno.test("for fish each row of the table is a line, offered where the other role is not given", () => {
  const options = lines.filter((line) => line.startsWith("complete -c tele -l "));
  assertEquals(options.length, ROWS.length);
  for (const [at, { role, option: { name } }] of ROWS.entries()) {
    const expected = {
      server: "not __fish_contains_opt client; and not __fish_seen_subcommand_from ssh service doctor top drain",
      client: "not __fish_contains_opt server; and not __fish_seen_subcommand_from ssh service top drain",
      alone: "not __fish_contains_opt server client; and not __fish_seen_subcommand_from ssh service doctor top drain",
      doctor: "__fish_seen_subcommand_from doctor",
      both: "not __fish_seen_subcommand_from ssh service top drain",
      ssh: "__fish_seen_subcommand_from ssh",
      service: "__fish_seen_subcommand_from service",
      top: "__fish_seen_subcommand_from top",
      drain: "__fish_seen_subcommand_from drain",
    }[role];
    const condition = /-n '([^']*)'/.exec(options[at]!)?.[1];
    assertEquals([options[at]!.split(" ")[4], condition], [name, expected]);
  }
});

Deno.test("for fish a command is offered as the first word", () => {
  assertEquals(lines.some((line) => line.startsWith("complete -c tele -n __fish_use_subcommand -a doctor -d '")), true);
});

Deno.test("for fish an action is offered behind its command, until one is there", () => {
  const given = "__fish_seen_subcommand_from service; and not __fish_seen_subcommand_from install remove status";
  assertEquals(lines.filter((line) => line.includes("-a 'install")), [
    `complete -c tele -n '${given}' -a 'install remove status'`,
  ]);
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
