import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { serviceHelpText } from "../../../../lib/tunnel/service/service_help.ts";
import { ACTIONS, parseServiceCommand, SERVICE_COMMAND } from "../../../../lib/tunnel/service/service_options.ts";

const help = serviceHelpText();

Deno.test("the help of tele service fits 80 columns and has every action and option", () => {
  assertEquals(help.split("\n").filter((line) => line.length > 80 || line.endsWith(" ")), []);
  for (const action of ACTIONS) assertStringIncludes(help, `  tele service ${action} `);
  for (const { name } of SERVICE_COMMAND.options) assertStringIncludes(help, `  --${name}`);
});

Deno.test("the example of the help is one, and colours change no words", () => {
  const example = /^Example.*\n {2}tele service (.*)$/m.exec(help)?.[1];
  assertEquals(parseServiceCommand(example?.split(" ") ?? []).kind, "install");
  const coloured = serviceHelpText(true);
  assert(coloured.length > help.length);
  // deno-lint-ignore no-control-regex
  assertEquals(coloured.replace(/\x1b\[\d*m/g, ""), help);
});
