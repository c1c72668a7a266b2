import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { parseCommandLine } from "../../../../lib/tunnel/command_line/command_line.ts";

Deno.test("a doctor takes a client's command line, with its role or without, and two options of its own", () => {
  const command = parseCommandLine(["doctor", "--out=example.com:1", "--in=:2222", "--idle=5m", "--wait=1s"]);
  assertEquals(command.kind, "doctor");
  if (command.kind !== "doctor") return;
  const { client, idleMs, waitMs } = command.options;
  assertEquals([idleMs, waitMs, client.paths.length, client.in?.kind], [300_000, 1_000, 1, "tcp"]);
  assertEquals(parseCommandLine(["doctor", "--client", "-out=example.com:1"]).kind, "doctor");
  const defaults = parseCommandLine(["doctor", "--out=:1"]);
  assertEquals(defaults.kind === "doctor" && [defaults.options.idleMs, defaults.options.waitMs], [8_000, 10_000]);
  assertEquals(parseCommandLine(["doctor", "--help"]).kind, "help");
});

Deno.test("a doctor refuses what no client takes, and RFD 80 mode; a client refuses a doctor's options", () => {
  const wrong: [args: string[], says: string][] = [
    [["doctor"], "tele doctor needs --out=ADDR, the address of the tele server"],
    [["doctor", "--out=:1", "--max-sessions=5"], "--max-sessions belongs to --server; tele doctor does not take it"],
    [["doctor", "--out=:1", "--server"], "--server belongs to --server; tele doctor does not take it"],
    [
      ["doctor", "--out=:1", "--protocol=x"],
      "--protocol is RFD 80 mode, which has no sessions to examine: leave it out",
    ],
    [["doctor", "--out=:1", "--idle=1ms"], "--idle takes a duration from 1s to 1h"],
    [["doctor", "--out=:1", "--wait=2s", "--wait=3s"], "--wait is given more than once"],
    [["--client", "--out=:1", "--idle=5m"], "--idle belongs to tele doctor; --client does not take it"],
    [["--server", "--in=:1", "--wait=5m"], "--wait belongs to tele doctor; --server does not take it"],
  ];
  for (const [args, says] of wrong) {
    assertStringIncludes(assertThrows(() => parseCommandLine(args), Error).message, says);
  }
});
