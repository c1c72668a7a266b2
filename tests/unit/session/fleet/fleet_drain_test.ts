/** A server of a fleet that drains: what it has is led to it as ever, and what is new goes elsewhere. */
import { assertEquals } from "@std/assert";
import type { MuxClient } from "../../../../lib/mux/link.ts";
import { LastTicket } from "../../../../lib/session/fleet/last_ticket.ts";
import { someIdentity } from "../../../support/hand_made.ts";
import { settle } from "../../../support/fake_clock.ts";
import { EchoUser, FleetWorld } from "../../../support/fleet_world.ts";

const sessionsOf = ({ servers }: FleetWorld) => servers.map(({ server }) => server.sessionCount);

/** A client at the first server, with a user; then that server drains, and the balancer deals to all. */
async function draining(world: FleetWorld, options: Parameters<FleetWorld["addClient"]>[0] = {}) {
  world.isRoundRobin = false;
  const client = world.addClient(options);
  await world.attached(client);
  const old = new EchoUser(world, client);
  await old.say("before");
  const progress = { isOver: false };
  world.servers[0]!.server.drain().then(() => progress.isOver = true);
  await world.clock.advance(100);
  world.isRoundRobin = true;
  return { client, old, progress };
}

Deno.test("new users are served elsewhere while a server drains, and carriers of what it has are led to it", async () => {
  await using world = await FleetWorld.start();
  const { client, old, progress } = await draining(world);
  for (let cut = 0; cut < 12; cut++) {
    assertEquals(await new EchoUser(world, client).say("new"), "new");
    assertEquals(await old.say(`old ${cut}`), `old ${cut}`);
    world.cut();
  }
  assertEquals([sessionsOf(world).toSorted(), sessionsOf(world)[0]], [[0, 1, 1], 1]);
  await old.end();
  await world.clock.advanceUntil(() => progress.isOver, 60_000, "the end of the drain");
  assertEquals([sessionsOf(world)[0], await new EchoUser(world, client).say("after")], [0, "after"]);
});

/** The process of this client is killed: nobody ever comes again by its carriers. */
function kill(world: FleetWorld, client: MuxClient): void {
  world.clients.splice(world.clients.indexOf(client), 1);
  client.stop("killed, in silence");
}

Deno.test("a killed client whose ticket leads to a server that drains ends what it left there, and goes on elsewhere", async () => {
  await using world = await FleetWorld.start();
  const identity = await someIdentity();
  let kept: Uint8Array | undefined;
  const tickets = new LastTicket(undefined, (ticket) => kept = ticket);
  const { client, progress } = await draining(world, { identity, tickets });
  await settle();
  world.servers[0]!.network.blackHole();
  for (const { network } of world.servers) network.state = "refusing";
  kill(world, client);
  await world.clock.advance(60_000);
  for (const { network } of world.servers) network.state = "up";
  assertEquals(sessionsOf(world), [1, 0, 0]);
  const next = world.addClient({ identity, tickets: new LastTicket(kept) });
  assertEquals(await new EchoUser(world, next).say("another life"), "another life");
  await world.clock.advanceUntil(() => progress.isOver || world.servers[0]!.server.streamCount <= 1, 60_000, "its end");
  assertEquals(world.servers.reduce((sum, { server }) => sum + server.streamCount, 0), 1, "that of the other life");
});

Deno.test("a client without an identity whose ticket leads to a server that drains begins elsewhere at once", async () => {
  await using world = await FleetWorld.start();
  const tickets = new LastTicket();
  await draining(world, { tickets });
  world.next = 1;
  const next = world.addClient({ tickets: new LastTicket(tickets.newest) });
  const beganAt = world.clock.now();
  assertEquals(await new EchoUser(world, next).say("elsewhere"), "elsewhere");
  assertEquals([world.clock.now() - beganAt < 1_000, sessionsOf(world)[0]], [true, 1]);
});
