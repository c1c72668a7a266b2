/** Three servers and HAProxy on hosts of their own: connections and links break, servers are replaced, one is lost. */
import { assert, assertEquals } from "@std/assert";
import { BALANCER_ADDRESS, type FleetHost, type FleetHosts, fleetScenario } from "../support/fleet_hosts.ts";
import { KeyFiles } from "../support/key_files.ts";
import { requiresHosts } from "../support/namespace.ts";
import type { Scenario } from "../support/scenario.ts";
import { Talkers } from "../support/talkers.ts";
import type { TeleProcess } from "../support/tele_process.ts";
import { connectUnix, serveUnix } from "../support/unix_users.ts";
import { echo, endingOf, roundTrip } from "../support/user_programs.ts";
import { pause, within } from "../support/wait.ts";

const SIZE = { servers: 3, clients: 5 };
const CONVERSATIONS = 40;

/** How often something breaks: each kind, and at each kind of host. 100 take minutes. */
const BREAKS = Number(Deno.env.get("TELE_BREAKS") ?? 15);

/** How long what was open waits for a machine that is lost, in seconds. */
const RESUME_S = 30;

/** How long a cable is out, in milliseconds. */
const UNPLUGGED_MS = 300;

/** A fleet with a client on each host, in front of a user's server that echoes. */
interface RunningFleet {
  clients: TeleProcess[];
  /** Where the user's server is. */
  user: string;
  /** How many connections it was given. */
  accepted: () => number;
  /** What the servers are given beside addresses and key. */
  serverArgs: string[];
  /** Connects to a client. */
  connect: (at: number) => Promise<Deno.TcpConn>;
}

async function startAll(
  s: Scenario,
  hosts: FleetHosts,
  { servers, clients }: typeof SIZE,
  way: "sealed" | "over TLS" = "sealed",
  more: string[] = [],
): Promise<RunningFleet> {
  const keys = await KeyFiles.make(s.home);
  const [serverArgs, clientArgs] = way === "sealed" ? [keys.tokenArgs, keys.tokenArgs] : [
    await keys.serverArgs("server", await keys.ca.issue({ names: `IP:${BALANCER_ADDRESS}` })),
    keys.clientArgs,
  ];
  let accepted = 0;
  const user = `${s.home}/user.sock`;
  serveUnix(s, user, (connection) => {
    accepted++;
    return echo(connection);
  });
  serverArgs.push(...more);
  const places = (count: number) => Array.from({ length: count }, (_, at) => at);
  await Promise.all(places(servers).map((at) => hosts.startServer(at, user, serverArgs)));
  const entrance = (at: number) => `${s.home}/client${at}.sock`;
  const running = await Promise.all(
    places(clients).map((at) => hosts.startClient(at, `unix:${entrance(at)}`, clientArgs)),
  );
  const connect = (at: number) => connectUnix(s, entrance(at % clients), "");
  return { clients: running, user, accepted: () => accepted, serverArgs, connect };
}

/** One of the hosts, each in its turn. */
function hostAt(number: number): FleetHost {
  const hosts: FleetHost[] = ["balancer", "server0", "client0", "server1", "client1", "server2", "client2"];
  return hosts[number % hosts.length]!;
}

/** Something breaks, another thing each time; says what. */
async function breakSomething(hosts: FleetHosts, number: number): Promise<string> {
  const host = hostAt(Math.floor(number / 5) + number);
  if (number % 10 === 9) {
    hosts.reloadBalancer();
    return "another HAProxy";
  }
  if (number % 5 === 4) {
    await hosts.linkDown(host);
    await pause(UNPLUGGED_MS);
    await hosts.kill(host);
    await hosts.linkUp(host);
    return `a cable of ${host} that was out, behind which it forgot its connections`;
  }
  const count = await hosts.kill(host);
  return `${count} connections of ${host} that were killed`;
}

for (const way of ["sealed", "over TLS"] as const) {
  Deno.test({
    name: `40 conversations of 5 hosts, ${way}, outlast ${BREAKS} breaks of HAProxy, hosts and links, with every byte`,
    ...requiresHosts("haproxy", "ss"),
    fn: fleetScenario(120_000 + BREAKS * 10_000, SIZE, async (s, hosts) => {
      const { accepted, connect } = await startAll(s, hosts, SIZE, way);
      const talkers = new Talkers({ connect, count: CONVERSATIONS });
      await talkers.goOn(30_000, "the start");
      for (let number = 0; number < BREAKS; number++) {
        const what = await breakSomething(hosts, number);
        await talkers.goOn(60_000, `break ${number}: ${what}`);
      }
      await talkers.end();
      assertEquals([talkers.ended, accepted()], [CONVERSATIONS, CONVERSATIONS], "nobody was connected anew");
      const passed = hosts.servers.flatMap(({ log }) => log.filter((line) => line.includes(" passed on to ")));
      assert(passed.length >= BREAKS, `${passed.length} carriers were passed on`);
    }),
  });
}

Deno.test({
  name:
    "40 conversations of 5 hosts go on while all servers are replaced and connections break: none is lost or refused",
  ...requiresHosts("haproxy", "ss"),
  fn: fleetScenario(400_000, SIZE, async (s, hosts) => {
    const { connect, user, serverArgs } = await startAll(s, hosts, SIZE);
    const talkers = new Talkers({ connect, count: CONVERSATIONS, words: 10 });
    await talkers.goOn(30_000, "the start");
    for (const at of [0, 1, 2]) {
      const { [at]: server } = hosts.servers;
      server!.signal("SIGQUIT");
      let hasEnded = false;
      const end = server!.ended.then(({ code }) => {
        hasEnded = true;
        return code;
      });
      for (let number = 0; !hasEnded && number < 20; number++) {
        const what = await breakSomething(hosts, number * 5);
        await talkers.goOn(60_000, `a server that drains, and ${what}`);
      }
      assertEquals(await within(end, 60_000, "the end of what drains"), 0);
      await talkers.goOn(60_000, "a server that is away");
      await hosts.startServer(at, user, serverArgs);
      await talkers.goOn(60_000, "another server in its place");
    }
    await talkers.end();
    assert(talkers.ended > CONVERSATIONS, `${talkers.ended} conversations ended`);
  }),
});

Deno.test({
  name:
    "a machine is lost for good: new users are served elsewhere, and what was open waits for --resume-timeout, and ends",
  ...requiresHosts("haproxy", "ss"),
  fn: fleetScenario(120_000, { servers: 3, clients: 1 }, async (s, hosts) => {
    const { clients: [client], connect } = await startAll(s, hosts, { servers: 3, clients: 1 }, "sealed", [
      `--resume-timeout=${RESUME_S}s`,
    ]);
    const old = await connect(0);
    await roundTrip(old, "before");
    const owner = hosts.owner;
    await hosts.linkDown(`server${owner}`);
    const lostAt = performance.now();
    const ending = endingOf(old).then(() => performance.now() - lostAt);
    // Whoever comes before that has an open on its way to the owner, which may have it, and waits as well.
    await client!.logged(/link lost/, 60_000);
    const next = await connect(0);
    await within(roundTrip(next, "elsewhere"), 40_000, "an echo elsewhere");
    await client!.logged(/new users go to another session, and those that are there wait for it/, 1_000);
    assert(performance.now() - lostAt < RESUME_S * 1_000, "it did not wait for the end of the former session");
    const waitedMs = await within(ending, RESUME_S * 1_000 + 60_000, "the end of what was open");
    assert(waitedMs >= RESUME_S * 1_000, `it waited for ${waitedMs} ms`);
    await client!.logged(/stream cut .*: no carrier was found within the resume timeout/, 10_000);
    await roundTrip(next, "still");
  }),
});
