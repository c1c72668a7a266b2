/** The measurement of recovery: its command line. */
import { assertEquals, assertThrows } from "@std/assert";
import { parseRecoveryOptions } from "../../../scripts/recovery/options.ts";
import { UsageError } from "../../../scripts/usage_error.ts";

Deno.test("the options of deno task recovery", () => {
  const defaults = { runs: 20, parallel: 12, only: "", outageMs: 10_000, swallowedMs: 8_000, asleepMs: 30_000 };
  assertEquals(parseRecoveryOptions([]), defaults);
  const given = ["--", "--runs=3", "--only=box", "--outage=500ms"];
  assertEquals(parseRecoveryOptions(given), { ...defaults, runs: 3, only: "box", outageMs: 500 });
  assertEquals(parseRecoveryOptions(["--help"]), undefined);
  const wrong: [arg: string, says: string][] = [
    ["--runs=0", "--runs takes a whole number from 1 to 1000"],
    ["--outage=10", "--outage takes a duration, for example --outage=10s"],
    ["--run=3", "the nearest is --runs"],
    ["box", 'unknown argument "box"'],
  ];
  for (const [arg, says] of wrong) assertThrows(() => parseRecoveryOptions([arg]), UsageError, says);
});
