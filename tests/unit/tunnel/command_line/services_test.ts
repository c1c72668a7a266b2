/** What services and the places for them make together. */
import { assertEquals } from "@std/assert";
import { entrancesOf, reverseEntrancesOf, servesSessions } from "../../../../lib/tunnel/command_line/services.ts";
import { formatAddress } from "../../../../lib/net/address.ts";
import { areRefused, CLIENT, clientOptions, PAIR, SERVER, serverOptions } from "../../../support/command_lines.ts";

/** The places of a client, as words. */
function places(...args: string[]): string[] {
  return entrancesOf(clientOptions([...CLIENT, ...args])).map(({ flag, in: address, service }) =>
    `${flag} ${address === undefined ? "free" : formatAddress(address)} ${service}`
  );
}

Deno.test("a server has sessions where it has a user's server for them, with a name or without", () => {
  const route = ["--route=mysql=:3306", ...PAIR];
  const cases: [args: string[], serves: boolean][] = [
    [SERVER, true],
    [["--server", "--service=db=:5432"], true],
    [["--server", ...route], false],
    [["--server", ...route, "--service=db=:5432"], true],
    [[...SERVER, "--protocol=mysql", ...PAIR], false],
    [[...SERVER, "--protocol=mysql", "--service=db=:5432", ...PAIR], true],
    [["--server", "--allow=*:443"], true],
    [["--server", "--reverse-listen=:5432=db"], true],
  ];
  for (const [args, serves] of cases) assertEquals(servesSessions(serverOptions(args)), serves, args.join(" "));
});

Deno.test("a client listens where --in and each --forward say; with a --forward alone nowhere else", () => {
  assertEquals(places(), ["--in free undefined"]);
  assertEquals(places("--in=:2222"), ["--in :2222 undefined"]);
  assertEquals(places("--forward=:5432=db", "--forward=:5433=db"), ["--forward :5432 db", "--forward :5433 db"]);
  assertEquals(places("--forward=:0=db", "--in=:0", "--forward=:0=web"), [
    "--in :0 undefined",
    "--forward :0 db",
    "--forward :0 web",
  ]);
  assertEquals(places("--socks=:1080"), ["--socks :1080 undefined"]);
  assertEquals(places("--socks=:1080", "--in=:1", "--forward=:2=db"), [
    "--in :1 undefined",
    "--forward :2 db",
    "--socks :1080 undefined",
  ]);
  assertEquals(places("--stdio"), []);
  assertEquals(places("--reverse=db=:5432"), []);
  assertEquals(places("--reverse=db=:5432", "--in=:0"), ["--in :0 undefined"]);
});

Deno.test("what makes no sense together is refused, and says what to change", () => {
  areRefused([
    [[...SERVER, "--service=db=:1", "--service=db=:2"], ["--service=db is given twice", "give each its own"]],
    [["--server", "--service=db=:40300", "--out=:40300"], ["this tele server would connect to itself"]],
    [[...CLIENT, "--forward=:1=a", "--forward=127.0.0.1:1=b"], ["--forward and --forward both listen on 127.0.0.1:1"]],
    [[...CLIENT, "--in=0.0.0.0:1", "--forward=127.0.0.1:1=b"], ["--in and --forward both listen on 127.0.0.1:1"]],
    [[...CLIENT, "--forward=unix:/a=a", "--forward=unix:/a=b"], ["both listen on unix:/a"]],
    [[...CLIENT, "--stdio", "--forward=:1=a"], ["--forward is for connections that come"]],
    [[...CLIENT, "--protocol=mysql", "--forward=:1=a"], ["--forward belongs to session mode"]],
    [["--client", "--out=:5", "--forward=:5=a"], [
      "would connect to itself: --forward is where user's clients connect",
    ]],
    [["--server"], ["--server needs --in=ADDR"]],
    [["--server", "--allow=a:1", "--allow=a:1"], ["--allow=a:1 is given twice"]],
    [[...CLIENT, "--stdio", "--socks=:1080"], ["--socks is for connections that come"]],
    [[...CLIENT, "--protocol=mysql", "--socks=:1080"], ["--socks belongs to session mode"]],
    [[...CLIENT, "--in=:1080", "--socks=:1080"], ["--in and --socks both listen on :1080"]],
    [[...CLIENT, "--reverse=db=:1", "--reverse=db=:2"], ["--reverse=db is given twice", "give each its own"]],
    [[...CLIENT, ...Array.from({ length: 17 }, (_, at) => `--reverse=s${at}=:1`)], ["16 services at the most"]],
    [[...CLIENT, "--stdio", "--reverse=db=:1"], ["--reverse is for connections that come"]],
    [[...CLIENT, "--protocol=mysql", "--reverse=db=:1"], ["--reverse belongs to session mode"]],
    [[...CLIENT, "--in=:1", "--reverse=db=:1"], ["would connect to itself", "--in is", "--reverse=db is a user's"]],
    [["--server", "--reverse-listen=:1=a", "--reverse-listen=:1=b"], [
      "--reverse-listen and --reverse-listen both listen on :1",
    ]],
    [["--server", "--out=:1", "--reverse-listen=127.0.0.1:1=a"], [
      "--out and --reverse-listen=127.0.0.1:1=a both listen",
    ]],
    [[...SERVER, "--reverse-listen=:22=a"], ["would connect to itself: --reverse-listen=:22=a is where it listens"]],
    [["--server", "--allow=a:1", "--send-proxy"], ["--send-proxy tells user's servers who comes, and there is none"]],
    [["--server", "--reverse-listen=:1=a", "--send-proxy"], ["give --in=ADDR, or leave it out"]],
    [[...CLIENT, "--send-proxy"], ["--send-proxy belongs to --server"]],
    [["--client", "--out=:5", "--socks=:5"], ["would connect to itself: --socks is where user's clients connect"]],
  ]);
});

Deno.test("a server listens for services of clients where each --reverse-listen says", () => {
  const options = serverOptions(["--server", "--reverse-listen=:5432=db", "--reverse-listen=unix:/run/a=b=db"]);
  assertEquals(
    reverseEntrancesOf(options).map((
      { flag, in: address, service },
    ) => [flag, address && formatAddress(address), service]),
    [["--reverse-listen", ":5432", "db"], ["--reverse-listen", "unix:/run/a=b", "db"]],
  );
});
