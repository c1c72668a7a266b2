/** The soak: its command line, its kinds of connections, and its verdict on memory. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { judgeGrowth, LEAST_QUARTER_SAMPLES } from "../../../scripts/soak/memory.ts";
import { OUTAGE_KINDS } from "../../../scripts/soak/network.ts";
import { parseSoakOptions } from "../../../scripts/soak/options.ts";
import { kindOf, KINDS } from "../../../scripts/soak/traffic.ts";
import { UsageError } from "../../../scripts/usage_error.ts";

const MIB = 2 ** 20;

Deno.test("the command line of the soak", () => {
  const defaults = parseSoakOptions([])!;
  assertEquals([defaults.timeMs, defaults.connections], [1_800_000, 200]);
  assertEquals(parseSoakOptions(["--", "--time=20s", "--connections=5", "--seed=3"]), {
    timeMs: 20_000,
    connections: 5,
    seed: 3,
  });
  assertEquals(parseSoakOptions(["--help"]), undefined);
  const wrong = [["--time=20"], ["--connections=0"], ["--connections=many"], ["--seed=-1"], ["--tiem=1m"], ["1m"]];
  for (const args of wrong) assertThrows(() => parseSoakOptions(args), UsageError, args[0].split("=")[0]);
});

Deno.test("every kind of connection has its share, also among few", () => {
  const counts = Object.fromEntries(KINDS.map((kind) => [kind, 0]));
  for (let index = 0; index < 200; index++) counts[kindOf(index)]++;
  assertEquals(counts, {
    ...{ bulk: 26, echo: 30, short: 40, halfClose: 14, slow: 10, stuckClient: 10, stuckServer: 10 },
    ...{ refusedUpload: 30, brokenOff: 30 },
  });
  assertEquals(new Set(Array.from({ length: 40 }, (_, index) => kindOf(index))).size, KINDS.length);
  assertEquals(OUTAGE_KINDS, ["reset", "close", "black hole", "strand", "refuse", "cut"]);
});

Deno.test("growth is what the last quarter has over the second, beyond 256 bytes a connection and 16 MiB", () => {
  const quarter = LEAST_QUARTER_SAMPLES;
  const series = (...levels: number[]) => levels.flatMap((level) => new Array<number>(quarter).fill(level * MIB));
  const steady = judgeGrowth(series(100, 200, 210, 205), 100_000);
  assert(steady.grew === false && steady.earlyBytes === 200 * MIB && steady.lateBytes === 205 * MIB);
  // A third of 300,000 connections reset, and each left 1 KiB.
  const leak = judgeGrowth(series(100, 200, 225, 249), 300_000);
  assert(leak.grew === true && Math.round(leak.bytesEach) === 343);
  assert(judgeGrowth(series(200, 200, 210, 220), 300_000).grew === false, "140 bytes a connection");
  assert(judgeGrowth(series(20, 30, 40, 45), 1_000).grew === false, "16 MiB is within what comes and goes");
  assert(judgeGrowth(series(400, 200, 200, 200), 1_000).grew === false, "less is no growth");
  assert(judgeGrowth(series(100, 200, 230, 260).slice(4), 1_000).grew === undefined, "too short to tell");
});
