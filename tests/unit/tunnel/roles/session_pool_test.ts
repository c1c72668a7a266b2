import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { MuxServer } from "../../../../lib/mux/link.ts";
import type { StreamEnd } from "../../../../lib/mux/stream_host.ts";
import type { Duplex } from "../../../../lib/net/duplex.ts";
import { duplexPair } from "../../../../lib/net/pipe.ts";
import { StreamLog } from "../../../../lib/tunnel/log/stream_log.ts";
import { SessionPool } from "../../../../lib/tunnel/roles/session_pool.ts";
import { clientOptions } from "../../../support/command_lines.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { MemoryNetwork } from "../../../support/memory_network.ts";

/** A client's sessions with a server, over a network in memory, with a clock that the test moves. */
class PoolWorld {
  readonly clock = new FakeClock();
  readonly lines: string[] = [];
  readonly ends: StreamEnd[] = [];
  readonly network: MemoryNetwork;
  readonly server: MuxServer;
  pool!: SessionPool;
  readonly #upstream: Duplex[] = [];

  private constructor() {
    const { clock } = this;
    this.server = new MuxServer({
      clock,
      dial: () => {
        const [near, far] = duplexPair();
        this.#upstream.push(near);
        return Promise.resolve(far);
      },
    });
    this.network = new MemoryNetwork({ clock, onConnection: (carrier) => void this.server.accept(carrier) });
  }

  static async start(...flags: string[]): Promise<PoolWorld> {
    const world = new PoolWorld();
    const { clock, network } = world;
    const log = (level: string, message: string) => void world.lines.push(`${level}: ${message}`);
    const begin = await SessionPool.prepare(clientOptions(["--client", "--out=a.example:1", ...flags]), {
      clock,
      log,
      streamLog: new StreamLog(clock, log),
      onStreamEnd: (_stream, end) => void world.ends.push(end),
      dialer: {
        dialCarrier: network.dial,
        dialProtocol: () => Promise.reject(new Error("not here")),
        stop: () => Promise.resolve(),
      },
    });
    assertEquals(network.dials, 0, "nothing is dialed before it begins");
    world.pool = begin();
    return world;
  }

  /** A user's connection that the pool takes; returns the user's end. */
  take(): Duplex {
    const [user, far] = duplexPair();
    this.pool.take(far);
    return user;
  }

  async attached(count: number): Promise<void> {
    await this.clock.advanceUntil(() => this.pool.status.attached === count, 60_000, `${count} carriers`);
  }

  async end(): Promise<void> {
    let isOver = false;
    Promise.all([this.pool.stop("the test ends"), this.server.stop("the test ends")]).then(() => isOver = true);
    await this.clock.advanceUntil(() => isOver, 31_000, "the end");
    // The log counts lines for a while.
    await this.clock.advance(20_000);
    assertEquals([this.server.sessionCount, this.clock.pendingTimers], [0, 0]);
  }
}

/** Until it is disposed of, this machine's addresses are not asked for anew. */
function sameAddresses(): Disposable {
  const { networkInterfaces } = Deno;
  const addresses = networkInterfaces();
  Deno.networkInterfaces = () => addresses;
  return { [Symbol.dispose]: () => void (Deno.networkInterfaces = networkInterfaces) };
}

Deno.test("users are spread over the sessions of a pool", async () => {
  const world = await PoolWorld.start("--pool=3");
  await world.attached(3);
  const before = world.network.pipes.map((pipe) => pipe.aToB.deliveredBytes);
  const users = [1, 2, 3].map(() => world.take());
  for (const user of users) await user.write(new Uint8Array(5_000));
  await world.clock.advance(1_000);
  const sent = world.network.pipes.map((pipe, at) => pipe.aToB.deliveredBytes - before[at]!);
  assert(sent.length === 3 && sent.every((bytes) => bytes > 5_000 && bytes < 10_000), `${sent} bytes over each`);
  assertEquals([world.pool.status.streams, world.server.sessionCount], [3, 3]);
  await world.end();
});

Deno.test("a user is given to a session that has a carrier, though another has fewer streams", async () => {
  const world = await PoolWorld.start("--pool=2");
  await world.attached(2);
  const lost = world.network.pipes[0]!;
  world.network.state = "unreachable";
  lost.cut();
  await world.clock.advanceUntil(() => world.pool.status.attached === 1, 1_000, "the loss");
  const before = world.network.pipes[1]!.aToB.deliveredBytes;
  for (const user of [world.take(), world.take(), world.take()]) await user.write(new Uint8Array(1_000));
  await world.clock.advance(1_000);
  assert(world.network.pipes[1]!.aToB.deliveredBytes - before > 3_000, "all three over the one that is up");
  world.network.state = "up";
  await world.end();
});

Deno.test("no more users are carried than --max allows, over all sessions, and the next is told why", async () => {
  const world = await PoolWorld.start("--pool=2", "--max=2");
  const users = [world.take(), world.take(), world.take()];
  const refused = await users[2]!.read(new Uint8Array(1)).catch(() => "cut");
  assertEquals([refused, world.pool.status.streams], ["cut", 2]);
  const line = "warn: stream refused (in memory): there are 2 connections already; --max allows more";
  assertEquals(world.lines.filter((said) => said.includes("--max")), [line]);
  await world.end();
});

Deno.test("the status sums up all sessions, and tells an outage from a server that was never there", async () => {
  const world = await PoolWorld.start("--pool=2");
  assertEquals([world.pool.status.attached, world.pool.status.wasUp], [0, false]);
  await world.attached(2);
  const up = { sessions: 2, attached: 2, outageMs: 0, wasUp: true, streams: 0 };
  assertEquals({ ...world.pool.status, ...up }, world.pool.status);
  const user = world.take();
  await user.write(new Uint8Array(3_000));
  await world.clock.advance(1_000);
  assert(world.pool.status.sentBytes >= 3_000, `${world.pool.status.sentBytes} bytes`);
  world.network.state = "unreachable";
  world.network.cut();
  await world.clock.advance(5_000);
  const { attached, wasUp, outageMs, streams } = world.pool.status;
  assertEquals([attached, wasUp, streams], [0, true, 1]);
  assert(outageMs >= 4_000 && outageMs <= 5_000, `${outageMs} ms`);
  world.network.state = "up";
  await world.attached(2);
  await world.end();
});

Deno.test("SIGUSR1 asks for a sign of life, or, in an outage, tries at once", async () => {
  const world = await PoolWorld.start();
  const log = (level: string, message: string) => void world.lines.push(`${level}: ${message}`);
  await world.attached(1);
  world.pool.tryNow(log);
  assertEquals(world.lines.slice(-2), [
    "info: SIGUSR1: asking the tele server for a sign of life",
    "debug: the link is in doubt; trying another connection beside it",
  ]);
  world.network.state = "refusing";
  world.network.cut();
  // Attempts in a row that are refused come at growing distances.
  await world.clock.advance(60_000);
  const { dials } = world.network;
  world.pool.tryNow(log);
  assertEquals(world.lines.at(-1), "info: SIGUSR1: trying to reconnect at once");
  await world.clock.advance(1);
  assertEquals(world.network.dials, dials + 1);
  world.network.state = "up";
  await world.end();
});

Deno.test("a client on a free port is nobody after a restart, and its sessions outlast an hour at most", async () => {
  const world = await PoolWorld.start("--resume-timeout=7d");
  await world.attached(1);
  assertStringIncludes(world.lines[0]!, "info: a tele client on a free port is another each time; --in=:PORT makes it");
  const user = world.take();
  await user.write(new Uint8Array(1));
  await world.clock.advance(100);
  world.network.state = "refusing";
  world.network.cut();
  {
    // It looks at them each second of the hour.
    using _ = sameAddresses();
    await world.clock.advance(3_590_000);
    assertEquals(world.ends, []);
    await world.clock.advance(20_000);
  }
  assertEquals(world.ends.map(({ kind }) => kind), ["cut"]);
  world.network.state = "up";
  await world.end();
});
