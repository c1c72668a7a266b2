import { assertEquals, assertThrows } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import { parseDrainCommand } from "../../../../lib/tunnel/drain/drain_options.ts";

const ALONE = { kind: "drain" as const, pid: 1, status: undefined, tokenFile: undefined };
const status = { kind: "tcp" as const, host: undefined, port: 40380 };

Deno.test("tele drain takes a process, a status address and the file of its token, each by its option", () => {
  assertEquals(parseDrainCommand([]), ALONE);
  assertEquals(parseDrainCommand(["--pid=4711"]), { ...ALONE, pid: 4711 });
  assertEquals(parseDrainCommand(["-pid", "4711", "--status", ":40380"]), { ...ALONE, pid: 4711, status });
  assertEquals(parseDrainCommand(["--status=:40380", "--status-token-file=t"]), { ...ALONE, status, tokenFile: "t" });
});

Deno.test("tele drain is asked for its help", () => {
  for (const words of [["--help"], ["-h"], ["--pid=7", "-help"]]) {
    assertEquals(parseDrainCommand(words), { kind: "help" });
  }
});

Deno.test("what tele drain does not take is told with what to write", () => {
  const mistakes: [string[], string][] = [
    [["4711"], 'tele drain takes only options, and "4711" is none: write --pid=4711'],
    [[":40380"], 'takes only options, and ":40380" is none: see tele drain --help'],
    [["--pid=0"], "--pid takes a whole number from 1 to 2147483647, for example --pid=4711; 0 is less than 1"],
    [["--pid=-7"], '"-7" is not a whole number'],
    [["--pid=tele"], '"tele" is not a whole number'],
    [["--pid="], "here it has no value"],
    [["--status=:0"], "port 0"],
    [["--status-token-file=t"], "--status-token-file is for the address of --status: give that as well"],
    [["--drain-timeout=1h"], "tele drain has no option --drain-timeout"],
  ];
  for (const [words, says] of mistakes) assertThrows(() => parseDrainCommand(words), TeleError, says);
});
