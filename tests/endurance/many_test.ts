/**
 * Many sessions whose network returns at the same moment.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { describeMany, measureMany } from "../../scripts/soak/many.ts";
import { scenario } from "../support/scenario.ts";

/** The bar is 5 s. A test fails at ten times that: machines that run it may be busy. */
const RESUMED_WITHIN_MS = 50_000;
/** Nobody promised how fast others are answered meanwhile; a person would call this an outage. */
const ANSWERED_WITHIN_MS = 10_000;

Deno.test(
  "500 sessions come back together when the network does, and the server answers others meanwhile",
  scenario(400_000, async (s) => {
    const result = await measureMany(s, { sessions: 500, outageMs: 6_000 });
    const figures = describeMany(result);
    console.log(`  ${figures}`);
    assertEquals(result.resumedMs.length, 500);
    assert(result.resumedMs.at(-1)! < RESUMED_WITHIN_MS, figures);
    assert(result.othersMs.length > 0 && Math.max(...result.othersMs) < ANSWERED_WITHIN_MS, figures);
  }),
);
