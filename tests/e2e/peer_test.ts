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
import { type Scenario, scenario } from "../support/scenario.ts";
import { requires } from "../support/skip.ts";
import { type Fact, PythonPeer } from "../support/python_peer.ts";
import { readExactly } from "../support/reading.ts";
import { connectTo, echo, exchange, ResettableConnection, roundTrip, UserServer } from "../support/user_programs.ts";
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
  name: "a Python client by the document: exactly once over carriers cut in mid frame, resume, takeover, refusals",
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
    assert(carriers as number > 8, `${carriers} carriers`);
    assert(again as number > 0, "something was sent again");
    assert(mid as number > 0, "some record went on with another carrier");
    // Codes 6 stale, 4 proof, 2 protocol; status 1 unknown.
    assertEquals(fact("refusals"), { step: "refusals", stale: 6, forged: 4, wrong: 2, unknown: 1, kept: true });
    assertEquals(fact("takeover"), { step: "takeover", old_closed: true, came: 27 });
    assertEquals(fact("impossible"), { step: "impossible", code: 2, after: 1 });
    assert(/^goodbye 2: .*credit/.test(String(fact("greedy").error)), String(fact("greedy").error));
    assertEquals(fact("goodbye"), { step: "goodbye", after: 1 });
    await until(() => user.open === 0, 10_000, "the end of all upstream connections");
    assertEquals(server.status, undefined);
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
    const { why, again, resumes } = await peer.fact("ended");
    assert(String(why).startsWith("goodbye 1: the tele client ended"), String(why));
    assert(resumes as number > 5, `${resumes} resumes`);
    assert(again as number > 0, "the server sent something again");
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

const TOKEN = "a token that both have";
const bytesOf = (text: string) => new TextEncoder().encode(text);

/** A tele server of this process in front of the user's server on `userPort`. */
async function guardedServer(s: Scenario, userPort: number, log: Log): Promise<{ port: number }> {
  const server = new MuxServer({
    token: bytesOf(TOKEN),
    log,
    dial: (signal) => dial({ kind: "tcp", host: "127.0.0.1", port: userPort }, "user", signal),
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
        dial: (signal) => dial({ kind: "tcp", host: "127.0.0.1", port: port as number }, "carrier", signal),
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
