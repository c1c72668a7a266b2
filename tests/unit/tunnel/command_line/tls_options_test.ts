import { assertEquals } from "@std/assert";
import type { ClientTls } from "../../../../lib/tunnel/command_line/role_options.ts";
import { areRefused, CLIENT, clientOptions, PAIR, SERVER, serverOptions } from "../../../support/command_lines.ts";

/** The TLS of a client's first path. */
function clientTls(args: string[]): ClientTls | undefined {
  return clientOptions(args).paths[0].tls;
}

Deno.test("a server's TLS options reach it", () => {
  const files = { certFile: "cert.pem", keyFile: "key.pem" };
  assertEquals(serverOptions([...SERVER, ...PAIR]).tls, { ...files, clientCaFile: undefined });
  assertEquals(serverOptions([...SERVER, ...PAIR, "--tls-client-ca=c.pem"]).tls, { ...files, clientCaFile: "c.pem" });
  assertEquals(serverOptions(SERVER).tls, undefined);
});

Deno.test("each of a client's TLS options turns TLS on", () => {
  const none = { caFile: undefined, name: undefined, certFile: undefined, keyFile: undefined };
  assertEquals(clientTls(CLIENT), undefined);
  assertEquals(clientTls([...CLIENT, "--tls"]), none);
  assertEquals(clientTls([...CLIENT, "--tls-ca=ca.pem"]), { ...none, caFile: "ca.pem" });
  assertEquals(clientTls([...CLIENT, "--tls-name=Example.org"]), { ...none, name: "example.org" });
  assertEquals(clientTls([...CLIENT, "--tls-name=::1"]), { ...none, name: "::1" });
  assertEquals(clientTls([...CLIENT, ...PAIR]), { ...none, certFile: "cert.pem", keyFile: "key.pem" });
  assertEquals(clientTls([...CLIENT, "--protocol=mysql"]), none);
  const unix = clientTls(["--client", "--out=unix:/run/tele.sock", "--tls", "--tls-name=example.com"]);
  assertEquals(unix?.name, "example.com");
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
    [["--client", "--out=exec:a", "--tls"], ["--tls-name=NAME", "over a command"]],
    [[...CLIENT, "--tls-name=example.com:443"], ["--tls-name takes", "without a port"]],
    [[...CLIENT, "--tls-name=*.example.com"], ["stands for many"]],
    [[...CLIENT, "--tls-ca"], ["--tls-ca takes a file", "no value"]],
    [[...CLIENT, "--tls-client-ca=c"], ["--tls-client-ca belongs to --server"]],
    [[...SERVER, "--tls"], ["--tls belongs to --client"]],
    [[...SERVER, "--tls-ca=c"], ["--tls-ca belongs to --client"]],
    [[...SERVER, ...PAIR, ...PAIR], ["given more than once"]],
  ]);
});

Deno.test("wss:// is TLS without another option, and takes those that say how", () => {
  const none = { caFile: undefined, name: undefined, certFile: undefined, keyFile: undefined };
  const wss = ["--client", "--out=wss://example.com/tele"];
  assertEquals(clientTls(wss), none);
  assertEquals(clientTls([...wss, "--tls"]), none);
  assertEquals(clientTls([...wss, "--tls-ca=ca.pem", "--tls-name=b.example"]), {
    ...none,
    caFile: "ca.pem",
    name: "b.example",
  });
  assertEquals(clientTls(["--client", "--out=ws://example.com/tele"]), undefined);
});

Deno.test("what a WebSocket cannot do is refused", () => {
  const ws = ["--client", "--out=ws://example.com/tele"];
  areRefused([
    [[...ws, "--tls"], ["--tls needs TLS", "write wss://"]],
    [[...ws, "--tls-ca=c"], ["--tls-ca needs TLS", "write wss://"]],
    [[...ws, "--protocol=sql"], ["--protocol is told by ALPN", "--out=host:port"]],
    [["--client", "--out=wss://example.com/", "--protocol=sql"], ["--protocol is told by ALPN", "--out=host:port"]],
    [["--client", "--out=https://example.com/"], ["--out takes", "wss://example.com/"]],
    [["--client", "--in=:80", "--out=ws://localhost/"], ["would connect to itself"]],
    [["--server", "--in=:22", "--out=ws://example.com/"], ["is a URL"]],
  ]);
});
