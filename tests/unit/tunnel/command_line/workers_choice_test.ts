/** `--workers`: what several processes can do together, and what they cannot. */
import { assertEquals, assertThrows } from "@std/assert";
import { GivenFlags } from "../../../../lib/tunnel/command_line/given_flags.ts";
import { workersChoice } from "../../../../lib/tunnel/command_line/workers_choice.ts";
import { parseCommandLine } from "../../../../lib/tunnel/command_line/command_line.ts";
import { clientOptions, serverOptions } from "../../../support/command_lines.ts";

const SERVER = ["--server", "--in=:22", "--out=:40300"];
const CLIENT = ["--client", "--in=:2222", "--out=example.com:40300"];

const choose = (args: string[], os: typeof Deno.build.os = "linux") => workersChoice(new GivenFlags(args), [], os);

Deno.test("without the option there is no parent, on any system", () => {
  assertEquals([choose(SERVER), choose(CLIENT, "windows")], [undefined, undefined]);
});

Deno.test("only Linux lets several processes share a port", () => {
  for (const os of ["darwin", "windows"] as const) {
    assertThrows(() => choose([...SERVER, "--workers=1"], os), Error, `needs Linux, where several processes can`);
  }
  assertEquals(choose([...SERVER, "--workers=3"]), 3);
});

Deno.test({
  name: "both roles take it, and a server of several beside others",
  ignore: Deno.build.os !== "linux",
  fn() {
    assertEquals(serverOptions([...SERVER, "--workers=2"]).workers, 2);
    assertEquals(clientOptions([...CLIENT, "--workers=2"]).workers, 2);
    const fleet = ["--node=10.0.0.7:40301", "--fleet-key-file=k"];
    assertEquals(serverOptions([...SERVER, "--workers=2", ...fleet]).fleet?.keyFile, "k");
  },
});

Deno.test({
  name: "each place where a role listens must be a port that is fixed",
  ignore: Deno.build.os !== "linux",
  fn() {
    const refused = (args: string[], sentence: string) =>
      assertThrows(() => parseCommandLine([...args, "--workers=1"]), Error, sentence, args.join(" "));
    const away = ["--client", "--out=example.com:40300"];
    refused(["--server", "--in=:22"], "a port that is fixed, which all share, at --out");
    refused(["--server", "--in=:22", "--out=:0"], "a port that is fixed, which all share, at --out");
    refused(["--server", "--in=:22", "--out=unix:/a"], "--out is a unix socket");
    refused([...SERVER, "--reverse-listen=:0=nas"], "at --reverse-listen");
    refused([...SERVER, "--node=unix:/a", "--fleet-key-file=k"], "--node is a unix socket");
    refused(away, "a port that is fixed, which all share, at --in");
    refused([...CLIENT, "--forward=unix:/a=web"], "--forward is a unix socket");
    refused([...CLIENT, "--socks=:0"], "at --socks");
    assertEquals(clientOptions([...away, "--reverse=nas=:22", "--workers=1"]).workers, 1);
  },
});

Deno.test("what is of one process alone is refused, with what to do", () => {
  const refused = (args: string[], sentence: string) =>
    assertThrows(() => choose([...SERVER, "--workers=2", ...args]), Error, sentence, args.join(" "));
  refused(["--reverse-listen=:2222=nas"], "write --workers=1");
  assertEquals(choose([...SERVER, "--workers=1", "--reverse-listen=:2222=nas"]), 1);
});

Deno.test("what carries one connection, or looks once, has no workers", () => {
  const stdio = ["--client", "--stdio", "--out=example.com:40300", "--workers=2"];
  assertThrows(() => parseCommandLine(stdio), Error, "--stdio carries only one: leave it out");
  const doctor = ["doctor", "--out=example.com:40300", "--workers=2"];
  assertThrows(() => parseCommandLine(doctor), Error, "tele doctor has none: leave it out");
});
