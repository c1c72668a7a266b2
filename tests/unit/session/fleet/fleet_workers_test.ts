/** Servers of several workers each: a carrier goes to the worker that has the session, by two hops at the most. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import type { MuxClient } from "../../../../lib/mux/link.ts";
import { hostOfPeer } from "../../../../lib/net/address.ts";
import { askOwner } from "../../../../lib/session/fleet/exchange.ts";
import { EchoUser, type FleetServer, FleetWorld } from "../../../support/fleet_world.ts";

/** Two servers with two workers each, a client and its user, who has been answered. */
async function start() {
  const world = await FleetWorld.start({ count: 0 });
  await world.addWorkers("10.0.0.1:40301", 2);
  await world.addWorkers("10.0.0.2:40301", 2);
  return { world, ...await begun(world) };
}

async function begun(world: FleetWorld): Promise<{ client: MuxClient; user: EchoUser }> {
  const client = world.addClient();
  const user = new EchoUser(world, client);
  assertEquals(await user.say("before"), "before");
  return { client, user };
}

/** Cuts all carriers so often that each process of four gets some. */
async function cutOften(world: FleetWorld, user: EchoUser): Promise<void> {
  for (let round = 0; round < 12; round++) {
    world.cut();
    assertEquals(await user.say(`round ${round}`), `round ${round}`);
  }
}

const dialsOf = (servers: readonly FleetServer[]) => servers.map(({ workerNetwork }) => workerNetwork.dials);

Deno.test("every carrier reaches the one worker that has its session, whichever worker of whichever server it meets", async () => {
  const { world, user } = await start();
  await using _ = world;
  await cutOften(world, user);
  assertEquals(world.servers.map(({ server }) => server.sessionCount), [1, 0, 0, 0]);
  assertEquals(world.servers.map(({ refusedHere }) => refusedHere), [[], [], [], []]);
  const [owner, beside] = world.servers as [FleetServer, FleetServer];
  // Of twelve carriers three came to the owner, and six to the other server: half of them met the owner there, too.
  assertEquals(owner.passedHere.length, 9);
  assertEquals(
    new Set(owner.passedHere.map(hostOfPeer)),
    new Set(["192.0.2.9"]),
    "by its client's address, behind two hops too",
  );
  assertEquals([owner.nodeNetwork.dials + beside.nodeNetwork.dials, dialsOf(world.servers)], [6, [6, 0, 0, 0]]);
});

Deno.test("a worker that died has lost its sessions for certain, though another is at its server's node", async () => {
  for (const meets of [1, 2]) {
    const { world, client, user } = await start();
    await using _ = world;
    world.isRoundRobin = false;
    world.next = meets;
    await world.clock.run(world.servers[0]!.kill());
    const lost = world.clock.now();
    await assertRejects(() => user.say("behind it"));
    assert(world.clock.now() - lost < 2_000, `after ${world.clock.now() - lost} ms`);
    const next = new EchoUser(world, client);
    assertEquals(await next.say("in another session"), "in another session");
  }
});

Deno.test("one that is started in its place has none of them either", async () => {
  const { world, user } = await start();
  await using _ = world;
  const owner = world.servers[0]!;
  await world.clock.run(owner.kill());
  owner.restart();
  world.next = 0;
  await assertRejects(() => user.say("behind it"));
});

Deno.test("a worker that does not answer is an outage, and its server's others are asked as ever", async () => {
  const { world, user } = await start();
  await using _ = world;
  const [owner, beside] = world.servers as [FleetServer, FleetServer];
  world.isRoundRobin = false;
  world.next = 1;
  const other = await begun(world);
  assertEquals(beside.server.sessionCount, 1);
  // It stands still: connections to it are made, and nobody answers. The other one takes those of the node.
  for (const network of [owner.network, owner.workerNetwork]) {
    network.state = "unreachable";
    network.blackHole();
  }
  owner.nodeNetwork.state = "refusing";
  world.next = 2;
  world.cut();
  await world.clock.advance(20_000);
  const startMs = world.clock.now();
  world.cut();
  assertEquals(await other.user.say("meanwhile"), "meanwhile");
  assert(world.clock.now() - startMs < 1_000, `after ${world.clock.now() - startMs} ms`);
  assertEquals(owner.server.streamCount, 1);
  // It is the worker that is away, for those beside it alone, and not the server.
  const warned = world.servers.map(({ log }) => log.filter((line) => /^warn .* cannot be reached/.test(line)));
  assertEquals(warned.map(({ length }) => length), [0, 1, 0, 0]);
  assertMatch(
    warned[1]![0]!,
    /^warn worker [0-9a-f]{16}, which holds a session, cannot be reached: no answer within 1.5 s$/,
  );
  for (const network of [owner.network, owner.workerNetwork, owner.nodeNetwork]) network.state = "up";
  assertEquals(await user.say("when it goes on"), "when it goes on");
});

Deno.test("without a node, what another parent's key has sealed is of a process that is over", async () => {
  const world = await FleetWorld.start({ count: 0 });
  await using _ = world;
  await world.addWorkers(undefined, 2);
  const { client, user } = await begun(world);
  await cutOften(world, user);
  // The parent is started again: two workers, with a key of their own.
  for (const { server, network } of world.servers.slice(0, 2)) {
    await world.clock.run(server.stop("killed"));
    network.cut();
  }
  world.servers.splice(0);
  await world.addWorkers(undefined, 2, new Uint8Array(32).fill(7));
  await assertRejects(() => user.say("behind it"));
  const next = new EchoUser(world, client);
  assertEquals(await next.say("in another session"), "in another session");
  assertEquals(world.servers.flatMap(({ log }) => log.filter((line) => line.startsWith("warn"))), []);
});

Deno.test("a worker that another one of its server asks passes on to no third one", async () => {
  const { world } = await start();
  await using _ = world;
  const [one, other] = world.servers as [FleetServer, FleetServer];
  const ticket = await other.fleet.ticketFor(new Uint8Array(16).fill(3));
  // A wrong way leads to the first worker, which would ask the other.
  const link = await one.workerNetwork.dial();
  const asking = askOwner(link, one.keys.sealing, { layer: "inner", client: { peer: "192.0.2.9:50000" }, ticket });
  assertEquals(await world.clock.run(asking), undefined);
  assertEquals([one.refusedHere, dialsOf([other])], [["it asks for another worker"], [0]]);
});
