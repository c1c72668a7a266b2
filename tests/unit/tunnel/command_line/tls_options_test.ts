/** The command line of TLS, RFD 80 mode and tokens, and of the commands that start no role. */
import { assert, assertEquals, assertFalse, assertStringIncludes, assertThrows } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import { parseCommandLine } from "../../../../lib/tunnel/command_line/command_line.ts";
import type { ClientOptions, ServerOptions } from "../../../../lib/tunnel/command_line/role_options.ts";

const SERVER = ["--server", "--in=:22"];
const CLIENT = ["--client", "--out=example.com:40300"];
const PAIR = ["--tls-cert=cert.pem", "--tls-key=key.pem"];
const LOCAL = (port: number) => ({ kind: "tcp", host: undefined, port } as const);

function serverOptions(args: string[], environment = {}): ServerOptions {
  const command = parseCommandLine(args, environment);
  assert(command.kind === "server");
  return command.options;
}

function clientOptions(args: string[], environment = {}): ClientOptions {
  const command = parseCommandLine(args, environment);
  assert(command.kind === "client");
  return command.options;
}

function refusal(args: string[], environment = {}): string {
  const error = assertThrows(() => parseCommandLine(args, environment), TeleError, undefined, args.join(" "));
  assertEquals(error.code, "bad-input");
  assertFalse(error.message.includes("\n"));
  return error.message;
}

function areRefused(refusals: [string[], string[]][], environment = {}): void {
  for (const [args, parts] of refusals) {
    const message = refusal(args, environment);
    for (const part of parts) assertStringIncludes(message, part, args.join(" "));
  }
}

Deno.test("a server's TLS options reach it", () => {
  const files = { certFile: "cert.pem", keyFile: "key.pem" };
  assertEquals(serverOptions([...SERVER, ...PAIR]).tls, { ...files, clientCaFile: undefined });
  assertEquals(serverOptions([...SERVER, ...PAIR, "--tls-client-ca=c.pem"]).tls, { ...files, clientCaFile: "c.pem" });
  assertEquals(serverOptions(SERVER).tls, undefined);
});

Deno.test("each of a client's TLS options turns TLS on", () => {
  const none = { caFile: undefined, name: undefined, certFile: undefined, keyFile: undefined };
  assertEquals(clientOptions(CLIENT).tls, undefined);
  assertEquals(clientOptions([...CLIENT, "--tls"]).tls, none);
  assertEquals(clientOptions([...CLIENT, "--tls-ca=ca.pem"]).tls, { ...none, caFile: "ca.pem" });
  assertEquals(clientOptions([...CLIENT, "--tls-name=Example.org"]).tls, { ...none, name: "example.org" });
  assertEquals(clientOptions([...CLIENT, "--tls-name=::1"]).tls, { ...none, name: "::1" });
  assertEquals(clientOptions([...CLIENT, ...PAIR]).tls, { ...none, certFile: "cert.pem", keyFile: "key.pem" });
  assertEquals(clientOptions([...CLIENT, "--protocol=mysql"]).tls, none);
  const unix = clientOptions(["--client", "--out=unix:/run/tele.sock", "--tls", "--tls-name=example.com"]);
  assertEquals(unix.tls?.name, "example.com");
});

Deno.test("--protocol and --route make routes, and --in alone makes sessions", () => {
  const only = serverOptions(["--server", "--protocol=mysql", "--in=:3306", ...PAIR]);
  assertEquals([only.in, only.routes], [undefined, [{ protocol: "mysql", in: LOCAL(3306) }]]);

  const routes = ["--route=mysql=:3306", "--route", "a.b/c=db.example.com:5", "-route=x=unix:/run/a=b"];
  const expected = [
    { protocol: "mysql", in: LOCAL(3306) },
    { protocol: "a.b/c", in: { kind: "tcp", host: "db.example.com", port: 5 } },
    { protocol: "x", in: { kind: "unix", path: "/run/a=b" } },
  ] as const;
  const alone = serverOptions(["--server", ...routes, ...PAIR]);
  assertEquals([alone.in, alone.routes], [undefined, [...expected]]);
  const both = serverOptions([...SERVER, ...routes, ...PAIR, "--max-sessions=7", "--max-message=1MiB"]);
  assertEquals([both.in, both.routes, both.limits.maxSessions], [LOCAL(22), [...expected], 7]);
  assertEquals(both.maxMessageBytes, 1_048_576);

  const client = clientOptions([...CLIENT, "--protocol=mysql", "--max-message=64KiB"]);
  assertEquals([client.protocol, client.maxMessageBytes], ["mysql", 65_536]);
});

Deno.test("half of TLS is refused", () => {
  areRefused([
    [[...SERVER, "--tls-cert=c"], ["--tls-cert needs --tls-key=FILE"]],
    [[...SERVER, "--tls-key=k"], ["--tls-key needs --tls-cert=FILE"]],
    [[...SERVER, "--tls-client-ca=c"], ["--tls-client-ca needs TLS", "--tls-cert=FILE and --tls-key=FILE"]],
    [[...CLIENT, "--tls-cert=c"], ["--tls-cert needs --tls-key=FILE"]],
    [[...CLIENT, "--tls-key=k"], ["--tls-key needs --tls-cert=FILE"]],
    [["--client", "--out=unix:/a", "--tls"], ["--tls-name=NAME", "unix socket"]],
    [["--client", "--out=unix:/a", "--protocol=x"], ["--tls-name=NAME"]],
    [[...CLIENT, "--tls-name=example.com:443"], ["--tls-name takes", "without a port"]],
    [[...CLIENT, "--tls-name=*.example.com"], ["stands for many"]],
    [[...CLIENT, "--tls-ca"], ["--tls-ca takes a file", "no value"]],
    [[...CLIENT, "--tls-client-ca=c"], ["--tls-client-ca belongs to --server"]],
    [[...SERVER, "--tls"], ["--tls belongs to --client"]],
    [[...SERVER, "--tls-ca=c"], ["--tls-ca belongs to --client"]],
    [[...SERVER, ...PAIR, ...PAIR], ["given more than once"]],
  ]);
});

Deno.test("what RFD 80 mode cannot do is refused", () => {
  const long = "x".repeat(251);
  areRefused([
    [["--server", "--protocol=mysql", "--in=:3306"], ["--protocol needs TLS", "ALPN", "--tls-cert=FILE"]],
    [["--server", "--route=mysql=:3306"], ["--route needs TLS", "ALPN", "--make-cert"]],
    [["--server", "--protocol=mysql", ...PAIR], ["--protocol=mysql of a --server needs --in=ADDR"]],
    [["--server", ...PAIR], ["--server needs --in=ADDR"]],
    [["--server", ...PAIR, "--route=a=:1", "--route=a=:2"], ["the protocol a has two routes"]],
    [[...SERVER, ...PAIR, "--protocol=a", "--route=a=:2"], ["the protocol a has two routes"]],
    [["--server", ...PAIR, "--route=a"], ["--route takes", "an address is"]],
    [["--server", ...PAIR, "--route==:1"], ["--route takes", "the name is empty"]],
    [["--server", ...PAIR, "--route=a=:0"], ["port 0"]],
    [[...CLIENT, "--route=a=:1"], ["--route belongs to --server"]],
    [[...CLIENT, "--protocol=a-ping"], ["--protocol takes a name", '"-ping"', "tele adds it"]],
    [[...CLIENT, "--protocol=tele/1"], ["tele's own sessions"]],
    [[...CLIENT, `--protocol=${long}`], ["251 bytes is too long"]],
    [[...CLIENT, "--protocol=a b"], ["cannot have"]],
    [[...CLIENT, "--protocol=a,b"], ["cannot have"]],
    [[...CLIENT, "--protocol=a=b"], ["cannot have"]],
    [[...CLIENT, "--protocol=é"], ["cannot have"]],
    [[...CLIENT, "--protocol=a", "--max-message=65535B"], ["less than 64KiB"]],
    [[...CLIENT, "--protocol=a", "--max-message=4GiB"], ["more than 4294967295B"]],
  ]);
  assertEquals(clientOptions([...CLIENT, `--protocol=${long.slice(1)}`]).protocol, long.slice(1));
  assertEquals(clientOptions([...CLIENT, "--protocol=a", "--max-message=4294967295B"]).maxMessageBytes, 2 ** 32 - 1);
});

Deno.test("an option that would do nothing is refused", () => {
  const shared = ["--resume-timeout=1h", "--replay-buffer=1MiB", "--token-file=t"];
  const pure = [
    ["--server", "--in=:1", "--protocol=a", ...PAIR],
    ["--server", "--route=a=:1", ...PAIR],
    [...CLIENT, "--protocol=a"],
  ];
  for (const args of pure) {
    const own = args[0] === "--client" ? "--pool=2" : "--max-sessions=2";
    for (const option of [...shared, own]) {
      const name = option.split("=")[0] ?? "";
      areRefused([[[...args, option], [`${name} belongs to session mode`, "RFD 80 mode"]]]);
    }
  }
  areRefused([
    [[...SERVER, "--max-message=1MiB"], ["--max-message belongs to RFD 80 mode"]],
    [[...CLIENT, "--tls", "--max-message=1MiB"], ["--max-message belongs to RFD 80 mode"]],
    [[...SERVER, "--host=a"], ["--host belongs to --make-cert"]],
    [["--host=a"], ["--host belongs to --make-cert"]],
    [["--make-token", "--server"], ["--make-token", "--server would do nothing"]],
    [["--make-token", "--host=a"], ["--host would do nothing"]],
    [["--make-cert=d", "--host=a", "--make-token"], ["--make-cert would do nothing"]],
    [["--make-cert=d", "--host=a", "--in=:1"], ["--in would do nothing"]],
    [["--make-cert=d"], ["--make-cert needs --host=NAME"]],
    [["--make-cert=", "--host=a"], ["--make-cert takes a folder", "no value"]],
  ]);
});

Deno.test("a token comes from one place, and guards sessions only", () => {
  const environment = { TELE_TOKEN: "a secret" };
  assertEquals(serverOptions(SERVER, environment).tokenVariable, "a secret");
  assertEquals(clientOptions(CLIENT, environment).tokenVariable, "a secret");
  assertEquals(serverOptions([...SERVER, "--route=a=:1", ...PAIR], environment).tokenVariable, "a secret");
  assertEquals(clientOptions([...CLIENT, "--token-file=t"]).tokenFile, "t");
  assertEquals(serverOptions(SERVER, { TELE_TOKEN: undefined }).tokenVariable, undefined);

  const refusals: [string[], string, string[]][] = [
    [SERVER, "", ["TELE_TOKEN is set but empty", "--make-token"]],
    [CLIENT, "", ["TELE_TOKEN is set but empty", "--make-token"]],
    [[...SERVER, "--token-file=t"], "a secret", ["--token-file and TELE_TOKEN are both set"]],
    [["--server", "--route=a=:1", ...PAIR], "a secret", ["TELE_TOKEN", "unset it", "--tls-client-ca"]],
    [["--server", "--route=a=:1", ...PAIR], "", ["TELE_TOKEN", "unset it"]],
    [[...SERVER, "--protocol=a", ...PAIR], "a secret", ["TELE_TOKEN", "unset it", "--tls-client-ca"]],
    [[...CLIENT, "--protocol=a"], "a secret", ["TELE_TOKEN", "unset it", "--tls-cert"]],
  ];
  for (const [args, TELE_TOKEN, parts] of refusals) {
    areRefused([[args, parts]], { TELE_TOKEN });
    assertFalse(refusal(args, { TELE_TOKEN }).includes("a secret"), "a message does not show the token");
  }
});

Deno.test("commands without a role", () => {
  assertEquals(parseCommandLine(["--make-token"], { TELE_TOKEN: "" }), { kind: "make-token" });
  assertEquals(parseCommandLine(["-make-cert", "d", "--host=localhost,*.Example.com,::1,127.0.0.1,localhost"]), {
    kind: "make-cert",
    directory: "d",
    hosts: [
      { kind: "dns", name: "localhost" },
      { kind: "dns", name: "*.example.com" },
      { kind: "ip", name: "::1" },
      { kind: "ip", name: "127.0.0.1" },
    ],
  });
});

Deno.test("a host that no certificate can name gets a sentence", () => {
  const bad: [string, string][] = [
    ["a,,b", "a name is empty"],
    ["example.com:443", "without a port"],
    ["[::1]", "without brackets"],
    ["fe80::1%eth0", "zone"],
    ["https://example.com", "URL"],
    ["example.com.", "dot at the end"],
    ["bücher.example", "write xn--bcher-kva.example"],
    ["1.2.3", "neither a host name nor an IP address"],
    ["1.2.3.256", "neither"],
    ["-a.com", "neither"],
    ["a..b", "neither"],
    ["a b", "neither"],
    [`${"a".repeat(64)}.com`, "neither"],
    ["*.com", "too wide"],
    ["*.1.2.3.4", "too wide"],
    ["a.*.com", "stands for many hosts"],
    ["*", "stands for many hosts"],
    ["*.*.example.com", "stands for many hosts"],
  ];
  for (const [host, words] of bad) {
    assertStringIncludes(refusal(["--make-cert=d", `--host=ok.example,${host}`]), words, host);
  }
});
