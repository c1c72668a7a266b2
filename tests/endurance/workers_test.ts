/**
 * Two workers of a server, and the clients that both of them serve.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import {
  costOf,
  describePassing,
  describeWorkers,
  measurePassing,
  measureWorkers,
  sharesOf,
} from "../../scripts/soak/workers.ts";
import { scenario } from "../support/scenario.ts";
import { requires } from "../support/skip.ts";

/** The bar is 35 %. */
const LEAST_SHARE = 0.1;
/** Half-filled workers compute more for a request than a full one; ten times as much would be a fault. */
const MOST_TIMES = 10;

const programs = Deno.build.os === "linux" ? requires("nginx", "wrk") : { ignore: true };

Deno.test({
  name: "two workers share the requests of eight clients",
  ...programs,
  fn: scenario(180_000, async (s) => {
    const contenders = [[1], [2]];
    const results = await measureWorkers(s, { contenders, clients: 8, connections: 4, rounds: 1, seconds: 4 });
    const figures = results.map(describeWorkers).join("\n  ");
    console.log(`  ${figures}`);
    const [one, two] = results.map(({ rounds }) => rounds[0]!);
    assertEquals([one!.workerSeconds.length, two!.workerSeconds.length], [1, 2]);
    assert(Math.min(...sharesOf(two!)) > LEAST_SHARE, figures);
    assert(costOf(two!) < MOST_TIMES * costOf(one!), figures);
  }),
});

Deno.test({
  name: "requests are answered by whichever worker a carrier comes to",
  ...programs,
  fn: scenario(180_000, async (s) => {
    const result = await measurePassing(s, { cuts: 4, connections: 8, seconds: 2 });
    console.log(`  ${describePassing(result)}`);
    const costs = [...result.direct, ...result.passed];
    assertEquals(costs.filter((cost) => Number.isFinite(cost) && cost > 0).length, 4);
  }),
});
