/** Three servers of a fleet behind a balancer that deals carriers to them in turn. */
import { assert, assertEquals } from "@std/assert";
import { FleetProcesses } from "../support/fleet_processes.ts";
import { KeyFiles } from "../support/key_files.ts";
import { type Scenario, scenario } from "../support/scenario.ts";
import { requires } from "../support/skip.ts";
import { Switch } from "../support/switch.ts";
import type { TeleProcess } from "../support/tele_process.ts";
import { connectTo, echo, freePort, ResettableConnection, roundTrip, UserServer } from "../support/user_programs.ts";
import { CUTS, pause, until, within } from "../support/wait.ts";

/** Behind the ready line of its next process a killed owner's streams were seen to end within this time, in milliseconds. */
const RESET_MS = 400;

/** What the servers of a fleet are given beside their addresses, and how a client reaches them. */
interface FleetFlags {
  server?: string[];
  client?: string[];
  /** What stands in front of the balancer's address in the client's `--out`, and behind it. */
  around?: [string, string];
}

/** A fleet, the balancer in front, and a user's server that echoes. */
interface RunningFleet {
  fleet: FleetProcesses;
  balancer: Switch;
  user: UserServer;
  /** Starts a client that dials the balancer. */
  client(port?: number): Promise<TeleProcess>;
}

async function startFleet(s: Scenario, flags: FleetFlags = {}): Promise<RunningFleet> {
  const user = s.use(new UserServer(echo));
  const fleet = await FleetProcesses.start(s, { user, flags: flags.server });
  const balancer = s.use(await Switch.start({ to: fleet.ports }));
  return {
    fleet,
    balancer,
    user,
    client(port = 0) {
      const [before, behind] = flags.around ?? ["", ""];
      const addresses = [`--in=127.0.0.1:${port}`, `--out=${before}127.0.0.1:${balancer.port}${behind}`];
      return s.start("client", addresses, { args: ["--log-level=debug", ...flags.client ?? []] });
    },
  };
}

/** The flags of each way to reach a fleet. */
const WAYS: Record<string, (keys: KeyFiles) => Promise<FleetFlags> | FleetFlags> = {
  "in plain": () => ({}),
  "sealed": ({ tokenArgs }) => ({ server: tokenArgs, client: tokenArgs }),
  "by WebSocket": () => ({ around: ["ws://", "/tele"] }),
  "by WebSocket and sealed": ({ tokenArgs }) => ({ server: tokenArgs, client: tokenArgs, around: ["ws://", "/tele"] }),
  "by WebSocket over TLS, with a token": async (keys) => ({
    server: [...await keys.serverArgs("server"), ...keys.tokenArgs],
    client: [...keys.clientArgs, ...keys.tokenArgs],
    around: ["wss://", "/tele"],
  }),
  "sealed inside TLS": async (keys) => ({
    server: [...await keys.serverArgs("server"), ...keys.tokenArgs, "--encryption=always"],
    client: [...keys.clientArgs, ...keys.tokenArgs, "--encryption=always"],
  }),
  "over TLS": async (keys) => ({ server: await keys.serverArgs("server"), client: keys.clientArgs }),
};

for (const [way, flagsOf] of Object.entries(WAYS)) {
  Deno.test({
    name: `conversations outlast ${CUTS} cuts that deal their carriers to three servers, ${way}`,
    ...requires("openssl"),
    fn: scenario(120_000, async (s) => {
      const flags = await flagsOf(await KeyFiles.make(s.home));
      const { fleet: { servers }, balancer, user, client } = await startFleet(s, flags);
      const { port } = await client();
      const open = await Promise.all([1, 2, 3, 4].map(async () => s.use(await connectTo(port))));
      for (const connection of open) await within(roundTrip(connection, "the first word"), 20_000, "the first word");
      for (let cut = 0; cut < CUTS; cut++) {
        balancer.cut();
        const words = open.map((connection, at) => roundTrip(connection, `word ${cut} of ${at}`));
        await within(Promise.all(words), 20_000, `an echo behind cut ${cut}`);
      }
      assertEquals([user.accepted, user.open], [4, 4], "nobody was connected anew");
      const passed = servers.flatMap(({ log }) => log.filter((line) => line.includes(" passed on to ")));
      assert(passed.length >= CUTS / 2, `${passed.length} carriers were passed on, ${balancer.dealt} were dealt`);
      assertEquals(
        servers.flatMap(({ log }) => log.filter((line) => /\b(ERROR|WARN)\b.*(fault|fleet)/i.test(line))),
        [],
      );
    }),
  });
}

Deno.test(
  "an owner that was stopped for a while costs time only",
  scenario(120_000, async (s) => {
    const { fleet, balancer, client } = await startFleet(s);
    const { port } = await client();
    using connection = await connectTo(port);
    await roundTrip(connection, "before");
    const { owner } = fleet;
    fleet.servers[owner]!.signal("SIGSTOP");
    balancer.cut();
    await pause(4_000);
    const word = roundTrip(connection, "behind the pause");
    fleet.servers[owner]!.signal("SIGCONT");
    await within(word, 20_000, "an echo behind the pause");
  }),
);

Deno.test(
  "an owner that was killed and is back at its address resets what it had, at once",
  scenario(120_000, async (s) => {
    const { fleet, balancer, client } = await startFleet(s);
    const { port } = await client();
    const connection = s.use(await ResettableConnection.connect(port));
    connection.write("before");
    await until(() => connection.received === "before", 20_000, "an echo");
    let hasEnded = false;
    const ending = connection.ending.finally(() => hasEnded = true);
    const { owner } = fleet;
    // As a balancer that has not seen yet that it is back: another server has to hear it from the one at its node.
    balancer.only = (owner + 1) % 3;
    await fleet.servers[owner]!.kill();
    await pause(200);
    assertEquals(hasEnded, false, "while nobody is there it may come back");
    await fleet.restart(owner);
    const readyAt = performance.now();
    assertEquals(await within(ending, 10 * RESET_MS, "the end of the stream"), "ECONNRESET");
    console.log(`reset ${(performance.now() - readyAt).toFixed(0)} ms behind the ready line`);
    using next = await connectTo(port);
    await within(roundTrip(next, "in another session"), 20_000, "an echo in another session");
  }),
);

Deno.test(
  "a client that was killed and comes to another server ends what it left",
  scenario(60_000, async (s) => {
    const fleet = await startFleet(s);
    const inner = freePort();
    fleet.balancer.only = 0;
    const first = await fleet.client(inner);
    using connection = await connectTo(inner);
    await roundTrip(connection, "before");
    assertEquals(fleet.user.open, 1);
    await first.kill();
    // Its carrier ends, and the session would wait for days.
    await pause(300);
    assertEquals(fleet.user.open, 1);
    fleet.balancer.only = 1;
    await fleet.client(inner);
    using next = await connectTo(inner);
    await within(roundTrip(next, "another life"), 20_000, "an echo");
    await until(() => fleet.user.open === 1, 10_000, "the end of what was left");
  }),
);

Deno.test({
  name: "a stranger who replays a ticket, or makes one up, reaches nothing and is gone when its time is over",
  ...requires("openssl"),
  fn: scenario(60_000, async (s) => {
    const { tokenArgs } = await KeyFiles.make(s.home);
    const fleet = await startFleet(s, { server: tokenArgs, client: tokenArgs });
    fleet.balancer.only = 0;
    const { port } = await fleet.client();
    using connection = await connectTo(port);
    await roundTrip(connection, "before");
    fleet.balancer.only = 1;
    fleet.balancer.cut();
    await within(roundTrip(connection, "passed on"), 20_000, "an echo");
    const withTicket = fleet.balancer.hellos.filter((hello) =>
      new TextDecoder("latin1").decode(hello).includes("tele-ticket=")
    );
    assert(withTicket.length > 0, "the client presents its ticket");
    const other = fleet.fleet.servers[2]!;
    const hello = withTicket.at(-1)!;
    const forged = hello.map((byte, at) => at === hello.length - 20 ? byte ^ 1 : byte);
    await Promise.all([hello, forged].map((bytes) => goesNoFurther(other.port, bytes)));
    // And to a node: noise, and a preface of another key.
    const node = /other servers connect to \S+:(\d+)/.exec(other.readyLine)![1]!;
    using noise = await Deno.connect({ hostname: "127.0.0.1", port: Number(node) });
    await noise.write(new Uint8Array([0, 100, ...new Uint8Array(100)]));
    await other.logged(/does not prove that it has a key of this fleet/, 5_000);
    await within(roundTrip(connection, "still here"), 20_000, "an echo");
    assertEquals(fleet.user.accepted, 1);
  }),
});

/** Somebody says this, and hears no more than the server's part of the handshake, or an alert: only the client can go on. */
async function goesNoFurther(port: number, hello: Uint8Array): Promise<void> {
  using stranger = await Deno.connect({ hostname: "127.0.0.1", port });
  await stranger.write(hello);
  const answer = new Uint8Array(8192);
  assert((await within(stranger.read(answer), 5_000, "an answer") ?? 0) > 0);
  assert(answer[0] === 0x16 || answer[0] === 0x15, `a record of TLS, not ${answer[0]}`);
  const isOver = async () => {
    while (await stranger.read(answer).catch(() => null) !== null);
  };
  await within(isOver(), 15_000, "the end of the stranger");
}
