/**
 * The fuzz targets in a short form; `deno task fuzz --streams=1000000` is the long one.
 */

import { explain, runTarget } from "./run.ts";
import { TARGETS } from "./targets.ts";
import { canSimulate } from "../sim/clock.ts";

for (const target of TARGETS) {
  Deno.test({
    name: `fuzz ${target.name}: ${target.about}`,
    ignore: !canSimulate,
    async fn() {
      const { failed: [failed] } = await runTarget(target, { from: 1, streams: target.quickStreams });
      if (failed !== undefined) throw new Error(await explain(target, failed.seed));
    },
  });
}
