/** Carriers by WebSocket through real web servers, with the manual's configurations, and to a tele server at once. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { systemClock } from "../../lib/net/clock.ts";
import { DenoDuplex } from "../../lib/net/deno_duplex.ts";
import { dialTls } from "../../lib/net/tls_dial.ts";
import { parseWay } from "../../lib/net/way.ts";
import { openWebSocket } from "../../lib/net/websocket/websocket_client.ts";
import { acceptWeb } from "../../lib/net/websocket/websocket_server.ts";
import { collect } from "../support/reading.ts";
import { tlsFiles } from "../support/rfd80_peer.ts";
import { type Scenario, scenario, type Tunnel } from "../support/scenario.ts";
import { onUnix, program } from "../support/skip.ts";
import { startSshd } from "../support/sshd.ts";
import { connectTo, echo, freePort, roundTrip, UserServer } from "../support/user_programs.ts";
import { outageMs, pause, within } from "../support/wait.ts";
import { IDLE_MS, refusal, standsEverything, startWay, type WayUnderTest } from "../support/way_trials.ts";
import { blockFor, makeSite, type Site, startWebServer, WEB_SERVERS, type WebServer } from "../support/web_servers.ts";

/** Those that end what is silent. (With Caddy, which does not, the manual's recipe is tried.) */
const IMPATIENT = WEB_SERVERS.filter(({ name }) => name !== "Caddy");
const NGINX = WEB_SERVERS.find(({ name }) => name === "nginx")!;

/** After how many milliseconds of silence the web servers close. */
const SILENCE_MS = 5_000;

/** A web server in front of the tele server on `port`; the client's arguments by it. */
async function inFront(
  s: Scenario,
  server: WebServer,
  port: number,
  silenceMs = SILENCE_MS,
): Promise<{ site: Site; client: string[] }> {
  const { client: [ca] } = await tlsFiles(s);
  const site = await makeSite(s, { cert: `${s.home}/cert.pem`, key: `${s.home}/key.pem` }, silenceMs);
  const block = blockFor(server).text.replace(/:443\b/, `:${site.port}`).replace(/:40300\b/, `:${port}`);
  await startWebServer(s, server, block, site);
  return { site, client: [`--out=wss://localhost:${site.port}/tele`, ca!] };
}

/** A tele client whose carriers pass a breaker and then nginx, to a tele server for the user's server on `port`. */
async function tunnelByNginx(s: Scenario, port: number): Promise<Omit<Tunnel, "port">> {
  const server = await s.server(port);
  const { site, client: [, ca] } = await inFront(s, NGINX, server.port);
  const breaker = await s.breaker(site.port);
  const client = await s.start("client", ["--in=127.0.0.1:0", `--out=wss://localhost:${breaker.port}/tele`, ca!]);
  return { server, client, breaker };
}

/** That a web server ends what is silent for less than carriers have to idle, or their idleness would try nothing. */
async function endsWhatIsSilent(s: Scenario, server: WebServer): Promise<void> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  // HAProxy's checks come as well, and get their page.
  const behind = (async () => {
    for await (const connection of listener) void acceptWeb(new DenoDuplex(connection), systemClock).catch(() => {});
  })();
  const { site } = await inFront(s, server, listener.addr.port);
  const ca = await Deno.readTextFile(`${site.folder}/cert.pem`);
  const way = parseWay(`wss://localhost:${site.port}/tele`);
  const { duplex } = await dialTls(way, { protocols: ["http/1.1"], ca });
  const carrier = await openWebSocket(duplex, { url: "wss://localhost/", host: "localhost", target: "/tele" });
  const start = performance.now();
  const { end } = await within(collect(carrier), IDLE_MS, `the end of what is silent, by ${server.name}`);
  assertEquals([end, performance.now() - start > SILENCE_MS / 2], [
    "the WebSocket was cut: it ended without an end",
    true,
  ]);
  carrier.close();
  listener.close();
  await behind;
}

/** A way by a web server. */
function byWebServer(s: Scenario, server: WebServer): Promise<WayUnderTest> {
  return startWay(s, async (port) => (await inFront(s, server, port)).client);
}

Deno.test({
  name: "nginx, HAProxy and Apache with time-outs of 5 s, and none in front: carriers stand everything",
  ...onUnix(...IMPATIENT.map(({ program }) => program)),
  fn: scenario(120_000, async (s) => {
    const tls = await tlsFiles(s);
    const ways = await Promise.all([
      ...IMPATIENT.map((server) => byWebServer(s, server)),
      startWay(s, (port) => [`--out=wss://localhost:${port}/`, ...tls.client], { server: { args: tls.server } }),
    ]);
    await Promise.all([...IMPATIENT.map((server) => endsWhatIsSilent(s, server)), ...ways.map(standsEverything)]);
  }),
});

Deno.test({
  name: "what a web server says in place of a WebSocket is told at once, and a page is for whoever asks for one",
  ...onUnix("nginx", "curl"),
  fn: scenario(60_000, async (s) => {
    const server = await s.server(s.use(new UserServer(echo)).port);
    const { site, client: [out, ca] } = await inFront(s, NGINX, server.port);
    const told = await Promise.all([
      refusal(s, `--out=wss://localhost:${site.port}/other`, ca!),
      refusal(s, out!.replace("wss:", "ws:")),
      refusal(s, out!),
    ]);
    const expected = [
      "has nothing there (404): give the path that it passes on to the tele server",
      "takes this for no request (400): if it speaks TLS there, write wss:// in place of ws://",
      "issued by nobody whom this client trusts: pass it with --tls-ca=FILE",
    ];
    told.forEach((line, at) => assert(line.replace(/; trying again$/, "").endsWith(expected[at]!), line));
    const page = `https://localhost:${site.port}/tele`;
    const curl = new Deno.Command(program("curl"), { args: ["-s", "--cacert", `${s.home}/cert.pem`, page] });
    assertMatch(new TextDecoder().decode((await curl.output()).stdout), /^This is a tele server\. .*\n$/);
  }),
});

Deno.test({
  name: "a tele server that comes behind its web server is waited for, and a session outlives being ended for silence",
  ...onUnix("nginx"),
  fn: scenario(60_000, async (s) => {
    const port = freePort();
    // Less than the second for which a session in use may be silent.
    const { client } = await inFront(s, NGINX, port, 500);
    const tele = await s.start("client", ["--in=127.0.0.1:0", "--ping-interval=30s", "--log-level=debug", ...client]);
    const user = await connectTo(tele.port);
    const echoing = roundTrip(user, "sent before there was a server");
    await tele.logged(/no tele server yet: .*does not reach the tele server \(502\): start that/, 20_000);
    await s.server(s.use(new UserServer(echo)).port, port, { args: ["--ping-interval=30s"] });
    await within(echoing, 20_000, "the echo");
    user.close();
    await tele.logged(/link lost: the WebSocket was cut/, 15_000);
    using late = await connectTo(tele.port);
    await within(roundTrip(late, "behind the silence"), 20_000, "the echo behind the silence");
    assertEquals(tele.log.filter((line) => / error /.test(line)), []);
  }),
});

Deno.test({
  name: "ssh through nginx: an outage is nothing but time, and the client's end is told",
  ...onUnix("nginx", "ssh", "sshd", "ssh-keygen"),
  fn: scenario(120_000 + outageMs(6_000), async (s) => {
    const sshd = await startSshd(s);
    const tunnel = await tunnelByNginx(s, sshd.port);
    const command = "for turn in 1 2 3; do echo turn $turn; sleep 2; done; cat; exit 7";
    const ssh = new Deno.Command(program("ssh"), {
      args: [...sshd.options, "-p", String(tunnel.client.port), "127.0.0.1", command],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const writer = ssh.stdin.getWriter();
    await writer.write(new TextEncoder().encode("typed before the outage\n"));
    const ending = ssh.output();
    await tunnel.client.logged(/link up/, 20_000);
    await pause(1_000);
    tunnel.breaker.blackHole(true);
    // A machine that is busy finds it later.
    const found = tunnel.client.logged(/link lost: (silent|nothing acknowledged) for .*; trying to resume/, 50_000);
    await Promise.all([found, pause(outageMs(6_000))]);
    tunnel.breaker.reset();
    tunnel.breaker.blackHole(false);
    await writer.write(new TextEncoder().encode("typed behind it\n"));
    await writer.close();
    const { code, stdout } = await within(ending, 20_000, "the end of ssh");
    const lines = "turn 1\nturn 2\nturn 3\ntyped before the outage\ntyped behind it\n";
    assertEquals([code, new TextDecoder().decode(stdout)], [7, lines]);
    await tunnel.client.stop();
    await tunnel.server.logged(/ended: the tele client ended \(SIGTERM\)/, 10_000);
  }),
});
