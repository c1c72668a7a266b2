import { assertEquals, assertThrows } from "@std/assert";
import { parseServiceCommand } from "../../../../lib/tunnel/service/service_options.ts";

const parse = (line: string) => parseServiceCommand(line.split(" ").filter((word) => word !== ""));

Deno.test("no words, and --help anywhere, ask for the help", () => {
  for (const line of ["", "--help", "-h", "install -help"]) assertEquals(parse(line), { kind: "help" });
});

Deno.test("the actions with their options, in any order and both spellings", () => {
  const install = { kind: "install", config: "a.toml", name: "tele", isDryRun: false } as const;
  assertEquals(parse("install --config=a.toml"), install);
  assertEquals(parse("--config a.toml install"), install);
  assertEquals(parse("install -config=a.toml --name x-1 --dry-run"), { ...install, name: "x-1", isDryRun: true });
  assertEquals(parse("remove --dry-run"), { kind: "remove", name: "tele", isDryRun: true });
  assertEquals(parse("status --name=office"), { kind: "status", name: "office" });
});

Deno.test("every mistake is a sentence that says what to write", () => {
  const mistakes: [string, string][] = [
    ["--name=x", "takes one of install, remove, status, for example tele service status; here is none"],
    ["start", 'here is "start"'],
    ["remove install", 'here is "remove install"'],
    ["install", "needs --config=FILE"],
    ["install --config=", "--config takes a file"],
    ["install --config", "here it has no value"],
    ["install --config=a --config=b", "--config is given more than once"],
    ["install --config=a --name=../x", '"../x" is no such name'],
    ["install --config=a --nam=x", "no option --nam; the nearest is --name"],
    ["install --config=a --dry-run=yes", "--dry-run takes no value"],
    ["remove --config=a", "--config belongs to install"],
    ["status --dry-run", "--dry-run belongs to install and remove"],
  ];
  for (const [line, sentence] of mistakes) assertThrows(() => parse(line), Error, sentence, line);
});
