import { assertEquals, assertThrows } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import { parseCommandLine } from "../../../../lib/tunnel/command_line/command_line.ts";

Deno.test("a configuration runs or is printed, and the command line may say how to log", () => {
  const command = { kind: "config", path: "t.toml", isPrinted: false, logLevel: undefined, logFormat: undefined };
  assertEquals(parseCommandLine(["--config=t.toml"]), { ...command } as ReturnType<typeof parseCommandLine>);
  assertEquals(
    parseCommandLine(["--config", "t.toml", "--print-config", "--log-level=debug", "--log-format=json"]),
    { kind: "config", path: "t.toml", isPrinted: true, logLevel: "debug", logFormat: "json" },
  );
  assertEquals(parseCommandLine(["--config-schema"]), { kind: "config-schema" });
});

Deno.test("beside a configuration an option of a tunnel is refused, and so is what belongs to one without it", () => {
  const cases: [args: string[], says: string][] = [
    [["--config=t.toml", "--max=5"], "--max has no place beside --config: the file says"],
    [["--config=t.toml", "--server", "--in=:22"], "--server has no place beside --config"],
    [["--config=t.toml", "--config-schema"], "--config-schema does one thing and ends; --config would do nothing"],
    [["--config=t.toml", "--config=u.toml"], "--config is given more than once"],
    [["--config="], "--config takes a file"],
    [["--config=t.toml", "--log-level=loud"], "--log-level takes"],
    [["--print-config"], "--print-config belongs to --config=FILE: give both"],
    [["--server", "--in=:22", "--print-config"], "--print-config belongs to --config=FILE"],
    [["--make-token", "--config=t.toml"], "--make-token has no place beside --config"],
  ];
  for (const [args, says] of cases) assertThrows(() => parseCommandLine(args), TeleError, says);
});
