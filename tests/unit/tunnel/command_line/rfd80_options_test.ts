import { assertEquals } from "@std/assert";
import { areRefused, CLIENT, clientOptions, PAIR, SERVER, serverOptions } from "../../../support/command_lines.ts";

const LOCAL = (port: number) => ({ kind: "tcp", host: undefined, port } as const);

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
    [[...CLIENT, "--protocol=tele/2"], ["tele's own sessions"]],
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
