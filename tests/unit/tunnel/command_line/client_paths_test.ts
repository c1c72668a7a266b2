/** What `--out` and `--from` make together. */
import { assertEquals } from "@std/assert";
import { formatPath, serverOf } from "../../../../lib/tunnel/command_line/client_paths.ts";
import { areRefused, clientOptions } from "../../../support/command_lines.ts";

/** Names of the paths of a client with these options. */
function paths(args: string[], environment = {}): string[] {
  return clientOptions(["--client", ...args], environment).paths.map(formatPath);
}

Deno.test("one way from nowhere in particular is one path", () => {
  assertEquals(paths(["--out=a.example:1"]), ["a.example:1"]);
  assertEquals(clientOptions(["--client", "--out=a.example:1"]).paths[0].from, undefined);
});

Deno.test("each way from each address is a path, for a connection that comes as for --stdio", () => {
  const args = ["--out=a.example:1", "--from=10.0.0.1", "--out=ws://b.example/tele", "--from=wlan0"];
  const products = [
    "a.example:1 from 10.0.0.1",
    "a.example:1 from wlan0",
    "ws://b.example/tele from 10.0.0.1",
    "ws://b.example/tele from wlan0",
  ];
  assertEquals([paths(args), paths(["--stdio", ...args])], [products, products]);
});

Deno.test("addresses lead to their own family only, by a proxy to that of the proxy", () => {
  const [four, six] = ["--from=10.0.0.1", "--from=2001:db8::7"];
  assertEquals(paths(["--out=192.0.2.1:1", "--out=[2001:db8::1]:1", four, six]), [
    "192.0.2.1:1 from 10.0.0.1",
    "[2001:db8::1]:1 from 2001:db8::7",
  ]);
  assertEquals(paths(["--out=192.0.2.1:1", six, "--proxy=http://[2001:db8::9]:3128"]), [
    "192.0.2.1:1 from 2001:db8::7",
  ]);
});

Deno.test("each path has the proxy and the TLS of its way", () => {
  const args = ["--client", "--out=a.example:1", "--out=wss://b.example/tele", "--out=unix:/run/tele"];
  const { paths } = clientOptions(args, { HTTPS_PROXY: "http://proxy:1", NO_PROXY: "a.example" });
  assertEquals(paths.map(({ proxy, tls }) => [proxy !== undefined, tls !== undefined]), [
    [false, false],
    [true, true],
    [false, false],
  ]);
  assertEquals(serverOf({ paths }), "a.example:1 and wss://b.example/tele and unix:/run/tele");
  const secured = clientOptions(["--client", "--out=a.example:1", "--tls"]);
  assertEquals(serverOf(secured), "a.example:1 (TLS)");
});

Deno.test("there are as many carriers as paths at the least", () => {
  const outs = (count: number) => Array.from({ length: count }, (_, at) => `--out=a${at}.example:1`);
  assertEquals([1, 6, 8].map((count) => clientOptions(["--client", ...outs(count)]).carriers), [6, 6, 8]);
  assertEquals(clientOptions(["--client", "--carriers=2", ...outs(2)]).carriers, 2);
  areRefused([
    [["--client", "--carriers=1", ...outs(2)], ["make 2 paths", "--carriers=2 or more"]],
    [["--client", ...outs(9)], ["make 9 paths", "8 at most"]],
  ]);
});

Deno.test("what makes no sense together is refused, and says what to change", () => {
  const client = (...args: string[]) => ["--client", ...args];
  areRefused([
    [client("--from=10.0.0.1"), ["--client needs --out=ADDR"]],
    [client("--out=a:1", "--out=a:1"), ["--out=a:1 is given twice"]],
    [client("--out=a:1", "--from=wlan0", "--from=wlan0"), ["--from=wlan0 is given twice"]],
    [client("--out=unix:/run/tele", "--from=10.0.0.1"), ["--out=unix:/run/tele does not leave it", "leave --from out"]],
    [client("--out=exec:ssh host", "--from=10.0.0.1"), ["--out=exec:ssh host is a command", "leave --from out"]],
    [client("--out=[fe80::1%eth0]:1", "--from=eth0"), ["zone"]],
    [client("--out=192.0.2.1:1", "--from=10.0.0.1", "--from=::1"), ["--from=::1 is an IPv6 address", "leave it out"]],
    [client("--out=192.0.2.1:1", "--out=[::1]:1", "--from=10.0.0.1"), ["of the family of --out=[::1]:1"]],
    [client("--out=a:1", "--from=10.0.0.1:5"), ["--from takes an address of this machine", "without a port"]],
    [client("--out=a:1", "--out=b:1", "--protocol=mysql"), ["RFD 80 mode has one path", "make 2"]],
    [client("--out=a:1", "--out=:5", "--in=:5"), ["would connect to itself"]],
    [["--server", "--in=:22", "--from=10.0.0.1"], ["--from belongs to --client"]],
    [["--server", "--in=:22", "--out=:1", "--out=:2"], ["--out is given more than once"]],
  ]);
  assertEquals(paths(["--out=a:1", "--from=10.0.0.1", "--protocol=mysql"]), ["a:1 from 10.0.0.1"]);
});

const TOKEN = "a token for the paths";

Deno.test("what protects the way to a server is said", () => {
  const cases: [string[], string | undefined, string][] = [
    [["--out=a:1"], undefined, "a:1"],
    [["--out=a:1"], TOKEN, "a:1 (sealed by the token)"],
    [["--out=a:1", "--tls"], TOKEN, "a:1 (TLS)"],
    [["--out=a:1", "--tls", "--encryption=always"], TOKEN, "a:1 (TLS, sealed by the token)"],
    [["--out=a:1", "--encryption=never"], TOKEN, "a:1"],
    [["--out=wss://a/"], TOKEN, "wss://a/"],
    [["--out=ws://a/"], TOKEN, "ws://a/ (sealed by the token)"],
  ];
  for (const [args, TELE_TOKEN, said] of cases) {
    assertEquals(serverOf(clientOptions(["--client", ...args], { TELE_TOKEN })), said);
  }
});
