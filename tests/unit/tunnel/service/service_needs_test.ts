import { assertEquals, assertThrows } from "@std/assert";
import { readConfiguration } from "../../../../lib/tunnel/configuration/configuration.ts";
import { needsOf } from "../../../../lib/tunnel/service/service_needs.ts";

function needs(...lines: string[]) {
  return needsOf(readConfiguration(lines.join("\n"), { file: "tele.toml", environment: {} }));
}

const CLIENT = ["[[tunnel]]", 'name = "a"', 'role = "client"'];
const SERVER = ["[[tunnel]]", 'name = "b"', 'role = "server"'];

Deno.test("a configuration needs each file that it names once, and no word that is not a path", () => {
  const found = needs(
    'token-file = "/etc/token"',
    ...CLIENT,
    'in = ":2222"',
    'out = "example.com:40300"',
    'tls-ca = "system"',
    ...SERVER,
    'in = ":22"',
    'tls-cert = "/etc/cert.pem"',
    'tls-key = "/etc/key.pem"',
  );
  assertEquals(found.reads.toSorted(), ["/etc/cert.pem", "/etc/key.pem", "/etc/token"]);
  assertEquals([found.writes, found.startsCommands], [[], false]);
});

Deno.test("it writes into the folders of sockets on which it listens, not of those that it dials", () => {
  const found = needs(...CLIENT, 'in = "unix:/run/a/x"', 'out = ":1"', ...SERVER, 'in = "unix:/run/b/x"');
  assertEquals(found.writes, ["/run/a"]);
});

Deno.test("a command as the way is seen", () => {
  assertEquals(needs(...CLIENT, 'in = ":1"', 'out = "exec:ssh -W localhost:40300 example.com"').startsCommands, true);
});

Deno.test("a path that would be another one for a service is an error", () => {
  const out = 'out = "example.com:40300"';
  assertThrows(
    () => needs(...CLIENT, 'in = ":1"', out, 'token-file = "token"'),
    Error,
    'tunnel a: token-file = "token" depends on the folder',
  );
});
