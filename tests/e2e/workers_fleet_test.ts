/** Several servers behind a balancer, each of several workers: `--workers` and `--node` together. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { FleetProcesses } from "../support/fleet_processes.ts";
import { KeyFiles } from "../support/key_files.ts";
import { type Scenario, scenario } from "../support/scenario.ts";
import { Switch } from "../support/switch.ts";
import type { TeleProcess } from "../support/tele_process.ts";
import { connectTo, echo, endingOf, roundTrip, UserServer } from "../support/user_programs.ts";
import { until, within } from "../support/wait.ts";
import { isAlive, workersOf } from "../support/worker_processes.ts";

/** Several processes listen on one port there only. */
const ignore = Deno.build.os !== "linux";

/** Two servers of two workers, a balancer in front, and a client's connection that echoes. */
async function start(s: Scenario, flags: string[] = []) {
  const user = s.use(new UserServer(echo));
  const fleet = await FleetProcesses.start(s, { user, count: 2, flags: ["--workers=2", ...flags] });
  for (const server of fleet.servers) endsWell(s, server);
  const balancer = s.use(await Switch.start({ to: fleet.ports }));
  const addresses = ["--in=127.0.0.1:0", `--out=127.0.0.1:${balancer.port}`];
  const { port } = await s.start("client", addresses, { args: ["--log-level=debug", ...flags] });
  const connection = s.use(await connectTo(port));
  await within(roundTrip(connection, "the first word"), 20_000, "the first word");
  return { user, fleet, balancer, port, connection, ...ownerOf(fleet) };
}

/** A parent that is killed leaves workers behind: a test that fails is to end them. */
function endsWell(s: Scenario, server: TeleProcess): void {
  const all = new Set(workersOf(server));
  s.defer(async () => {
    if (server.status === undefined) await server.stop();
    for (const pid of all) if (isAlive(pid)) Deno.kill(pid, "SIGKILL");
  });
}

/** The server that has the session, the other one, and the worker's process. The oldest child is worker 1. */
function ownerOf({ servers, owner }: FleetProcesses) {
  const [server, other] = [servers[owner]!, servers[1 - owner]!];
  const number = server.log.map((line) => /worker (\d): session \S+ began, from/.exec(line)?.[1]).find(Boolean);
  return { owner, server, other, worker: workersOf(server)[Number(number) - 1]! };
}

type World = Awaited<ReturnType<typeof start>>;

/** Cuts all carriers, so that they are dealt anew, and waits for an echo behind each cut. */
async function goesOn({ balancer, connection, user }: World, cuts: number, when: string): Promise<void> {
  for (let cut = 0; cut < cuts; cut++) {
    balancer.cut();
    await within(roundTrip(connection, `${when} ${cut}`), 20_000, `an echo ${when}, cut ${cut}`);
  }
  assertEquals(user.accepted, 1, "nobody was connected anew");
}

const linesOf = (server: TeleProcess, words: RegExp) => server.log.filter((line) => words.test(line)).length;

for (const isSealed of [false, true]) {
  Deno.test({
    name: `a conversation outlasts 24 cuts that deal its carriers to two servers of two workers, ${
      isSealed ? "sealed" : "in plain"
    }`,
    ignore,
    fn: scenario(240_000, async (s) => {
      const { tokenArgs } = await KeyFiles.make(s.home);
      const world = await start(s, isSealed ? tokenArgs : []);
      const { fleet: { servers }, server, other } = world;
      assertMatch(server.readyLine, /other servers connect to 127\.0\.0\.1:\d+, by 2 workers$/);
      await goesOn(world, 24, "behind");
      const toServer = linesOf(other, /passed on to the tele server at 127\.0\.0\.1:\d+/);
      const toWorker = linesOf(server, /passed on to worker [0-9a-f]{16}/);
      assert(toServer >= 5 && toWorker >= 5, `${toServer} went to the server, ${toWorker} there to the worker`);
      assertEquals(linesOf(other, /passed on to worker/), 0, "nobody else was asked");
      assertEquals(servers.map((each) => linesOf(each, /cannot be reached|fault/)), [0, 0]);
    }),
  });
}

Deno.test({
  name: "it outlasts an upgrade of its server, the death of a worker beside it, and of both parents",
  ignore,
  fn: scenario(300_000, async (s) => {
    const world = await start(s);
    const { server, other, worker, connection } = world;
    server.signal("SIGUSR2");
    await server.logged(/the new workers listen/, 60_000);
    endsWell(s, server);
    await until(() => workersOf(server).length === 3, 20_000, "the end of the old worker without a stream");
    await goesOn(world, 10, "behind the upgrade");
    const [beside] = workersOf(server).filter((pid) => pid !== worker);
    for (const [parent, pid] of [[server, beside!], [other, workersOf(other)[0]!]] as const) {
      Deno.kill(pid, "SIGKILL");
      await parent.logged(/worker \d was killed by SIGKILL/, 5_000);
    }
    await goesOn(world, 10, "behind the deaths of workers");
    const followers = workersOf(server).filter((pid) => pid !== worker);
    for (const parent of [server, other]) {
      parent.signal("SIGKILL");
      await until(() => !isAlive(parent.pid), 5_000, "the end of the parent");
      if (parent !== server) continue;
      await goesOn(world, 3, "behind the death of its parent");
      await until(() => !followers.some(isAlive), 20_000, "the end of the workers that followed");
      await goesOn(world, 3, "when those that followed have ended");
    }
    await within(roundTrip(connection, "behind both"), 20_000, "an echo");
    assert(isAlive(worker));
  }),
});

for (const [how, isUpgraded] of [["", false], [", also one that drains behind an upgrade", true]] as const) {
  Deno.test({
    name: `the death of the worker that has it ends it at once, whichever worker its client meets then${how}`,
    ignore,
    fn: scenario(240_000, async (s) => {
      const { server, worker, balancer, connection, port, owner } = await start(s);
      if (isUpgraded) {
        server.signal("SIGUSR2");
        await server.logged(/the new workers listen/, 60_000);
        endsWell(s, server);
      }
      balancer.only = 1 - owner;
      const startMs = performance.now();
      Deno.kill(worker, "SIGKILL");
      await within(endingOf(connection), 10_000, "the end of the stream");
      const endMs = performance.now() - startMs;
      using next = await connectTo(port);
      await within(roundTrip(next, "in another session"), 10_000, "an echo in another session");
      const againMs = performance.now() - startMs;
      console.log(`ended after ${endMs.toFixed(0)} ms, another answered after ${againMs.toFixed(0)} ms`);
      assert(againMs < 20_000);
    }),
  });
}

Deno.test({
  name: "a server whose machine failed ends what it had as soon as it is started again, and not before",
  ignore,
  fn: scenario(240_000, async (s) => {
    const { server, fleet, owner, balancer, connection } = await start(s);
    const all = [server.pid, ...workersOf(server)];
    for (const pid of all) Deno.kill(pid, "SIGKILL");
    await until(() => !all.some(isAlive), 5_000, "the end of all");
    balancer.only = 1 - owner;
    const ending = endingOf(connection).then((how) => ({ how, atMs: performance.now() }));
    await fleet.servers[1 - owner]!.logged(/the tele server at \S+, which holds a session, cannot be reached/, 20_000);
    const backMs = performance.now();
    await fleet.restart(owner);
    endsWell(s, fleet.servers[owner]!);
    const { atMs } = await within(ending, 30_000, "the end of the stream");
    assert(atMs > backMs, "not before it is back");
  }),
});
