/** Services on the command line: a name and an address, in the order in which bytes go. */
import { assertEquals } from "@std/assert";
import { areRefused, CLIENT, clientOptions, PAIR, SERVER, serverOptions } from "../../../support/command_lines.ts";

const LOCAL = (port: number) => ({ kind: "tcp", host: undefined, port } as const);

Deno.test("a service is a name and the address behind the first =, a forward an address and the name behind the last", () => {
  const server = serverOptions(["--server", "--service=db=:5432", "--service", "web-1.a_b=unix:/run/a=b"]);
  assertEquals(server.services, [
    { name: "db", in: LOCAL(5432) },
    { name: "web-1.a_b", in: { kind: "unix", path: "/run/a=b" } },
  ]);
  const client = clientOptions([...CLIENT, "--forward=127.0.0.1:5432=db", "--forward=unix:/run/a=b=web"]);
  assertEquals(client.forwards, [
    { in: { kind: "tcp", host: "127.0.0.1", port: 5432 }, service: "db" },
    { in: { kind: "unix", path: "/run/a=b" }, service: "web" },
  ]);
});

Deno.test("a name or an address that is wrong or missing is refused, with what belongs there", () => {
  const name = "is not the name of a service: that is 1 to 64 letters a-z, digits, and . _ -";
  areRefused([
    [[...SERVER, "--service=db"], ["--service takes the name of a service, =, and an address", "an address is host"]],
    [[...SERVER, "--service=:5432"], ['":5432" ' + name]],
    [[...SERVER, "--service==:5432"], ['"" ' + name]],
    [[...SERVER, "--service=Db=:5432"], ['"Db" ' + name]],
    [[...SERVER, `--service=${"x".repeat(65)}=:5432`], [name]],
    [[...SERVER, "--service=db=:0"], ["port 0"]],
    [[...SERVER, "--service="], ["here it has no value"]],
    [[...CLIENT, "--forward=:5432"], ["--forward takes an address to listen on, =, and the name", '"" ' + name]],
    [[...CLIENT, "--forward=:5432=Db"], ['"Db" ' + name]],
    [[...CLIENT, "--forward=db"], ['"db" has no port']],
    [[...CLIENT, "--forward==db"], ["an address is host"]],
    [[...CLIENT, "--service=db=:5432"], ["--service belongs to --server"]],
    [[...SERVER, "--forward=:5432=db"], ["--forward belongs to --client"]],
  ]);
});

Deno.test("a name and an address in the wrong order are told so, with the right one", () => {
  const swapped = "here the two are swapped: write ";
  areRefused([
    [[...SERVER, "--service=:5432=db"], [
      "--service takes the name of a service, =, and an address",
      swapped + "db=:5432",
    ]],
    [[...SERVER, "--service=127.0.0.1:5432=Db"], [swapped + "Db=127.0.0.1:5432"]],
    [[...CLIENT, "--reverse=unix:/run/redis.sock=cache"], [swapped + "cache=unix:/run/redis.sock"]],
    [[...CLIENT, "--forward=db=:5432"], ["--forward takes an address to listen on", swapped + ":5432=db"]],
    [[...SERVER, "--reverse-listen=cache=:16379"], [swapped + ":16379=cache"]],
    [[...SERVER, "--route=:3306=mysql", ...PAIR], [swapped + "mysql=:3306"]],
  ]);
});

Deno.test("destinations are allowed by patterns, one by one, and asked for by SOCKS", () => {
  const { allows } = serverOptions(["--server", "--allow=*.example.com:443", "--allow", "[2001:db8::/32]:8000-8999"]);
  assertEquals(allows.map(({ text, first, last }) => [text, first, last]), [
    ["*.example.com:443", 443, 443],
    ["[2001:db8::/32]:8000-8999", 8000, 8999],
  ]);
  assertEquals(clientOptions([...CLIENT, "--socks=:1080"]).socks, LOCAL(1080));
  areRefused([
    [["--server", "--allow=example.com"], ["--allow takes HOST:PORT, where HOST is a name", "has no port"]],
    [[...CLIENT, "--socks=1080"], ["--socks takes host:port", "only a number"]],
    [[...SERVER, "--socks=:1080"], ["--socks belongs to --client"]],
    [[...CLIENT, "--allow=*:*"], ["--allow belongs to --server"]],
  ]);
});

Deno.test("what a client offers is a name and an address, where a server listens for it the other way round", () => {
  assertEquals(clientOptions([...CLIENT, "--reverse=db=:5432", "--reverse=a=unix:/run/a=b"]).reverses, [
    { name: "db", in: LOCAL(5432) },
    { name: "a", in: { kind: "unix", path: "/run/a=b" } },
  ]);
  assertEquals(serverOptions([...SERVER, "--reverse-listen=:5432=db"]).reverseListens, [
    { in: LOCAL(5432), service: "db" },
  ]);
  areRefused([
    [[...CLIENT, "--reverse=db"], ["--reverse takes the name of a service, =, and an address"]],
    [[...SERVER, "--reverse-listen=:5432"], ["--reverse-listen takes an address to listen on, =, and the name"]],
    [[...SERVER, "--reverse=db=:5432"], ["--reverse belongs to --client"]],
    [[...CLIENT, "--reverse-listen=:5432=db"], ["--reverse-listen belongs to --server"]],
  ]);
});
