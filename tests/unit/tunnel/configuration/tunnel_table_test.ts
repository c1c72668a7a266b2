import { assert, assertEquals, assertThrows } from "@std/assert";
import { locate } from "../../../../lib/tunnel/configuration/locator.ts";
import { PlacedError } from "../../../../lib/tunnel/configuration/place.ts";
import {
  isSame,
  listenPlaces,
  readTunnel,
  type TunnelEntry,
} from "../../../../lib/tunnel/configuration/tunnel_table.ts";
import { parse } from "@std/toml";

function read(text: string, environment = {}): TunnelEntry {
  const whole = `[[tunnel]]\n${text}`;
  const { tunnels: [table] } = locate(whole);
  const [values] = parse(whole)["tunnel"] as Record<string, unknown>[];
  return readTunnel(table!, values!, [], environment);
}

const SERVER = 'name = "nas"\nrole = "server"\nin = ":22"\n';
const CLIENT = 'name = "nas"\nrole = "client"\nout = "example.com:40300"\n';

Deno.test("a tunnel is what its command line would be", () => {
  const server = read(`${SERVER}max-sessions = 7\n`);
  assert(server.command.kind === "server");
  assertEquals([server.name, server.command.options.limits.maxSessions], ["nas", 7]);
  const client = read(`${CLIENT}from = ["127.0.0.1", "127.0.0.2"]\n`);
  assert(client.command.kind === "client");
  assertEquals(client.command.options.paths.length, 2);
});

Deno.test("a mistake stands where a person would look for it", () => {
  const cases: [text: string, line: number, column: number, says: string][] = [
    ["", 1, 1, "no name"],
    ['name = "a b"\n', 2, 8, "name takes 1 to 63"],
    ["name = 5\n", 2, 8, "name takes 1 to 63"],
    ['name = "a"\n', 1, 1, "needs role"],
    ['name = "a"\nrole = "proxy"\n', 3, 8, "needs role"],
    ['name = "a"\nrole = "server"\n', 1, 1, "tunnel a: --server needs --in=ADDR"],
    [`${SERVER}otu = ":1"\n`, 5, 1, "unknown key otu; the nearest is out"],
    [`${SERVER}carriers = 2\n`, 5, 1, 'carriers belongs to role = "client"; a server does not take it'],
    [`${SERVER}log-level = "info"\n`, 5, 1, "log-level holds for all tunnels"],
    [`${CLIENT}stdio = true\n`, 5, 1, "stdio belongs to a command line of its own"],
    [`${SERVER}make-token = true\n`, 5, 1, "make-token belongs to a command line of its own"],
    [`${SERVER}tls-cert = "c.pem"\n`, 5, 1, "--tls-cert needs --tls-key"],
    [`${SERVER}encryption = "never"\n`, 5, 1, "--encryption is about a token"],
    [`${SERVER}out = ":22"\n`, 4, 1, "would connect to itself"],
    [`${CLIENT}proxy = "http://alice:pw@proxy.example.com:3128"\n`, 5, 9, "proxy-file"],
  ];
  for (const [text, line, column, says] of cases) {
    const { place, message } = assertThrows(() => read(text), PlacedError, says);
    assertEquals(place, { line, column }, `${text}${message}`);
    assert(!message.includes("alice"), message);
  }
});

Deno.test("the variables of the environment count as on a command line", () => {
  const { command } = read(CLIENT, { TELE_TOKEN: "0123456789abcdef0123456789abcdef" });
  assertEquals(command.options.encryption, "auto");
  const { place } = assertThrows(
    () => read(`${CLIENT}token-file = "t"\n`, { TELE_TOKEN: "x" }),
    PlacedError,
    "TELE_TOKEN are both set",
  );
  assertEquals(place, { line: 5, column: 1 });
  const proxied = read(CLIENT, { HTTPS_PROXY: "http://alice:pw@proxy.example.com:3128" });
  assert(proxied.command.kind === "client" && proxied.command.options.paths[0].proxy !== undefined);
});

Deno.test("the order of keys and the words of TOML make no other tunnel, and every value does", () => {
  const tunnel = read(CLIENT);
  assert(isSame(tunnel, read('"out" = [\n  \'example.com:40300\' # there\n]\nrole = "client"\nname = "nas"\n')));
  assert(!isSame(tunnel, read(`${CLIENT}max = 5\n`)));
  assert(!isSame(tunnel, read(CLIENT.replace("40300", "40301"))));
  assert(!isSame(read(`${SERVER}out = ":1"`), read(CLIENT.replace("example.com:40300", ":1") + 'in = ":22"')));
});

Deno.test("it listens where its role does, or on a port that nobody knows yet", () => {
  assertEquals(listenPlaces(read(`${SERVER}out = ":40300"\n`)), [{ address: ":40300", option: "out" }]);
  assertEquals(listenPlaces(read(`${CLIENT}in = "unix:/run/tele.sock"\nforward = ":5432=db"\n`)), [
    { address: "unix:/run/tele.sock", option: "in" },
    { address: ":5432", option: "forward" },
  ]);
  assertEquals(listenPlaces(read(`${SERVER}out = ":40300"\nreverse-listen = ["127.0.0.1:5432=db", ":0=web"]\n`)), [
    { address: ":40300", option: "out" },
    { address: "127.0.0.1:5432", option: "reverse-listen" },
  ]);
  assertEquals(listenPlaces(read(`${CLIENT}reverse = "db=:5432"\n`)), []);
  assertEquals([read(SERVER), read(`${SERVER}out = ":0"\n`), read(CLIENT)].flatMap(listenPlaces), []);
});
