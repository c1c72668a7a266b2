import { assertEquals, assertThrows } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import { parseTopCommand } from "../../../../lib/tunnel/top/top_options.ts";

Deno.test("tele top takes an address as --status has it, and a file with the token", () => {
  const tcp = (host: string | undefined, port: number) => ({ kind: "tcp" as const, host, port });
  assertEquals(parseTopCommand([]), { kind: "top", address: tcp("localhost", 40380), tokenFile: undefined });
  assertEquals(parseTopCommand([":9000"]), { kind: "top", address: tcp(undefined, 9000), tokenFile: undefined });
  const words = [["--token-file=t", "[::1]:9000"], ["[::1]:9000", "--token-file", "t"], [
    "-token-file=t",
    "[::1]:9000",
  ]];
  for (const each of words) {
    assertEquals(parseTopCommand(each), { kind: "top", address: tcp("::1", 9000), tokenFile: "t" });
  }
});

Deno.test("tele top is asked for its help", () => {
  for (const words of [["--help"], ["-h"], [":9000", "-help"]]) assertEquals(parseTopCommand(words), { kind: "help" });
});

Deno.test("what tele top does not take is told with what to write", () => {
  const mistakes: [string[], string][] = [
    [[":1", ":2"], 'tele top takes one address; ":2" is too much'],
    [["9000"], "tele top takes the address that a process has as --status; "],
    [["http://localhost:9000/"], "is a URL: write only host and port, for example localhost:40380"],
    [["localhost:0"], "port 0"],
    [["--token=abc"], "tele top has no option --token; the nearest is --token-file; see tele top --help"],
    [["--token-file="], "--token-file takes a file, for example --token-file=status-token; here it has no value"],
  ];
  for (const [words, says] of mistakes) assertThrows(() => parseTopCommand(words), TeleError, says);
});
