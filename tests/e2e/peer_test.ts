/**
 * A client and a server in Python, written from `lib/PROTOCOL.md` alone, beside the real ones: they understand each
 * other, so the document says enough.
 */
import { assert, assertEquals } from "@std/assert";
import { systemClock } from "../../lib/net/clock.ts";
import { dial } from "../../lib/net/dial.ts";
import { duplexPair } from "../../lib/net/pipe.ts";
import { listen } from "../../lib/net/listen.ts";
import type { Log } from "../../lib/net/log.ts";
import { MuxClient, MuxServer } from "../../lib/mux/link.ts";
import { makeCertificate } from "../../lib/tunnel/files/make_cert.ts";
import type { ServerTokens } from "../../lib/session/handshake/token_table.ts";
import { type Scenario, scenario } from "../support/scenario.ts";
import { requires } from "../support/skip.ts";
import { type Fact, PythonPeer } from "../support/python_peer.ts";
import { readExactly } from "../support/reading.ts";
import {
  banner,
  connectTo,
  echo,
  exchange,
  ResettableConnection,
  roundTrip,
  UserServer,
} from "../support/user_programs.ts";
import { until, within } from "../support/wait.ts";

/** A running peer. */
class Peer extends PythonPeer {
  constructor(...args: string[]) {
    super("peer.py", args);
  }

  /** Waits for a step, and returns its last fact. */
  async fact(step: string, ms = 60_000): Promise<Fact> {
    const find = () => this.facts.findLast((fact) => fact.step === step);
    await until(() => find() !== undefined, ms, `the peer's "${step}" after ${JSON.stringify(this.facts)}`);
    return find()!;
  }
}

Deno.test({
  name: "a Python client by the document: exactly once over carriers cut in mid frame, joins, refusals, identities",
  ...requires("python3"),
  fn: scenario(120_000, async (s) => {
    const user = s.use(new UserServer(echo));
    const server = await s.server(user.port);
    const peer = s.use(new Peer("client", String(server.port)));
    const { code } = await within(peer.ended, 90_000, "the end of the Python client");
    assertEquals(code, 0);
    const fact = (step: string) => peer.facts.find((fact) => fact.step === step)!;

    assert(fact("echo").round_trips as number >= 1, "its first probe was answered");
    const { bytes, same, carriers, again, mid } = fact("bulk");
    assertEquals({ bytes, same }, { bytes: 1_500_000, same: true });
    assert(carriers as number > 24, `${carriers} carriers`);
    assert(again as number > 0, "something was sent again");
    assert(mid as number > 0, "some data frame went on with another carrier");
    assertEquals(fact("leave").text, "before, during, behind");
    // Codes 6 stale, 4 proof, 2 protocol; status 1 unknown.
    assertEquals(fact("refusals"), { step: "refusals", stale: 6, forged: 4, wrong: 2, unknown: 1, kept: true });
    assertEquals(fact("takeover"), { step: "takeover", old_closed: true, came: 27, same: true });
    const { ended, forged } = fact("identities");
    assertEquals(
      [ended, forged],
      [["goodbye 7", "goodbye 7", "", ""], 4],
      "replaced, by the slot and by the last slot",
    );
    assert(/^goodbye 2: .*credit/.test(String(fact("greedy").error)), String(fact("greedy").error));
    assertEquals(fact("goodbye"), { step: "goodbye", after: 1 });
    await until(() => user.open === 0, 10_000, "the end of all upstream connections");
    assertEquals(server.status, undefined);
  }),
});

for (const how of ["drain", "drained"]) {
  Deno.test({
    name: `a Python client and a server that drain: ${how === "drain" ? "the client" : "the server"} says so first`,
    ...requires("python3"),
    fn: scenario(60_000, async (s) => {
      const user = s.use(new UserServer(echo));
      const server = await s.server(user.port);
      const peer = s.use(new Peer(how, String(server.port)));
      await peer.fact("ready");
      if (how === "drained") server.signal("SIGQUIT");
      assertEquals((await within(peer.ended, 40_000, "the end of the Python client")).code, 0);
      const { same, early, over, ended, peer_last, refused, carriers } = await peer.fact("drained");
      assertEquals({ same, early, peer_last }, { same: true, early: false, peer_last: 0 });
      assertEquals([over, ended], ["told", "goodbye 1: it was drained, and all of its streams are over"]);
      assert(carriers as number > 2, `${carriers} carriers`);
      await until(() => user.open === 0, 10_000, "the end of all upstream connections");
      if (how === "drain") return assertEquals(server.status, undefined);
      // By then it may be gone.
      assert(refused === 12 || typeof refused === "string", `${refused}`);
      assertEquals((await within(server.ended, 10_000, "the end of the server")).code, 0);
    }),
  });
}

Deno.test({
  name: "a Python server that drains keeps a client's streams, and its users wait for the next one",
  ...requires("python3"),
  fn: scenario(60_000, async (s) => {
    const former = await peerServer(s);
    const breaker = await s.breaker(former.port);
    const client = await s.client(breaker.port, 0, { args: ["--carriers=1"] });
    const long = await connectTo(client.port);
    s.defer(() => long.close());
    await roundTrip(long, "before");
    former.peer.tell("drain");
    await former.peer.fact("draining");
    // Whoever comes before the client has heard of it would still be served, and keep the session from its end.
    await client.logged(/what answers there says: ".*about to end"/, 10_000);
    const waiting = await connectTo(client.port);
    s.defer(() => waiting.close());
    // Its carriers are cut now and then, and come back to it.
    await roundTrip(long, "still here");
    await long.closeWrite();
    assertEquals((await former.peer.fact("ended")).why, "ended here 1: drained");
    const next = await peerServer(s);
    breaker.to = next.port;
    await roundTrip(waiting, "served by the next");
    assertEquals((await client.stop()).code, 0);
  }),
});

async function peerServer(s: Scenario): Promise<{ peer: Peer; port: number }> {
  const peer = s.use(new Peer("server"));
  const { port } = await peer.fact("ready");
  return { peer, port: port as number };
}

Deno.test({
  name: "a Python server by the document: exactly once over carriers that it cuts in mid frame, half-close, goodbye",
  ...requires("python3"),
  fn: scenario(120_000, async (s) => {
    const { peer, port } = await peerServer(s);
    const client = await s.client(port);
    const exchanges = Array.from({ length: 4 }, async (_, seed) => {
      using connection = await connectTo(client.port);
      return await exchange(connection, 400_000 + seed, seed);
    });
    for (const { sentSha256, receivedSha256 } of await within(Promise.all(exchanges), 90_000, "the echoes")) {
      assertEquals(receivedSha256, sentSha256);
    }
    assertEquals((await client.stop()).code, 0);
    const { why, again, mid, resumes } = await peer.fact("ended");
    assert(String(why).startsWith("goodbye 1: the tele client ended"), String(why));
    assert(resumes as number > 5, `${resumes} resumes`);
    assert(again as number > 0, "the server sent something again");
    assert(mid as number > 0, "some data frame went on with another carrier");
  }),
});

Deno.test({
  name: "a Python client reaches services by their names, and none by another's",
  ...requires("python3"),
  fn: scenario(60_000, async (s) => {
    const [db, web, other] = ["db: ", "web: ", "other: "].map((name) => s.use(new UserServer(banner(name))));
    const services = [`--service=db=127.0.0.1:${db!.port}`, `--service=web=127.0.0.1:${web!.port}`];
    const args = [...services, `--allow=127.0.0.1:${db!.port}`];
    const server = await s.server(other!.port, 0, { args });
    const peer = s.use(new Peer("services", String(server.port), `127.0.0.1:${db!.port}`, `127.0.0.2:${db!.port}`));
    assertEquals((await within(peer.ended, 30_000, "the end of the Python client")).code, 0);
    const facts = peer.facts.filter(({ step }) => step === "service").map((
      { name, came, reset },
    ) => [name, came, reset]);
    assertEquals(facts, [
      ["db", "db: hello\n", null],
      ["nobody", "", 1],
      [null, "other: hello\n", null],
      ["web", "web: hello\n", null],
      // The byte in front says that the connection is there.
      [`127.0.0.1:${db!.port}`, "\0db: hello\n", null],
      [`127.0.0.2:${db!.port}`, "", 4],
    ]);
    await server.logged(/stream refused.*has no service nobody for this client/, 5_000);
  }),
});

Deno.test({
  name: "a Python server is asked for services by their names, and refuses what it does not have",
  ...requires("python3"),
  fn: scenario(60_000, async (s) => {
    const { port } = await peerServer(s);
    const forwards = ["upper", "nobody"].map((name) => `--forward=127.0.0.1:0=${name}`);
    const client = await s.start("client", ["--in=127.0.0.1:0", `--out=127.0.0.1:${port}`, ...forwards]);
    const said: string[] = [];
    for (const { port } of client.listens) {
      using connection = await ResettableConnection.connect(port);
      connection.write("Hello");
      const answer = until(() => connection.received.length === 5, 20_000, "an answer");
      said.push(await Promise.race([answer.then(() => connection.received), connection.ending]));
    }
    assertEquals(said, ["Hello", "HELLO", "ECONNRESET"]);
    await client.logged(/stream refused.*no such service/, 5_000);
  }),
});

Deno.test({
  name: "a Python client tells where its users come from where it is asked, and is believed by its token's word",
  ...requires("python3"),
  fn: scenario(60_000, async (s) => {
    const user = s.use(new UserServer(banner("web: ")));
    const file = `${s.home}/tokens`;
    const secrets = { alice: "a-token-for-her-alone-1234", bob: "a-token-for-him-alone-12345" };
    await Deno.writeTextFile(file, `alice ${secrets.alice} addresses=trusted\nbob ${secrets.bob}\n`, { mode: 0o600 });
    const args = [`--service=web=127.0.0.1:${user.port}`, "--send-proxy", `--token-file=${file}`, "--encryption=never"];
    const server = await s.server(user.port, 0, { args });
    // Both addresses and both ports; what is no UTF-8 is written out by Python.
    const told = "\\xc0\0\x02\t\\xc0\0\x02\b\x03\\xe8\0\x16hello";
    for (const [name, secret] of Object.entries(secrets)) {
      const peer = s.use(new Peer("services", String(server.port), `--token=${secret}`, `--name=${name}`));
      assertEquals((await within(peer.ended, 30_000, "the end of the Python client")).code, 0);
      const came = String(peer.facts.find((fact) => fact.name === "web")?.came);
      assertEquals(
        [came.includes(told), came.startsWith("web: \r\n")],
        [name === "alice", true],
        JSON.stringify(came),
      );
    }
  }),
});

/** Whether what a new user of `port` sends comes back as it was, or otherwise, or the user is reset. */
async function echoOf(port: number): Promise<"same" | "other" | "reset"> {
  try {
    using user = await connectTo(port);
    const { sentSha256, receivedSha256 } = await within(exchange(user, 300_000, 5), 20_000, "an exchange");
    return receivedSha256 === sentSha256 ? "same" : "other";
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionReset) return "reset";
    throw error;
  }
}

Deno.test({
  name: "a Python client offers services to users of a tele server, and is asked for no other",
  ...requires("python3"),
  fn: scenario(60_000, async (s) => {
    const doors = ["plain", "upper", "nobody"].map((name) => `--reverse-listen=127.0.0.1:0=${name}`);
    const server = await s.start("server", ["--out=127.0.0.1:0", ...doors]);
    const [out, ...places] = server.listens.map(({ port }) => port);
    const peer = s.use(new Peer("offers", String(out), "2", "upper", "plain", "strange"));
    // Sorted, they are plain, strange and upper; the server listens for no strange one.
    assertEquals((await peer.fact("offering")).answers, [0, 2, 0]);
    await server.logged(/has the names plain, upper/, 5_000);
    const answers: string[] = [];
    for (const port of places) answers.push(await echoOf(port!));
    assertEquals(answers, ["same", "other", "reset"]);
    const { numbers, ended } = await peer.fact("offered");
    assertEquals([numbers, ended], [[2, 4], null]);
  }),
});

Deno.test({
  name: "a Python server opens streams for what a tele client offers, over carriers that it cuts, and for nothing else",
  ...requires("python3"),
  fn: scenario(60_000, async (s) => {
    const { peer, port } = await peerServer(s);
    const [db, web] = ["db: ", "web: "].map((name) => s.use(new UserServer(banner(name))));
    await s.start("client", [
      `--out=127.0.0.1:${port}`,
      `--reverse=db=127.0.0.1:${db!.port}`,
      `--reverse=web=127.0.0.1:${web!.port}`,
    ]);
    await until(() => peer.facts.filter(({ step }) => step === "asked").length === 2, 20_000, "both answers");
    const asked = peer.facts.filter(({ step }) => step === "asked").map(({ name, came, reset }) => [name, came, reset]);
    assertEquals(asked.sort(), [["db", "db: db", null], ["web", "web: web", null]]);
  }),
});

Deno.test({
  name: "a Python server that forgot its sessions: old connections are reset, new ones work",
  ...requires("python3"),
  fn: scenario(60_000, async (s) => {
    const { peer, port } = await peerServer(s);
    const client = await s.client(port);
    const lost = s.use(await ResettableConnection.connect(client.port));
    lost.write("half of it");
    await until(() => lost.received === "half of it", 20_000, "the echo");
    await peer.tell("forget");
    assertEquals(await within(lost.ending, 10_000, "the end of the old connection"), "ECONNRESET");
    await client.logged(/stream cut .*does not know the session/, 10_000);
    using again = await connectTo(client.port);
    await within(roundTrip(again, "a new session"), 20_000, "an echo");
    await again.closeWrite();
    await within(readExactly(again, 1).catch(() => {}), 10_000, "the end of the echo");
  }),
});

/** The peer has broken each rule once: what that ended is what the document says. */
function assertRules(facts: Fact[], least: number): void {
  const rules = facts.filter(({ step }) => step === "rule" || step === "commit");
  assert(rules.length >= least, `${rules.length} rules`);
  const broken = rules.filter(({ want, got }) => got !== want);
  assertEquals(broken, []);
}

Deno.test({
  name: "a Python client breaks each rule of the document once: what the document says ends, and nothing else",
  ...requires("python3"),
  fn: scenario(240_000, async (s) => {
    const user = s.use(new UserServer(echo));
    const server = await s.server(user.port);
    const peer = s.use(new Peer("rules", String(server.port)));
    assertEquals((await within(peer.ended, 220_000, "the end of the Python client")).code, 0);
    assertRules(peer.facts, 100);
    assertEquals(peer.facts.find(({ reset }) => reset !== undefined)?.reset, [1, "the tele server has no service 7"]);
  }),
});

Deno.test({
  name: "a Python server breaks each rule of the document once: what the document says ends, and nothing else",
  ...requires("python3"),
  fn: scenario(240_000, async (s) => {
    const peer = s.use(new Peer("client-rules"));
    const { port } = await peer.fact("ready");
    const client = await s.client(port as number);
    await peer.tell(String(client.port));
    assertEquals((await within(peer.ended, 220_000, "the end of the Python server")).code, 0);
    assertRules(peer.facts, 50);
  }),
});

Deno.test({
  name: "a Python client joins a session 100 times, and nothing is left of what is gone",
  ...requires("python3"),
  fn: scenario(120_000, async (s) => {
    const user = s.use(new UserServer(echo));
    const server = await s.server(user.port);
    const peer = s.use(new Peer("joins", String(server.port), "100"));
    assertEquals((await within(peer.ended, 110_000, "the end of the Python client")).code, 0);
    const { same, highest, unsettled } = await peer.fact("joins");
    assertEquals({ same, highest, unsettled }, { same: true, highest: 100, unsettled: 0 });
    assertEquals(user.accepted, 1);
  }),
});

Deno.test({
  name:
    "a Python client breaks, joins and leaves carriers: ten at a time with a tele server, four with a Python server",
  ...requires("python3"),
  fn: scenario(120_000, async (s) => {
    const user = s.use(new UserServer(echo));
    const server = await s.server(user.port);
    const peerServer = s.use(new Peer("server", "--carriers=4"));
    const { port } = await peerServer.fact("ready");
    const several = async (port: number) => {
      const peer = s.use(new Peer("several", String(port), "--rounds=2"));
      assertEquals((await within(peer.ended, 100_000, "the end of the Python client")).code, 0);
      assertEquals(peer.facts.map(({ same }) => same), Array(2).fill(Array(5).fill(true)));
      return Math.max(...peer.facts.map(({ most }) => most as number));
    };
    assertEquals(await Promise.all([several(server.port), several(port as number)]), [10, 4]);
  }),
});

const TOKEN = "a token that both have";
const bytesOf = (text: string) => new TextEncoder().encode(text);

/** A tele server of this process in front of the user's server on `userPort`. */
async function guardedServer(
  s: Scenario,
  userPort: number,
  log: Log,
  tokens: ServerTokens = { token: bytesOf(TOKEN) },
): Promise<{ port: number }> {
  const server = new MuxServer({
    ...tokens,
    log,
    dial: (signal) => dial({ kind: "tcp", host: "127.0.0.1", port: userPort }, signal),
  });
  s.defer(() => server.stop("the test ends"));
  const listening = await listen({ kind: "tcp", host: "127.0.0.1", port: 0 }, {
    use: "carrier",
    defaultHosts: [],
    clock: systemClock,
    log,
    onConnection: (carrier) => void server.accept(carrier),
  });
  s.defer(() => listening.close());
  return { port: Number(/\d+$/.exec(listening.addresses[0]!)![0]) };
}

Deno.test({
  name: "a Python client by the document with a token: taken with the same, refused with none and with another",
  ...requires("python3"),
  fn: scenario(120_000, async (s) => {
    const user = s.use(new UserServer(echo));
    const lines: string[] = [];
    const { port } = await guardedServer(s, user.port, (_, message) => lines.push(message));
    const peer = s.use(new Peer("client", String(port), `--token=${TOKEN}`));
    assertEquals((await within(peer.ended, 90_000, "the end of the Python client")).code, 0);
    const { same } = await peer.fact("bulk");
    const { stale, forged, wrong, unknown, kept } = await peer.fact("refusals");
    assertEquals([same, stale, forged, wrong, unknown, kept], [true, 6, 4, 2, 1, true]);

    for (const args of [[], [`--token=${TOKEN}?`]]) {
      const refused = s.use(new Peer("refused", String(port), ...args));
      const { code, ms } = await refused.fact("refused");
      assertEquals(code, 9);
      assert(ms as number >= 1_000, `refused after ${ms} ms`);
    }
    assertEquals(lines.filter((line) => line.includes("the tele client has no token")).length, 1);
    assertEquals(lines.filter((line) => line.includes("token is not this server's")).length, 1);
    assert(lines.every((line) => !line.includes(TOKEN)));
  }),
});

Deno.test({
  name: "a Python client by the document with a named token: taken under its name, and refused under every other",
  ...requires("python3"),
  fn: scenario(60_000, async (s) => {
    const user = s.use(new UserServer(echo));
    const lines: string[] = [];
    const tokens = [{ name: "alice", token: bytesOf(TOKEN) }, { name: "alicex", token: bytesOf(`${TOKEN}!`) }];
    const { port } = await guardedServer(s, user.port, (_, message) => lines.push(message), { tokens });
    const token = `--token=${TOKEN}`;
    const peer = s.use(new Peer("names", String(port), token, "--name=alice"));
    const { same } = await peer.fact("names");
    const joins = peer.facts.filter((fact) => fact.step === "join");
    assertEquals([same, joins.map(({ name, code }) => [name, code])], [true, [[null, 4], ["alicex", 4], [
      "alice",
      null,
    ]]]);
    for (const { ms, code } of joins) assertEquals((ms as number) >= 1_000, code !== null, `${ms} ms`);
    assertEquals(
      lines.filter((line) => /^session \w+ \(alice\) (began|resumed)/.test(line)).length,
      2,
      lines.join("\n"),
    );

    for (const args of [["--name=bob"], ["--name=alicex"], []]) {
      const { code, ms } = await s.use(new Peer("refused", String(port), token, ...args)).fact("refused");
      assertEquals(code, 9, args.join());
      assert(ms as number >= 1_000, `refused after ${ms} ms`);
    }
  }),
});

Deno.test({
  name: "a Python server by the document with a named token: taken under its name, refused under another and none",
  ...requires("python3"),
  fn: scenario(60_000, async (s) => {
    const peer = s.use(new Peer("server", `--token=${TOKEN}`, "--name=alice"));
    const { port } = await peer.fact("ready");
    for (const [tokenName, isTaken] of [["alice", true], ["bob", false], [undefined, false]] as const) {
      const lines: string[] = [];
      const client = new MuxClient({
        token: bytesOf(TOKEN),
        tokenName,
        log: (_, message) => lines.push(message),
        dial: (signal) => dial({ kind: "tcp", host: "127.0.0.1", port: port as number }, signal),
      });
      s.defer(() => client.stop("the test ends"));
      const words = isTaken ? "link up" : "the tokens differ";
      await until(() => lines.some((line) => line.includes(words)), 20_000, `"${words}" in ${lines}`);
      if (isTaken) {
        // Its carriers are cut again and again: the joins say the name as well.
        const [near, far] = duplexPair();
        client.open(far);
        const data = new Uint8Array(300_000).fill(7);
        const written = near.write(data);
        let came = 0;
        const into = new Uint8Array(65_536);
        while (came < data.length) came += (await within(near.read(into), 30_000, "the echo"))!;
        await written;
        assert(lines.some((line) => line.includes("resumed")), lines.join("\n"));
      }
      await client.stop("done");
    }
  }),
});

Deno.test({
  name: "a Python client by the document that seals: taken by a tele server with the token, which refuses it in plain",
  ...requires("python3"),
  fn: scenario(120_000, async (s) => {
    const user = s.use(new UserServer(echo));
    const server = await s.server(user.port, 0, { env: { TELE_TOKEN: TOKEN } });
    const sealing = [`--token=${TOKEN}`, "--seal"];
    const peer = s.use(new Peer("client", String(server.port), ...sealing));
    assertEquals((await within(peer.ended, 90_000, "the end of the Python client")).code, 0);
    const { same } = await peer.fact("bulk");
    const { stale, forged, wrong, unknown, kept } = await peer.fact("refusals");
    assertEquals([same, stale, forged, wrong, unknown, kept], [true, 6, 4, 2, 1, true]);
    for (const [args, code] of [[[`--token=${TOKEN}`], 11], [[`--token=${TOKEN}?`, "--seal"], 9]] as const) {
      const refused = s.use(new Peer("refused", String(server.port), ...args));
      assertEquals((await refused.fact("refused")).code, code);
    }
  }),
});

Deno.test({
  name: "a Python server by the document that seals: taken by a tele client with the token, and by none in plain",
  ...requires("python3"),
  fn: scenario(120_000, async (s) => {
    const { certificate, key } = await makeCertificate([{ kind: "dns", name: "anybody" }], Date.now());
    await Deno.writeTextFile(`${s.home}/pair.pem`, certificate + key);
    const peer = s.use(new Peer("server", `--token=${TOKEN}`, "--seal", `--certificate=${s.home}/pair.pem`));
    const { port } = await peer.fact("ready");
    const env = { TELE_TOKEN: TOKEN };
    const client = await s.client(port as number, 0, { env });
    using connection = await connectTo(client.port);
    const { sentSha256, receivedSha256 } = await within(exchange(connection, 300_000, 3), 60_000, "much through cuts");
    assertEquals(receivedSha256, sentSha256);
    const inPlain = await s.client(port as number, 0, { env, args: ["--encryption=never"] });
    await until(() => inPlain.log.some((line) => line.includes("no tele server yet")), 20_000, "its word");
  }),
});

Deno.test({
  name: "a Python server by the document with a token: taken with the same, refused with none and with another",
  ...requires("python3"),
  fn: scenario(60_000, async (s) => {
    const peer = s.use(new Peer("server", `--token=${TOKEN}`));
    const { port } = await peer.fact("ready");
    const connect = (token: string | undefined) => {
      const lines: string[] = [];
      const client = new MuxClient({
        token: token === undefined ? undefined : bytesOf(token),
        log: (_, message) => lines.push(message),
        dial: (signal) => dial({ kind: "tcp", host: "127.0.0.1", port: port as number }, signal),
      });
      s.defer(() => client.stop("the test ends"));
      return { client, lines };
    };
    const { client } = connect(TOKEN);
    const [near, far] = duplexPair();
    client.open(far);
    await near.write(bytesOf("hello"));
    const echoed = new Uint8Array(5);
    for (let at = 0; at < 5;) at += (await within(near.read(echoed.subarray(at)), 30_000, "the echo"))!;
    assertEquals(echoed, bytesOf("hello"));
    await client.stop("done");

    for (const [token, words] of [[undefined, "a token on one side only"], [`${TOKEN}?`, "the tokens differ"]]) {
      const { client, lines } = connect(token);
      await until(() => lines.some((line) => line.includes(words!)), 20_000, `"${words}" in ${lines}`);
      assertEquals(client.isAttached, false);
      await client.stop("done");
    }
  }),
});
