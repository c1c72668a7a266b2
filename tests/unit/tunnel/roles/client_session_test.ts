import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { MuxServer } from "../../../../lib/mux/link.ts";
import type { StreamEnd } from "../../../../lib/mux/stream_host.ts";
import type { Duplex } from "../../../../lib/net/duplex.ts";
import { duplexPair } from "../../../../lib/net/pipe.ts";
import type { ClientOptions } from "../../../../lib/tunnel/command_line/role_options.ts";
import { MemoryBudget } from "../../../../lib/session/memory_budget.ts";
import { StreamLog } from "../../../../lib/tunnel/log/stream_log.ts";
import { ClientSession } from "../../../../lib/tunnel/roles/client_session.ts";
import { clientOptions } from "../../../support/command_lines.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { MemoryNetwork } from "../../../support/memory_network.ts";

/** A client's session with a server, over a network in memory, with a clock that the test moves. */
class ClientWorld {
  readonly clock = new FakeClock();
  readonly lines: string[] = [];
  readonly ends: StreamEnd[] = [];
  /** How many sessions the server had, each time that changed. */
  readonly counts: number[] = [];
  readonly network: MemoryNetwork;
  readonly server: MuxServer;
  session!: ClientSession;

  private constructor() {
    const { clock } = this;
    this.server = new MuxServer({
      clock,
      onSessionCount: (sessions) => void this.counts.push(sessions),
      dial: () => {
        const [near, far] = duplexPair();
        void drain(near);
        return Promise.resolve(far);
      },
    });
    this.network = new MemoryNetwork({
      clock,
      delayMs: 20,
      onConnection: (carrier) => void this.server.accept(carrier),
    });
  }

  static start(...flags: string[]): Promise<ClientWorld> {
    return ClientWorld.startWith({}, ...flags);
  }

  static async startWith(changes: Partial<ClientOptions>, ...flags: string[]): Promise<ClientWorld> {
    const world = new ClientWorld();
    const { clock, network } = world;
    const log = (level: string, message: string) => void world.lines.push(`${level}: ${message}`);
    const options = { ...clientOptions(["--client", "--out=a.example:1", ...flags]), ...changes };
    const prepared = await ClientSession.prepare(options, {
      clock,
      log,
      memory: new MemoryBudget(Infinity),
      streamLog: new StreamLog(clock, log),
      onStreamEnd: (_stream, end) => void world.ends.push(end),
      dialer: {
        dialCarrier: network.dial,
        dialProtocol: () => Promise.reject(new Error("not here")),
        stop: () => Promise.resolve(),
      },
    });
    assertEquals(network.dials, 0, "nothing is dialed before it begins");
    world.session = prepared.begin();
    return world;
  }

  /** A user's connection that the session carries; returns the user's end. */
  take(): Duplex {
    const [user, far] = duplexPair();
    this.session.take(far);
    return user;
  }

  async attached(count: number): Promise<void> {
    await this.clock.advanceUntil(() => this.session.status.carriers === count, 60_000, `${count} carriers`);
  }

  async end(): Promise<void> {
    let isOver = false;
    Promise.all([this.session.stop("the test ends"), this.server.stop("the test ends")]).then(() => isOver = true);
    await this.clock.advanceUntil(() => isOver, 31_000, "the end");
    // The log counts lines for a while.
    await this.clock.advance(20_000);
    assertEquals([this.server.sessionCount, this.clock.pendingTimers], [0, 0]);
  }
}

async function drain(user: Duplex): Promise<void> {
  const buffer = new Uint8Array(65_536);
  while (await user.read(buffer).catch(() => null) !== null);
}

/** Until it is disposed of, this machine's addresses are not asked for anew. */
function sameAddresses(): Disposable {
  const { networkInterfaces } = Deno;
  const addresses = networkInterfaces();
  Deno.networkInterfaces = () => addresses;
  return { [Symbol.dispose]: () => void (Deno.networkInterfaces = networkInterfaces) };
}

Deno.test("users are carried by one session, whose connections are as many as pay, up to --carriers", async () => {
  for (const most of [1, 3]) {
    const world = await ClientWorld.start(`--carriers=${most}`);
    await world.attached(1);
    const users = [1, 2, 3].map(() => world.take());
    const uploads = Promise.allSettled(users.map((user) => user.write(new Uint8Array(64 << 20))));
    await world.clock.advance(1_500);
    assertEquals([world.session.status.carriers, world.session.status.streams], [most, 3]);
    assertEquals(world.server.sessionCount, 1);
    await world.end();
    await uploads;
  }
});

Deno.test("the loss of the only connection is told as an outage; that of one of several only to who debugs", async () => {
  const world = await ClientWorld.start();
  const told = () => world.lines.splice(0).filter((line) => !line.startsWith("debug: stream"));
  await world.attached(1);
  const user = world.take();
  const upload = user.write(new Uint8Array(128 << 20)).catch(() => {});
  await world.clock.advance(100);
  told();
  world.network.cut();
  await world.attached(1);
  const [lost, resumed] = told().filter((line) => !line.startsWith("debug"));
  assertEquals(lost, "warn: link lost: connection reset; trying to resume");
  assertMatch(resumed!, /^info: resumed after 0.\d+ s, 1 attempt, \d+ bytes sent again$/);
  await world.clock.advance(1_500);
  assertEquals(world.session.status.carriers, 6);
  told();
  world.network.last!.cut();
  await world.clock.advance(1_000);
  const lines = told();
  assertEquals(lines[0], "debug: one connection is lost, others go on: connection reset");
  assertEquals(lines.filter((line) => !line.startsWith("debug")), []);
  await world.end();
  await upload;
});

Deno.test("no more users are carried than --max allows, and the next is told why", async () => {
  const world = await ClientWorld.start("--max=2");
  const users = [world.take(), world.take(), world.take()];
  const refused = await users[2]!.read(new Uint8Array(1)).catch(() => "cut");
  assertEquals([refused, world.session.status.streams], ["cut", 2]);
  const line = "warn: stream refused (in memory): there are 2 connections already; --max allows more";
  assertEquals(world.lines.filter((said) => said.includes("--max")), [line]);
  await world.end();
});

Deno.test("the status tells an outage from a server that was never there", async () => {
  const world = await ClientWorld.start();
  assertEquals([world.session.status.carriers, world.session.status.wasUp], [0, false]);
  await world.attached(1);
  const up = { carriers: 1, outageMs: 0, wasUp: true, streams: 0 };
  assertEquals({ ...world.session.status, ...up }, world.session.status);
  const user = world.take();
  await user.write(new Uint8Array(3_000));
  await world.clock.advance(1_000);
  assert(world.session.status.sentBytes >= 3_000, `${world.session.status.sentBytes} bytes`);
  world.network.state = "unreachable";
  world.network.cut();
  await world.clock.advance(5_000);
  const { carriers, wasUp, outageMs, streams } = world.session.status;
  assertEquals([carriers, wasUp, streams], [0, true, 1]);
  assert(outageMs >= 4_000 && outageMs <= 5_000, `${outageMs} ms`);
  world.network.state = "up";
  await world.attached(1);
  await world.end();
});

Deno.test("SIGUSR1 asks for a sign of life, or, in an outage, tries at once", async () => {
  const world = await ClientWorld.start();
  const log = (level: string, message: string) => void world.lines.push(`${level}: ${message}`);
  await world.attached(1);
  world.session.tryNow(log);
  assertEquals(world.lines.slice(-2), [
    "info: SIGUSR1: asking the tele server for a sign of life",
    "debug: the link is in doubt; trying another connection beside it",
  ]);
  world.network.state = "refusing";
  world.network.cut();
  // Attempts in a row that are refused come at growing distances.
  await world.clock.advance(60_000);
  const { dials } = world.network;
  world.session.tryNow(log);
  assertEquals(world.lines.at(-1), "info: SIGUSR1: trying to reconnect at once");
  await world.clock.advance(1);
  assertEquals(world.network.dials, dials + 1);
  world.network.state = "up";
  await world.end();
});

Deno.test("a client on a free port is nobody after a restart, and its sessions outlast an hour at most", async () => {
  const world = await ClientWorld.start("--resume-timeout=7d");
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

Deno.test("a client without an identity is waited for an hour, and one with a server of its own for longer", async () => {
  using _ = sameAddresses();
  for (const [isOnlyClient, counts] of [[false, [1, 0]], [true, [1]]] as const) {
    const world = await ClientWorld.startWith({ isOnlyClient }, "--stdio", "--resume-timeout=3h");
    await world.attached(1);
    world.take();
    await world.clock.advance(1_000);
    world.network.state = "unreachable";
    world.network.cut();
    await world.clock.advance(2 * 3_600_000);
    assertEquals(world.counts, [...counts]);
    assertEquals(world.lines.some((line) => line.includes("an hour at most")), !isOnlyClient);
    world.network.state = "up";
    await world.end();
    assertEquals(world.counts.at(-1), 0);
  }
});
