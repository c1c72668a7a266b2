/** New sessions among the workers of a server, with their handshakes. */
import { assert, assertEquals } from "@std/assert";
import { hostOfPeer } from "../../../../lib/net/address.ts";
import { ClientHandshake } from "../../../../lib/session/handshake/client_handshake.ts";
import { HANDSHAKE_TIMEOUT_MS } from "../../../../lib/session/session_constants.ts";
import { EchoUser, FleetWorld } from "../../../support/fleet_world.ts";

/** Workers of one server that give new sessions to each other; all carriers come to the first. */
async function start(count = 2) {
  const world = await FleetWorld.start({ count: 0 });
  world.isDealing = true;
  world.isRoundRobin = false;
  await world.addWorkers(undefined, count);
  return world;
}

/** Clients that come at once, each with an answer. */
async function come(world: FleetWorld, count: number): Promise<EchoUser[]> {
  const users = Array.from({ length: count }, () => new EchoUser(world, world.addClient()));
  for (const [at, user] of users.entries()) assertEquals(await user.say(`user ${at}`), `user ${at}`);
  return users;
}

const sessionsOf = (world: FleetWorld) => world.servers.map(({ server }) => server.sessionCount);

const warningsOf = (world: FleetWorld) =>
  world.servers.flatMap(({ log }) => log.filter((line) => /^(warn|error)/.test(line) && !/lost its link/.test(line)));

Deno.test("clients that all come to one worker are dealt evenly, and go on at their owners behind a cut", async () => {
  await using world = await start();
  const users = await come(world, 8);
  assertEquals(sessionsOf(world), [4, 4]);
  assertEquals(world.servers.map(({ passedHere }) => passedHere.map(hostOfPeer)), [[], Array(4).fill("192.0.2.9")]);
  for (const meets of [0, 1]) {
    world.next = meets;
    world.cut();
    for (const user of users) assertEquals(await user.say(`at ${meets}`), `at ${meets}`);
  }
  assertEquals([sessionsOf(world), warningsOf(world)], [[4, 4], []]);
});

Deno.test("those of three workers are, too, one after the other", async () => {
  await using world = await start(3);
  for (let at = 0; at < 9; at++) await come(world, 1);
  assertEquals(sessionsOf(world), [3, 3, 3]);
});

Deno.test("one that drains takes none, and gives away who comes to it", async () => {
  await using world = await start();
  await come(world, 2);
  assertEquals(sessionsOf(world), [1, 1]);
  void world.servers[1]!.server.drain();
  await come(world, 2);
  assertEquals(sessionsOf(world)[0], 3);
  world.next = 1;
  await come(world, 1);
  assertEquals([sessionsOf(world)[0], warningsOf(world)], [4, []]);
});

Deno.test("an attempt that loses its race counts for no worker", async () => {
  await using world = await start();
  await come(world, 2);
  await world.clock.advance(HANDSHAKE_TIMEOUT_MS);
  const loser = await world.servers[0]!.network.dial();
  await world.clock.run(ClientHandshake.begin(loser, undefined));
  loser.close();
  await come(world, 1);
  assertEquals([sessionsOf(world), warningsOf(world)], [[2, 1], []], "it stays where it came");
});

Deno.test("one that hangs costs who comes half a second at the most", async () => {
  await using world = await start();
  await come(world, 1);
  const { workerNetwork } = world.servers[1]!;
  workerNetwork.state = "unreachable";
  const startMs = world.clock.now();
  await come(world, 2);
  assert(world.clock.now() - startMs < 700, `${world.clock.now() - startMs} ms`);
  assertEquals([sessionsOf(world), warningsOf(world)], [[3, 0], []]);
  workerNetwork.state = "up";
});
