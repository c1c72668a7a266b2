/** How many carriers a client keeps, and which of them is the quiet one. */
import { assertEquals } from "@std/assert";
import { DEFAULT_CARRIERS } from "../../../lib/session/carrier_count.ts";
import { SessionWorld } from "../../support/session_world.ts";

async function attached(client: { carriers?: number; leastCarriers?: number }): Promise<SessionWorld> {
  const world = await SessionWorld.attached({ network: { delayMs: 1, localAddress: "192.0.2.1" }, client });
  await world.clock.advance(2_000);
  return world;
}

function count({ here }: SessionWorld): number {
  return here.session!.carriers.attached.usable.length;
}

Deno.test("one is kept unless told otherwise, and never more than both ends allow", async () => {
  for (
    const [client, expected] of [
      [{ carriers: 6 }, 1],
      [{ carriers: 1, leastCarriers: 4 }, 1],
      [{ carriers: 3, leastCarriers: 4 }, 3],
      [{ carriers: undefined, leastCarriers: 8 }, DEFAULT_CARRIERS],
    ] as const
  ) {
    const world = await attached(client);
    assertEquals(count(world), expected);
    await world.end();
  }
});

Deno.test("what is wanted may change at any time", async () => {
  const world = await attached({ carriers: 8 });
  for (const wanted of [5, 2, 3, 1]) {
    world.client.want(wanted);
    await world.clock.advance(2_000);
    assertEquals([count(world), world.there.session!.carriers.attached.usable.length], [wanted, wanted]);
  }
  await world.end();
});

Deno.test("when the quiet one is gone another becomes it, at both ends", async () => {
  const world = await attached({ carriers: 8, leastCarriers: 3 });
  world.network.pipes[1]!.cut();
  await world.clock.advance(100);
  const quiet = [world.here, world.there].map(({ session }) => {
    const { attached } = session!.carriers;
    return [attached.quiet!.number, attached.find(attached.quiet!)!.lane];
  });
  assertEquals(quiet, [[2, "quiet"], [2, "quiet"]]);
  await world.end();
});

Deno.test("carriers from an address that is gone are lost, and those of the new one take their place", async () => {
  const world = await attached({ carriers: 8, leastCarriers: 3 });
  world.client.addressesChanged(() => false);
  await world.clock.advance(3_000);
  assertEquals([count(world), world.network.pipes.slice(0, 3).every((pipe) => pipe.isOver)], [3, true]);
  assertEquals(world.linesWith("the address 192.0.2.1 is gone").length > 0, true);
  world.assertUnbroken();
  await world.end();
});

Deno.test("behind a sleep or a move nobody is patient because of the network before", async () => {
  for (const wakes of ["sleep", "move"]) {
    const world = await SessionWorld.attached({ network: { delayMs: 1 }, client: { carriers: 1 } });
    world.network.last!.blackHole();
    const patienceMs = () => world.here.session!.carriers.former.patienceMs;
    await world.clock.advanceUntil(() => patienceMs() > 0, 10_000, "the end of the first");
    if (wakes === "sleep") world.client.wokeUp(60_000);
    else world.client.addressesChanged(() => true);
    assertEquals(patienceMs(), 0);
    await world.end();
  }
});
