/** Whose sessions the servers of a fleet hold: of clients that were killed, and of more than there is room for. */
import { assert, assertEquals } from "@std/assert";
import { FleetProcesses } from "../support/fleet_processes.ts";
import { type Scenario, scenario } from "../support/scenario.ts";
import { Switch } from "../support/switch.ts";
import type { TeleProcess } from "../support/tele_process.ts";
import { connectTo, echo, freePort, ResettableConnection, roundTrip, UserServer } from "../support/user_programs.ts";
import { until, within } from "../support/wait.ts";

/** Several processes listen on one port there only. */
const hasWorkers = Deno.build.os === "linux";

/** Servers with room for one session each, or one of as many workers, a balancer in front, and a user's server that echoes. */
async function startFleet(s: Scenario, { count, workers }: { count: number; workers?: number }) {
  const user = s.use(new UserServer(echo));
  const flags = ["--max-sessions=1", ...workers === undefined ? [] : [`--workers=${workers}`]];
  const fleet = await FleetProcesses.start(s, { user, count, flags });
  const balancer = s.use(await Switch.start({ to: fleet.ports }));
  /** On a port of its own, which makes it the same client when it is started again. */
  const client = (port = freePort()) => s.client(balancer.port, port, { args: ["--log-level=debug"] });
  return { user, fleet, balancer, client };
}

/** A user of a client says something, and stays. */
async function talk(s: Scenario, client: TeleProcess): Promise<Deno.TcpConn> {
  const connection = s.use(await connectTo(client.port));
  await within(roundTrip(connection, "hello"), 20_000, "an echo");
  return connection;
}

Deno.test(
  "a client that was killed has its place again: at once, at a full server, from another one",
  scenario(60_000, async (s) => {
    const { user, fleet, balancer, client } = await startFleet(s, { count: 2 });
    const { servers: [owner] } = fleet;
    balancer.only = 0;
    const first = await client();
    await talk(s, first);
    await first.kill();
    balancer.only = 1;
    const again = await client(first.port);
    await talk(s, again);
    await until(() => user.open === 1, 10_000, "the end of what was left");
    await owner!.logged(/ended: a newer session of the same client took its place/, 5_000);
    assertEquals(fleet.servers[1]!.log.filter((line) => line.includes(" began, from ")), []);
  }),
);

Deno.test(
  "what it left at a server that is away ends when that is back, though it has begun anew elsewhere",
  scenario(90_000, async (s) => {
    const { user, fleet, balancer, client } = await startFleet(s, { count: 2 });
    const [owner, other] = fleet.servers;
    balancer.only = 0;
    const first = await client();
    await talk(s, first);
    owner!.signal("SIGSTOP");
    await first.kill();
    balancer.only = 1;
    const again = await client(first.port);
    const next = await talk(s, again);
    await other!.logged(/session \w+ began, from /, 1_000);
    owner!.signal("SIGCONT");
    await until(() => user.open === 1, 20_000, "the end of what was left");
    await within(roundTrip(next, "still here"), 5_000, "an echo");
    balancer.only = 0;
    await talk(s, await client());
  }),
);

Deno.test(
  "behind full servers a client is accepted where there is room, and its first user notices nothing",
  scenario(90_000, async (s) => {
    const { fleet, client } = await startFleet(s, { count: 3 });
    const clients: TeleProcess[] = [];
    for (let at = 0; at < 3; at++) {
      clients.push(await client());
      await talk(s, clients[at]!);
    }
    const began = fleet.servers.map(({ log }) => log.filter((line) => line.includes(" began, from ")).length);
    assertEquals(began, [1, 1, 1]);
    const last = await client();
    const refused = s.use(await ResettableConnection.connect(last.port));
    refused.write("hello");
    assertEquals(await within(refused.ending, 20_000, "the end of a user that finds no room"), "ECONNRESET");
    await last.logged(/no tele server yet: .*takes no more sessions: --max-sessions on its side allows more/, 1_000);
    const waiting = s.use(await ResettableConnection.connect(last.port));
    waiting.write("hello");
    await clients[1]!.stop();
    await until(() => waiting.received === "hello", 10_000, "an echo as soon as one has left");
    assert(last.log.length < 60, `no flood: ${last.log.length} lines`);
  }),
);

Deno.test({
  name: "workers have one place each: clients find the free one, and one that was killed its own",
  ignore: !hasWorkers,
  fn: scenario(90_000, async (s) => {
    const { user, client } = await startFleet(s, { count: 1, workers: 2 });
    const clients: TeleProcess[] = [];
    for (let at = 0; at < 2; at++) {
      clients.push(await client());
      await talk(s, clients[at]!);
    }
    await clients[1]!.kill();
    await talk(s, await client(clients[1]!.port));
    await until(() => user.open === 2, 10_000, "the end of what was left");
    const last = await client();
    const refused = s.use(await ResettableConnection.connect(last.port));
    refused.write("hello");
    assertEquals(await within(refused.ending, 20_000, "the end of a user that finds no room"), "ECONNRESET");
    await clients[0]!.stop();
    await talk(s, last);
  }),
});
