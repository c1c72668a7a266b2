/** Three servers of a fleet behind a real HAProxy that deals carriers in turn: cuts, upgrades, and an owner that stands still. */
import { assert, assertEquals } from "@std/assert";
import { FleetProcesses } from "../support/fleet_processes.ts";
import { startHaproxy } from "../support/haproxy.ts";
import { KeyFiles } from "../support/key_files.ts";
import { type Scenario, scenario } from "../support/scenario.ts";
import { requires } from "../support/skip.ts";
import { connectTo, echo, endingOf, freePort, roundTrip, UserServer } from "../support/user_programs.ts";
import { CUTS, pause, until, within } from "../support/wait.ts";

const CLIENTS = 5, CONVERSATIONS = 40;

/** How long an owner stands still, in seconds: 90 tries a laptop's lid, and takes longer than a test should. */
const STOPPED_S = Number(Deno.env.get("TELE_OUTAGE_SECONDS") ?? 20);

/** Users that come in a second while a server drains: 1000 need a machine of their own. */
const OPENS_A_SECOND = Number(Deno.env.get("TELE_OPENS_A_SECOND") ?? 200);

/** A fleet behind HAProxy, and clients of it. */
async function balanced(s: Scenario, clients: number, way: "sealed" | "over TLS" = "sealed") {
  const keys = await KeyFiles.make(s.home);
  const user = s.use(new UserServer(echo));
  const [flags, args] = way === "sealed"
    ? [keys.tokenArgs, keys.tokenArgs]
    : [await keys.serverArgs("server"), keys.clientArgs];
  const fleet = await FleetProcesses.start(s, { user, flags });
  const port = freePort();
  const lines = ["balance roundrobin", "option redispatch 1", "timeout client 1m", "timeout server 1m"];
  const balancer = await startHaproxy(s, [{ port, to: fleet.ports, lines }]);
  const started = Array.from({ length: clients }, () => s.client(port, 0, { args }));
  const running = await Promise.all(started);
  return { fleet, user, clients: running, ports: running.map((client) => client.port), cut: () => balancer.cut(port) };
}

/** A user comes, says some words, each when the one before is answered, and ends. */
async function converse(port: number, words: number, pauseMs: number): Promise<void> {
  using connection = await connectTo(port);
  for (let word = 0; word < words; word++) {
    await within(roundTrip(connection, `word ${word}`), 30_000, `the echo of word ${word}`);
    await pause(pauseMs);
  }
  await connection.closeWrite();
  assertEquals(await within(endingOf(connection), 30_000, "the end"), "end");
}

for (const way of ["sealed", "over TLS"] as const) {
  Deno.test({
    name: `40 conversations of 5 clients outlast ${CUTS} cuts of all carriers, ${way} that HAProxy passes through`,
    ...requires("haproxy", "openssl"),
    fn: scenario(240_000, async (s) => {
      const { fleet, user, ports, cut } = await balanced(s, CLIENTS, way);
      const opening = Array.from({ length: CONVERSATIONS }, (_, at) => connectTo(ports[at % CLIENTS]!));
      const open = (await Promise.all(opening)).map((connection) => s.use(connection));
      for (let round = 0; round < CUTS; round++) {
        const words = open.map((connection, at) => roundTrip(connection, `word ${round} of ${at}`));
        await within(Promise.all(words), 30_000, `the echoes behind cut ${round}`);
        await cut();
      }
      assertEquals([user.accepted, user.open], [CONVERSATIONS, CONVERSATIONS], "nobody was connected anew");
      const passed = fleet.servers.flatMap(({ log }) => log.filter((line) => line.includes(" passed on to ")));
      assert(passed.length >= CUTS, `${passed.length} carriers were passed on`);
    }),
  });
}

Deno.test({
  name: "40 conversations of 5 clients go on while all three servers are replaced: none is lost, none refused",
  ...requires("haproxy", "openssl"),
  fn: scenario(240_000, async (s) => {
    const { fleet, ports } = await balanced(s, CLIENTS);
    const failed: unknown[] = [];
    let isOver = false, ended = 0;
    const converseOn = async (at: number) => {
      while (!isOver) {
        await converse(ports[at % CLIENTS]!, 5 + at % 10, 50).then(() => ended++, (error) => failed.push(error));
      }
    };
    const all = Array.from({ length: CONVERSATIONS }, (_, at) => converseOn(at));
    for (const at of fleet.servers.keys()) {
      const before = ended;
      const { [at]: server } = fleet.servers;
      server!.signal("SIGQUIT");
      assertEquals((await within(server!.ended, 60_000, "the end of what drains")).code, 0);
      await fleet.restart(at);
      await until(() => ended > before, 30_000, "conversations that go on");
    }
    await pause(1_000);
    isOver = true;
    await within(Promise.all(all), 60_000, "the last conversations");
    assertEquals(failed, []);
    assert(ended > CONVERSATIONS, `${ended} conversations ended`);
  }),
});

Deno.test({
  name:
    `an owner that stands still for ${STOPPED_S} s costs its conversations time only, and those that come meanwhile little`,
  ...requires("haproxy", "openssl"),
  fn: scenario(120_000 + STOPPED_S * 1000, async (s) => {
    const { fleet, clients: [client], ports: [port = 0] } = await balanced(s, 1);
    using old = await connectTo(port);
    await within(roundTrip(old, "before"), 20_000, "an echo");
    const owner = fleet.servers[fleet.owner]!;
    owner.signal("SIGSTOP");
    const word = roundTrip(old, "meanwhile");
    const beganAt = performance.now();
    // Whoever comes before that is known has an open on its way to the owner, which may have it, and waits as well.
    await client!.logged(/link lost/, 15_000);
    await within(converse(port, 1, 0), 15_000, "a conversation elsewhere");
    await pause(STOPPED_S * 1000 - (performance.now() - beganAt));
    owner.signal("SIGCONT");
    await within(word, 30_000, "the echo behind the pause");
    await within(roundTrip(old, "as ever"), 20_000, "one more");
  }),
});

Deno.test({
  name: `${OPENS_A_SECOND} users a second come while the server of their session drains: none is refused, none is lost`,
  ...requires("haproxy", "openssl"),
  fn: scenario(120_000, async (s) => {
    const { fleet, ports: [port = 0] } = await balanced(s, 1);
    await within(converse(port, 1, 0), 20_000, "the first conversation");
    const owner = fleet.servers[fleet.owner]!;
    const users: Promise<void>[] = [], failed: unknown[] = [];
    const start = performance.now();
    for (let at = 0; at < 3 * OPENS_A_SECOND; at++) {
      await pause(Math.max(0, start + at * 1000 / OPENS_A_SECOND - performance.now()));
      users.push(converse(port, 2, 0).catch((error) => void failed.push(error)));
      if (at === OPENS_A_SECOND) owner.signal("SIGQUIT");
    }
    await within(Promise.all(users), 60_000, "the end of all users");
    assertEquals(failed, []);
    assertEquals((await within(owner.ended, 20_000, "the end of the server that drained")).code, 0);
  }),
});
