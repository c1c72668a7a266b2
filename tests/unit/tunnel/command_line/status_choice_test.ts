/** Where a process tells how it goes, as a command line says it. */
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { parseCommandLine } from "../../../../lib/tunnel/command_line/command_line.ts";

/** The message of the mistake. */
function mistakeOf(...flags: string[]): string {
  return assertThrows(() => parseCommandLine(flags), Error).message;
}

Deno.test("both roles take a status address, with a secret or without", () => {
  const client = parseCommandLine(["--client", "--out=example.com:40300", "--status=:40380"]);
  const flags = ["--status=0.0.0.0:40380", "--status-token-file=secret"];
  const server = parseCommandLine(["--server", "--in=:22", ...flags]);
  const statuses = [client, server].map((command) =>
    "options" in command && "status" in command.options && command.options.status
  );
  assertEquals(statuses, [
    { address: { kind: "tcp", host: undefined, port: 40380 }, tokenFile: undefined },
    { address: { kind: "tcp", host: "0.0.0.0", port: 40380 }, tokenFile: "secret" },
  ]);
});

Deno.test("a secret without an address is a mistake", () => {
  assertStringIncludes(mistakeOf("--server", "--in=:22", "--status-token-file=secret"), "give --status=ADDR too");
});

Deno.test("what does not go on has no status", () => {
  assertStringIncludes(
    mistakeOf("--client", "--stdio", "--out=example.com:40300", "--status=:40380"),
    "--stdio carries",
  );
  assertStringIncludes(mistakeOf("doctor", "--out=example.com:40300", "--status=:40380"), "looks once");
});
