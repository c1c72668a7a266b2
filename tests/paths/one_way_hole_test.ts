/** Six carriers with bulk both ways that all die one way, as behind a box that ends TCP: as soon found as two ways. */
import { assertEquals, assertLessOrEqual } from "@std/assert";
import type { Duplex } from "../../lib/net/duplex.ts";
import { KIB, MuxWorld } from "../support/mux_world.ts";

async function flood(user: Duplex): Promise<void> {
  while (true) await user.write(new Uint8Array(16 * KIB));
}

async function drop(user: Duplex): Promise<void> {
  const into = new Uint8Array(64 * KIB);
  while (await user.read(into) !== null);
}

/** Bulk both ways, at each end of one stream. */
function bothWays(user: Duplex): void {
  flood(user).catch(() => {});
  drop(user).catch(() => {});
}

for (const [name, directions] of [["up", ["aToB"]], ["down", ["bToA"]], ["both ways", ["aToB", "bToA"]]] as const) {
  Deno.test(`six carriers of 20 Mbit/s and 40 ms that die at once, ${name}, are found in four seconds`, async () => {
    await using world = new MuxWorld({
      pipe: { bytesPerSecond: 2_500_000, delayMs: 20, bufferBytes: 256 * KIB, pieceMs: 20 },
      client: { carriers: 6, leastCarriers: 6 },
      serve: bothWays,
    });
    await world.attached();
    bothWays(world.open().user);
    await world.clock.advanceUntil(() => world.client.carrierCount === 6, 10_000, "six carriers");
    await world.clock.advance(1_000);
    const { pipes } = world.network, diedMs = world.clock.now();
    const dead = pipes.filter(({ isOver }) => !isOver);
    for (const pipe of dead) for (const direction of directions) pipe[direction].blackHole();
    await world.clock.advanceUntil(() => dead.every(({ isOver }) => isOver), 20_000, "the end of all six");
    assertLessOrEqual(world.clock.now() - diedMs, 4_000);
    assertEquals(dead.length, 6);
  });
}
