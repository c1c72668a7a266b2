/**
 * Memory under outage, and of connections that rest. `deno task measure` has the figures at full size.
 *
 * @module
 */
import { assert } from "@std/assert";
import { describeFlood, FULL_LOGS, MANY_SENDERS, measureFlood } from "../../scripts/soak/flood.ts";
import { describeIdle, measureIdle } from "../../scripts/soak/idle.ts";
import { scenario } from "../support/scenario.ts";

const KIB = 1024;
const MIB = 2 ** 20;

/** Only Linux tells how much memory another process holds. */
const ignore = Deno.build.os !== "linux";
if (ignore) console.error("skipped, for want of /proc: the memory of processes");

for (
  const [where, path] of [
    ["in an outage", MANY_SENDERS],
    ["in an outage that finds its logs full", FULL_LOGS],
  ] as const
) {
  Deno.test({
    name: `senders that never stop: each end grows by less than its replay buffer and 32 MiB ${where}`,
    ignore,
    fn: scenario(300_000, async (s) => {
      const lengths = { warmBytes: 16 * MIB, outageMs: 4_000, settleMs: 1_000, closedMs: [1_000] };
      const ends = await measureFlood(s, { ...path, ...lengths });
      const { replayBufferBytes } = path;
      for (const end of ends) {
        const figures = describeFlood(end);
        console.log(`  ${figures}`);
        assert(end.before > 0 && end.most - end.before < replayBufferBytes + 32 * MIB, figures);
        assert(end.logMost < replayBufferBytes + MIB, figures);
        // What came in the last moments before the outage may have been acknowledged.
        if (path === FULL_LOGS) assert(end.logMost > replayBufferBytes / 2, figures);
        // V8 frees memory late: here it must only stop growing. `deno task measure flood` waits longer.
        assert(end.closed[0] - end.before < 2 * (replayBufferBytes + 32 * MIB), figures);
      }
    }),
  });
}

Deno.test({
  name: "2000 idle connections cost less than 48 KiB each at either end",
  ignore,
  fn: scenario(120_000, async (s) => {
    const ends = await measureIdle(s, { connections: 2_000, settleMs: 1_500, closedMs: [1_000] });
    for (const end of ends) {
      const figures = describeIdle(end);
      console.log(`  ${figures}`);
      // Twice what ten thousand may cost: with fewer, what V8 sets aside at once weighs more.
      assert(end.held > 0 && end.perConnection < 48 * KIB, figures);
    }
  }),
});
