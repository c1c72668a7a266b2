/** A whole client and server with six carriers on a slow path that they all share: who waits there is not dead. */
import { assert, assertEquals } from "@std/assert";
import { PathWorld } from "../../support/model_path/path_world.ts";

const KIB = 1024;

for (const control of ["bbr", "cubic"] as const) {
  for (const flow of ["up", "down", "both"]) {
    Deno.test(`six carriers of 16 kbit/s live behind each other's bytes, ${flow}, ${control}`, async () => {
      const path = { bytesPerMs: 2, roundTripMs: 20, queueBytes: 64 * KIB, loss: 0, gatherMs: 0 };
      await using world = new PathWorld({ path, control, client: { carriers: 6, leastCarriers: 6 } });
      await world.attached();
      if (flow !== "down") world.upload();
      const downloaded = flow === "up" ? undefined : world.download();
      await world.clock.advance(40_000);
      assertEquals(world.linesWith("lost"), []);
      assert(flow === "down" || world.uploaded.bytes > 30_000);
      assert(downloaded === undefined || downloaded.bytes > 30_000);
    });
  }
}

Deno.test("a client of six carriers that ends under an upload at 16 kbit/s is heard, however long that takes", async () => {
  const path = { bytesPerMs: 2, roundTripMs: 20, queueBytes: 64 * KIB, loss: 0, gatherMs: 0 };
  await using world = new PathWorld({ path, control: "bbr", client: { carriers: 6, leastCarriers: 6 } });
  await world.attached();
  world.upload();
  await world.clock.advance(20_000);
  await world.clock.run(world.client.stop("the client ends"), 120_000);
  assertEquals(world.linesWith("ended: the client ends").length, 1);
  assertEquals(world.linesWith("lost"), []);
});

for (
  const [flow, control, carriers, seed] of [["up", "bbr", 1, 3003], ["down", "bbr", 3, 1031], [
    "both",
    "cubic",
    6,
    1071,
  ]] as const
) {
  Deno.test(`a packet lost of the first bytes at 16 kbit/s ends no carrier, ${flow}, ${control}, seed ${seed}`, async () => {
    const path = { bytesPerMs: 2, roundTripMs: 2, queueBytes: 64 * KIB, loss: 0.01, gatherMs: 0 };
    await using world = new PathWorld({ path, control, seed, client: { carriers, leastCarriers: carriers } });
    await world.attached();
    if (flow !== "down") world.upload();
    if (flow !== "up") world.download();
    await world.clock.advance(40_000);
    assertEquals(world.linesWith("lost"), []);
  });
}
