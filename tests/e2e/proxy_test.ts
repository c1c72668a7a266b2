/** Carriers by real proxies: Squid and microsocks, with and without user names. */
import { parseProxy } from "../../lib/net/proxy/proxy.ts";
import { byProxy, parseWay } from "../../lib/net/way.ts";
import { TestCa } from "../support/certificates.ts";
import { assert, assertEquals, assertFalse, assertMatch, assertStringIncludes } from "@std/assert";
import { SQUID_PROGRAMS, startMicrosocks, startSquid } from "../support/proxies.ts";
import { PROTOCOL, tlsFiles } from "../support/rfd80_peer.ts";
import { scenario } from "../support/scenario.ts";
import { onUnix } from "../support/skip.ts";
import { connectTo, echo, freePort, roundTrip, UserServer, writeAll } from "../support/user_programs.ts";
import { within } from "../support/wait.ts";
import { endsWhatIsSilent, refusal, standsEverything, startWay } from "../support/way_trials.ts";

Deno.test({
  name: "Squid with a time-out of 3 s, and microsocks, with and without user names: carriers stand everything",
  ...onUnix(...SQUID_PROGRAMS, "chown", "microsocks"),
  fn: scenario(120_000, async (s) => {
    const [squid, open, guarded] = await Promise.all([
      startSquid(s),
      startMicrosocks(s),
      startMicrosocks(s, { user: "alice", password: "p@ss/word" }),
    ]);
    const file = `${s.home}/proxy`;
    await Deno.writeTextFile(file, `http://alice:p%40ss%2Fword@127.0.0.1:${squid.port}\n`);
    const ways = await Promise.all([
      startWay(s, (port) => [`--out=localhost:${port}`, `--proxy-file=${file}`]),
      startWay(s, (port) => [`--out=localhost:${port}`, `--proxy=socks5://127.0.0.1:${open.port}`]),
      // The environment's proxy leads to no loopback address; this one has not the form of one.
      startWay(s, (port) => [`--out=0.0.0.0:${port}`], {
        client: { env: { NO_PROXY: "", ALL_PROXY: `socks5h://alice:p%40ss%2Fword@127.0.0.1:${guarded.port}` } },
      }),
    ]);
    const bySquid = (port: number) =>
      byProxy(parseWay(`127.0.0.1:${port}`), parseProxy(`http://127.0.0.1:${squid.openPort}`));
    await Promise.all([endsWhatIsSilent(bySquid), ...ways.map(standsEverything)]);
    const web = await s.start("client", [
      "--in=127.0.0.1:0",
      `--out=ws://localhost:${ways[0]!.breaker.port}/any/path`,
      `--proxy=http://127.0.0.1:${squid.openPort}`,
    ]);
    using user = await connectTo(web.port);
    await writeAll(user, new TextEncoder().encode("e"));
    await within(roundTrip(user, "by a WebSocket, and that by Squid"), 20_000, "an echo");
    const logs = ways.map(({ client }) => client.log.join("\n"));
    assertStringIncludes(logs[0]!, `reached by the proxy http://127.0.0.1:${squid.port} (--proxy-file)`);
    assertMatch(logs[2]!, /info .*reached by the proxy socks5:\/\/127\.0\.0\.1:\d+ \(ALL_PROXY of the environment;/);
    assertFalse(/p%40ss|p@ss|YWxpY2U6/.test(logs.join()), "no password in a log");
    // Squid writes one line for each carrier that is over. All names were resolved by the proxies.
    const ports = ways.map(({ breaker }) => breaker.port);
    const lines = squid.log().split("\n").filter((line) => line.includes(`CONNECT localhost:${ports[0]} alice`));
    assert(lines.length >= 4, `${lines.length} carriers by Squid`);
    assertStringIncludes(open.log(), `connected to localhost:${ports[1]}`);
    assertStringIncludes(guarded.log(), `connected to 0.0.0.0:${ports[2]}`);
  }),
});

Deno.test({
  name: "what proxies refuse is told at once, in a sentence that says what to change and shows no password",
  ...onUnix(...SQUID_PROGRAMS, "chown", "microsocks"),
  fn: scenario(60_000, async (s) => {
    const squid = await startSquid(s);
    const socks = await startMicrosocks(s, { user: "alice", password: "p@ss/word" });
    const out = `--out=127.0.0.1:${freePort()}`;
    const [http, socks5] = [`127.0.0.1:${squid.port}`, `127.0.0.1:${socks.port}`];
    const told = await Promise.all([
      refusal(s, out, `--proxy=http://${http}`),
      refusal(s, out, `--proxy=http://alice:hush-hush@${http}`),
      refusal(s, `--out=127.0.0.9:40300`, `--proxy=http://alice:p%40ss%2Fword@${http}`),
      refusal(s, out, `--proxy=socks5://${socks5}`),
      refusal(s, out, `--proxy=socks5://alice:hush-hush@${socks5}`),
    ]);
    const expected = [
      "wants a user name and a password (407)",
      "does not accept that user name and password (407)",
      "forbids connections to there (403)",
      "wants a user name and a password: put them into its URL, as in socks5://",
      "does not accept that user name and password: correct them in its URL",
    ];
    told.forEach((line, at) => assertStringIncludes(line, expected[at]!));
    // Squid waits for more than the few bytes of a greeting of SOCKS.
    const silent = await s.start("client", ["--in=127.0.0.1:0", out, `--proxy=socks5://${http}`]);
    await silent.logged(
      /takes connections but does not answer: either .* \(check --out\), or it is no such proxy/,
      20_000,
    );
    assertFalse(told.some((line) => /hush|p@ss|p%40ss/.test(line)), told.join("\n"));
  }),
});

Deno.test({
  name: "a server behind a proxy that comes late, or whose name the proxy does not know, is waited for",
  ...onUnix(...SQUID_PROGRAMS, "chown", "microsocks"),
  fn: scenario(60_000, async (s) => {
    const [squid, socks] = [await startSquid(s), await startMicrosocks(s)];
    const port = freePort();
    const login = "alice:p%40ss%2Fword@";
    const client = (out: string, proxy: string) => s.start("client", ["--in=127.0.0.1:0", `--out=${out}`, proxy]);
    const clients = await Promise.all([
      client(`127.0.0.1:${port}`, `--proxy=http://${login}127.0.0.1:${squid.port}`),
      client(`127.0.0.1:${port}`, `--proxy=socks5://127.0.0.1:${socks.port}`),
    ]);
    const unknown = await Promise.all([
      client("no-such-host.invalid:1", `--proxy=http://${login}127.0.0.1:${squid.port}`),
      client("no-such-host.invalid:1", `--proxy=socks5://127.0.0.1:${socks.port}`),
    ]);
    using early = await connectTo(clients[0]!.port);
    const echoing = roundTrip(early, "sent before there was a server");
    for (const each of clients) {
      await each.logged(/no tele server yet: .*cannot lead to there.*connection refused/, 20_000);
    }
    for (const each of unknown) {
      await each.logged(/no tele server yet: .*cannot lead to there.*check the host in --out/, 20_000);
    }
    await s.server(s.use(new UserServer(echo)).port, port);
    await within(echoing, 20_000, "the echo");
    assertEquals(clients[0]!.log.filter((line) => / error /.test(line)), []);
  }),
});

Deno.test({
  name: "TLS, RFD 80 mode and wss:// by a proxy verify the tele server, and not the proxy",
  ...onUnix(...SQUID_PROGRAMS, "chown"),
  fn: scenario(60_000, async (s) => {
    const squid = await startSquid(s);
    const tls = await tlsFiles(s);
    const user = s.use(new UserServer(echo));
    const args = [...tls.server, `--route=${PROTOCOL}=127.0.0.1:${user.port}`];
    const server = await s.server(user.port, 0, { args });
    const proxied = ["--in=127.0.0.1:0", ...tls.client, `--proxy=http://127.0.0.1:${squid.openPort}`];
    const clients = await Promise.all([
      s.start("client", [...proxied, `--out=localhost:${server.port}`]),
      s.start("client", [...proxied, `--out=localhost:${server.port}`, `--protocol=${PROTOCOL}`]),
      s.start("client", [...proxied, `--out=wss://localhost:${server.port}/any/path`]),
    ]);
    for (const { port } of clients) {
      using connection = await connectTo(port);
      await within(roundTrip(connection, "by TLS, and that by Squid"), 20_000, "an echo");
    }
    const wrong = await s.start("client", [...proxied, `--out=localhost:${server.port}`, "--tls-name=other.test"]);
    await wrong.logged(/localhost:\d+ by http:\/\/127\.0\.0\.1:\d+: .*certificate is for localhost/, 20_000);
  }),
});

Deno.test({
  name: "a proxy that speaks TLS is verified as this machine verifies others, by its own name",
  ...onUnix(...SQUID_PROGRAMS, "chown"),
  fn: scenario(60_000, async (s) => {
    const ca = await TestCa.make("an authority of this machine");
    const caFile = `${s.home}/authorities.pem`;
    await Deno.writeTextFile(caFile, ca.cert);
    const squid = await startSquid(s, "p@ss/word", await ca.issue({ names: "DNS:localhost" }));
    const server = await s.server(s.use(new UserServer(echo)).port);
    const args = (host: string) => [
      "--in=127.0.0.1:0",
      `--out=127.0.0.1:${server.port}`,
      `--proxy=https://${host}:${squid.openPort}`,
    ];
    // Where the runtime looks for what this machine trusts.
    const env = { SSL_CERT_FILE: caFile };
    const [trusting, misnamed, strange] = await Promise.all([
      s.start("client", args("localhost"), { env }),
      s.start("client", args("127.0.0.1"), { env }),
      s.start("client", args("localhost")),
    ]);
    using user = await connectTo(trusting.port);
    await within(roundTrip(user, "by a proxy that speaks TLS"), 20_000, "an echo");
    for (const client of [misnamed, strange]) {
      await client.logged(/the proxy https:\/\/\S+ has a certificate that this machine does not trust/, 20_000);
    }
  }),
});
