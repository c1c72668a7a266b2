/** An owner that is away: an empty session is not waited for, any other is. */
import { assertEquals } from "@std/assert";
import type { SessionObserver } from "../../../../lib/session/session_observer.ts";
import { settle } from "../../../support/fake_clock.ts";
import { EchoUser, FleetWorld, SECRET } from "../../../support/fleet_world.ts";

Deno.test("a client with nothing to lose begins another session where the owner of its first is away", async () => {
  await using world = await FleetWorld.start();
  const client = world.addClient();
  await world.attached(client);
  const owner = world.servers[0]!;
  owner.network.state = owner.nodeNetwork.state = "refusing";
  world.cut();
  await settle();
  // Who comes now is in nobody's log, and goes on in the next session.
  assertEquals(await new EchoUser(world, client).say("elsewhere"), "elsewhere");
  assertEquals(world.servers.map(({ server }) => server.sessionCount).toSorted(), [0, 1, 1]);
});

Deno.test("who says that an owner is away, and proves nothing, ends no session: a server that takes another does", async () => {
  await using world = await FleetWorld.start();
  let ended = 0;
  const nothing = () => {};
  const observer: SessionObserver = {
    sessionMade: nothing,
    carrierAttached: nothing,
    carrierGone: nothing,
    sessionEnded: () => void ended++,
    attemptFailed: nothing,
  };
  const client = world.addClient({ observer });
  await world.attached(client);
  const [owner, ...others] = world.servers;
  owner!.network.state = owner!.nodeNetwork.state = "refusing";
  // They say it, and take no new session.
  for (const { server } of others) server.drain();
  world.cut();
  await world.clock.advance(10_000);
  assertEquals([client.isAttached, ended], [false, 0]);
  await world.addServer("10.0.0.4:40301", SECRET);
  assertEquals(await new EchoUser(world, client).say("elsewhere"), "elsewhere");
  assertEquals([ended, world.servers.map(({ server }) => server.sessionCount)], [1, [1, 0, 0, 1]]);
});
