/** Carriers that die one way, as behind a box that ends TCP: as soon found as two ways, whatever was before. */
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

Deno.test("a carrier that dies one way is found in eight seconds, though its handshake waited for five", async () => {
  await using world = new MuxWorld({
    pipe: { delayMs: 20 },
    client: { carriers: 1 },
    onPipe: (pipe) => isHeld && pipe.bToA.hold(),
    serve: bothWays,
  });
  let isHeld = true;
  await world.clock.advance(5_000);
  isHeld = false;
  const { pipes } = world.network;
  for (const pipe of pipes) pipe.bToA.release();
  await world.clock.advanceUntil(() => world.client.isAttached, 1_000, "a carrier");
  const [pipe] = pipes.filter(({ isOver }) => !isOver);
  pipe.aToB.blackHole();
  world.open();
  const diedMs = world.clock.now();
  await world.clock.advanceUntil(() => pipe.isOver, 20_000, "its end");
  assertLessOrEqual(world.clock.now() - diedMs, 8_000);
});
