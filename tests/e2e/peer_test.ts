/**
 * A client and a server in Python, written from `lib/PROTOCOL.md` alone, beside the real ones: they understand each
 * other, so the document says enough.
 */
import { assert, assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { TextLineStream } from "@std/streams";
import { type Scenario, scenario } from "../support/scenario.ts";
import { program, requires } from "../support/skip.ts";
import {
  connectTo,
  echo,
  exchange,
  readExactly,
  ResettableConnection,
  roundTrip,
  UserServer,
} from "../support/user_programs.ts";
import { until, within } from "../support/wait.ts";

/** One line of the peer: which step, and what it found. */
type Fact = { step: string } & Record<string, unknown>;

/** A running peer. */
class Peer implements AsyncDisposable {
  readonly facts: Fact[] = [];
  readonly ended: Promise<Deno.CommandStatus>;
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;

  constructor(...args: string[]) {
    const main = fileURLToPath(new URL("../support/peer.py", import.meta.url));
    this.#child = new Deno.Command(program("python3"), {
      args: ["-B", main, ...args],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    const read = this.#read();
    this.ended = this.#child.status.then(async (status) => (await read, status));
  }

  /** The last fact of a step; waits for it. */
  async fact(step: string, ms = 60_000): Promise<Fact> {
    const find = () => this.facts.findLast((fact) => fact.step === step);
    await until(() => find() !== undefined, ms, `the peer's "${step}" after ${JSON.stringify(this.facts)}`);
    return find()!;
  }

  /** A line on its standard input. */
  async tell(line: string): Promise<void> {
    await this.#writer.write(new TextEncoder().encode(`${line}\n`));
  }

  async #read(): Promise<void> {
    const lines = this.#child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream());
    for await (const line of lines) this.facts.push(JSON.parse(line));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await this.#writer.abort().catch(() => {});
    await this.ended;
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
