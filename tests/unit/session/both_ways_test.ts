/** Bulk both ways at once, by a whole client and server: probes wait in the queues of both, and each end has its own. */
import { assertGreater } from "@std/assert";
import { PathWorld } from "../../support/model_path/path_world.ts";

const BYTES_PER_MS = 2_500;
const SECONDS = 5;

for (const control of ["bbr", "cubic"] as const) {
  Deno.test(`neither of an upload and a download at once pushes the other aside, six carriers, ${control}`, async () => {
    const path = { bytesPerMs: BYTES_PER_MS, roundTripMs: 40, queueBytes: 256 * 1024, loss: 0, gatherMs: 0 };
    await using world = new PathWorld({ path, control, client: { carriers: 6 } });
    await world.attached();
    world.upload();
    const downloaded = world.download(), { uploaded } = world;
    await world.clock.advance(SECONDS * 1_000);
    const before = [uploaded.bytes, downloaded.bytes];
    await world.clock.advance(SECONDS * 1_000);
    const used = [uploaded.bytes, downloaded.bytes].map((bytes, at) => {
      return (bytes - before[at]) / (SECONDS * 1_000 * BYTES_PER_MS);
    });
    for (const share of used) assertGreater(share, 0.6, `${used}`);
  });
}
