import { assertEquals } from "@std/assert";
import { parseCommandLine } from "../../../../lib/tunnel/command_line/command_line.ts";
import { resolvedHost, stepsOf } from "../../../../lib/tunnel/doctor/step.ts";

/** The steps in front of the handshake, for a client's command line. */
function way(args: string[], environment = {}): string[] {
  const command = parseCommandLine(["doctor", ...args], environment);
  if (command.kind !== "doctor") throw new Error("this is a doctor's command line");
  const { paths, encryption } = command.options.client;
  const steps = stepsOf(paths[0], encryption);
  assertEquals(steps.slice(-5), ["handshake", "token", "round trip", "loss", "idle"]);
  return steps.slice(0, -5);
}

const TOKEN = { TELE_TOKEN: "x".repeat(32) };

Deno.test("each way has the steps that it takes, in the order in which it takes them", () => {
  assertEquals(way(["--out=192.0.2.1:1"]), ["connection"]);
  assertEquals(way(["--out=[fe80::1%eth0]:1"]), ["connection"]);
  assertEquals(way(["--out=:1"]), ["connection"]);
  assertEquals(way(["--out=example.com:1"], TOKEN), ["name", "connection", "seal"]);
  assertEquals(way(["--out=example.com:1", "--tls"], TOKEN), ["name", "connection", "tls"]);
  assertEquals(way(["--out=wss://example.com/"]), ["name", "connection", "tls", "websocket"]);
  assertEquals(way(["--out=unix:/run/tele.sock"]), ["connection"]);
  assertEquals(way(["--out=exec:ssh -W localhost:1 host"], TOKEN), ["command", "seal"]);
});

Deno.test("behind a proxy the proxy's name is resolved here, and not the server's", () => {
  assertEquals(way(["--out=example.com:1", "--proxy=http://p.example:3128"]), ["name", "proxy", "connection"]);
  assertEquals(way(["--out=example.com:1", "--proxy=http://192.0.2.1:3128"]), ["proxy", "connection"]);
  assertEquals(way(["--out=example.com:1", "--proxy-file=proxy"]), ["proxy", "connection"]);
  const command = parseCommandLine(["doctor", "--out=example.com:1", "--proxy=http://p.example:3128"]);
  assertEquals(command.kind === "doctor" && resolvedHost(command.options.client.paths[0]), "p.example");
});
