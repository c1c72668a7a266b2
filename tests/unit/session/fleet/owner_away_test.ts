/** An owner that is away: an empty session is not waited for, any other is. */
import { assert, assertEquals } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import { isNotWaitedFor, OwnerAwayError } from "../../../../lib/session/fleet/owner_away.ts";
import { settle } from "../../../support/fake_clock.ts";
import { EchoUser, FleetWorld } from "../../../support/fleet_world.ts";

Deno.test("only the word of an owner's absence gives up an empty session, and only without a carrier", () => {
  const empty = { carrier: undefined, losesNoUser: true };
  assertEquals(isNotWaitedFor(new OwnerAwayError(), empty), true);
  assertEquals(isNotWaitedFor(new OwnerAwayError(), { ...empty, losesNoUser: false }), false);
  assertEquals(isNotWaitedFor(new TeleError("carrier-lost", "reset"), empty), false);
  assert(new OwnerAwayError() instanceof TeleError);
});

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
