import { assertEquals, assertThrows } from "@std/assert";
import { parseWay } from "../../../../lib/net/way.ts";
import { GivenFlags } from "../../../../lib/tunnel/command_line/given_flags.ts";
import { clientTls, serverTls } from "../../../../lib/tunnel/command_line/tls_choice.ts";

const PAIR = ["--tls-cert=c.pem", "--tls-key=k.pem"];

/** What a client has on the way `out`. */
function client(out: string, ...args: string[]) {
  return clientTls(new GivenFlags(args), parseWay(out));
}

Deno.test("a server has TLS with a certificate and its key, and none without either", () => {
  const server = (...args: string[]) => serverTls(new GivenFlags(args));
  assertEquals(server(), undefined);
  assertEquals(server(...PAIR), { certFile: "c.pem", keyFile: "k.pem", clientCaFile: undefined });
  assertThrows(() => server("--tls-cert=c.pem"), Error, "--tls-cert needs --tls-key=FILE");
  assertThrows(() => server("--tls-key=k.pem"), Error, "--tls-key needs --tls-cert=FILE");
  assertThrows(() => server("--tls-client-ca=ca.pem"), Error, "--tls-client-ca needs TLS");
});

Deno.test("a client has TLS as soon as one option asks for it, and always on wss://", () => {
  const none = { caFile: undefined, name: undefined, certFile: undefined, keyFile: undefined };
  assertEquals(client("example.com:1"), undefined);
  assertEquals(client("example.com:1", "--tls"), none);
  assertEquals(client("wss://example.com/"), none);
  assertEquals(client("example.com:1", "--tls-ca=ca.pem"), { ...none, caFile: "ca.pem" });
  assertThrows(() => client("example.com:1", "--tls-cert=c.pem"), Error, "--tls-cert needs --tls-key=FILE");
});

Deno.test("TLS has no place on ws://, and needs a name where the way has none", () => {
  assertThrows(() => client("ws://example.com/", "--tls"), Error, "write wss:// in --out");
  assertThrows(() => client("unix:/a", "--tls"), Error, "TLS over a unix socket needs --tls-name=NAME");
  assertThrows(() => client("exec:a", "--tls"), Error, "TLS over a command needs --tls-name=NAME");
  assertEquals(client("exec:a", "--tls-name=example.com")?.name, "example.com");
});
