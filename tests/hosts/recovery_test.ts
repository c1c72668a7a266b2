/** A few runs of `deno task recovery` in small: recovery that is ten times too slow fails here. */
import { assert } from "@std/assert";
import { measure } from "../../scripts/recovery/measure.ts";
import { isWithin, table } from "../../scripts/recovery/table.ts";
import { requiresHosts } from "../support/namespace.ts";

const TIMES_THE_BAR = 10;

Deno.test({
  name: "bytes move again soon after a black hole, a box that swallows, a sleep, a change of address and a reset",
  ...requiresHosts("ss", "socat"),
  fn: async () => {
    const rows = await measure({
      runs: 3,
      parallel: 14,
      outageMs: 5_000,
      swallowedMs: 5_000,
      asleepMs: 5_000,
      patienceMs: 21_000,
      plainPatienceMs: 1_000,
    });
    assert(rows.every((row) => isWithin(row, TIMES_THE_BAR)), `\n${table(rows).join("\n")}`);
  },
});
