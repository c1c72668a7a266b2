/** How the bound of one carrier grows while the rate of its path is being found. */
import { assertEquals } from "@std/assert";
import { CarefulStart, EagerStart, type StartState } from "../../../../lib/session/path/start_bound.ts";

const STATE: StartState = { bound: 40_000, neededBytes: 30_000, isFound: true, isLate: false };

Deno.test("start bound: alone it is twice what the rate needs, late or not", () => {
  const start = new EagerStart(32_768);
  start.delivered({ bytes: 10_000, inFlightThen: 40_000 }, STATE);
  start.delivered({ bytes: 10_000, inFlightThen: 40_000 }, { ...STATE, isLate: true });
  assertEquals(start.bytes(30_000, true), 60_000);
});

Deno.test("start bound: alone it grows by what is acknowledged while no rate is found, if half of it was used", () => {
  const start = new EagerStart(32_768), unknown = { ...STATE, neededBytes: 0, isFound: false };
  start.delivered({ bytes: 10_000, inFlightThen: 19_999 }, unknown);
  assertEquals(start.bytes(0, false), 32_768);
  start.delivered({ bytes: 10_000, inFlightThen: 20_000 }, unknown);
  assertEquals(start.bytes(0, false), 42_768);
});

Deno.test("start bound: that of the first of several grows by what comes soon, not by what is late", () => {
  const start = new CarefulStart(32_768);
  start.delivered({ bytes: 10_000, inFlightThen: 40_000 }, STATE);
  assertEquals(start.bytes(30_000), 50_000);
  start.delivered({ bytes: 10_000, inFlightThen: 40_000 }, { ...STATE, isLate: true });
  assertEquals(start.bytes(30_000), 50_000);
});

Deno.test("start bound: that of the first of several is no more than twice what the rate needs where there is a queue", () => {
  const start = new CarefulStart(100_000);
  start.delivered({ bytes: 10_000, inFlightThen: 40_000 }, { ...STATE, isLate: true });
  assertEquals(start.bytes(30_000), 60_000);
});

Deno.test("start bound: on a slow path what was used and comes late shows the rate, though it may be a guess", () => {
  const guess = { ...STATE, neededBytes: 4_000, isFound: false, isLate: true };
  const bytes = [40_000, 10_000].map((inFlightThen) => {
    const start = new CarefulStart(32_768);
    start.delivered({ bytes: 2_000, inFlightThen }, guess);
    return start.bytes(4_000);
  });
  assertEquals(bytes, [16_000, 32_768], "four times what it needs; of little in flight nothing is told");
});

Deno.test("start bound: on another path it begins with what the rate needs", () => {
  const careful = new CarefulStart(100_000), eager = new EagerStart(100_000);
  for (const start of [careful, eager]) start.restart();
  assertEquals([careful.bytes(30_000), eager.bytes(30_000, false)], [30_000, 60_000]);
});
