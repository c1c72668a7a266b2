/** `--node` and `--fleet-key-file`: both or none, and only for sessions. */
import { assertEquals, assertThrows } from "@std/assert";
import { GivenFlags } from "../../../../lib/tunnel/command_line/given_flags.ts";
import { fleetChoice } from "../../../../lib/tunnel/command_line/fleet_choice.ts";
import { parseCommandLine } from "../../../../lib/tunnel/command_line/command_line.ts";
import { serverOptions } from "../../../support/command_lines.ts";

const SERVER = ["--server", "--in=:22"];

Deno.test("a server of a fleet has a node and a key, and a server alone neither", () => {
  const both = serverOptions([...SERVER, "--node=10.0.0.7:40301", "--fleet-key-file=k"]);
  assertEquals(both.fleet, { node: { kind: "tcp", host: "10.0.0.7", port: 40301 }, keyFile: "k" });
  assertEquals(serverOptions(SERVER).fleet, undefined);
});

Deno.test("one without the other says which is missing", () => {
  const choose = (...args: string[]) => fleetChoice(new GivenFlags(args));
  assertThrows(() => choose("--node=10.0.0.7:40301"), Error, "--node needs --fleet-key-file=FILE");
  assertThrows(() => choose("--fleet-key-file=k"), Error, "--fleet-key-file needs --node=ADDR");
});

Deno.test("a client, and a server of RFD 80 mode alone, has no fleet", () => {
  const fleet = ["--node=10.0.0.7:40301", "--fleet-key-file=k"];
  assertThrows(() => parseCommandLine(["--client", "--out=a:1", ...fleet]), Error, "--node");
  const tls = ["--protocol=h2", "--tls-cert=c", "--tls-key=k"];
  assertThrows(() => parseCommandLine([...SERVER, ...tls, ...fleet]), Error, "belongs to session mode");
});
