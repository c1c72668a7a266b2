/** When a chunk would be there: what is in flight and the chunk itself at the rate, and half a round trip. */
import { assertEquals } from "@std/assert";
import { Arrival } from "../../../../lib/session/lanes/arrival.ts";

const KIB = 1024;

Deno.test("a carrier that was measured and is in use goes by its rate", () => {
  const arrival = new Arrival();
  for (const nowMs of [0, 500, 1_000]) arrival.sent(nowMs);
  const load = { inFlight: 30_000, rateBytesPerMs: 100, lowestRoundTripMs: 40, roundTripMs: 700 };
  assertEquals(arrival.inMs(load, 10_000, 1_010), 400 + 20);
});

Deno.test("one that was not measured counts as 64 KiB a round trip, doubling", () => {
  const arrival = new Arrival();
  const load = { inFlight: 0, rateBytesPerMs: 0, lowestRoundTripMs: 50, roundTripMs: 0 };
  assertEquals(arrival.inMs(load, 64 * KIB, 0), 50 + 25);
  arrival.sent(0);
  const busy = { ...load, inFlight: 64 * KIB };
  assertEquals([0, 49, 50, 99, 100].map((ms) => arrival.inMs(busy, 64 * KIB, ms)), [125, 125, 75, 75, 50]);
});

Deno.test("the guess ends where it meets what was measured, from above at once", () => {
  const arrival = new Arrival();
  arrival.sent(0);
  const slow = { inFlight: 0, rateBytesPerMs: 10, lowestRoundTripMs: 0, roundTripMs: 10_000 };
  assertEquals(arrival.inMs(slow, 1_000, 1), 100);
  const quick = new Arrival();
  quick.sent(0);
  const load = { inFlight: 0, rateBytesPerMs: 4 * 64 * KIB / 10, lowestRoundTripMs: 10, roundTripMs: 10 };
  assertEquals([0, 10, 20, 30].map((ms) => quick.inMs(load, 64 * KIB, ms)), [15, 10, 7.5, 7.5]);
  assertEquals(quick.inMs({ ...load, rateBytesPerMs: 64 * KIB }, 64 * KIB, 40), 6, "and is not made again");
});

Deno.test("one that was idle for a second begins anew, whatever was measured", () => {
  const arrival = new Arrival();
  arrival.sent(0);
  const load = { inFlight: 0, rateBytesPerMs: 64 * KIB, lowestRoundTripMs: 10, roundTripMs: 10 };
  assertEquals(arrival.inMs(load, 64 * KIB, 999), 6);
  assertEquals(arrival.inMs(load, 64 * KIB, 1_000), 10 + 5);
  arrival.sent(5_000);
  assertEquals(arrival.inMs(load, 64 * KIB, 5_000), 10 + 5);
  assertEquals(arrival.inMs(load, 64 * KIB, 5_010), 5 + 5);
});

Deno.test("a guess does not grow for ever, and a path without a known round trip has one", () => {
  const arrival = new Arrival();
  arrival.sent(0);
  const load = { inFlight: 0, rateBytesPerMs: 0, lowestRoundTripMs: 0, roundTripMs: 0 };
  assertEquals([0, 1, 100, 900].map((ms) => arrival.inMs(load, 64 * KIB, ms)), [1, 1 / 2, 1 / 1024, 1 / 1024]);
});

Deno.test("one that delivers little counts as 64 KiB in the time that its bytes take, for it may have been given little", () => {
  const arrival = new Arrival();
  arrival.sent(0);
  const load = { inFlight: 0, rateBytesPerMs: 64, lowestRoundTripMs: 64, roundTripMs: 128 };
  assertEquals([0, 500].map((ms) => arrival.inMs(load, 64 * KIB, ms)), [128 + 32, 128 + 32]);
  assertEquals(arrival.inMs({ ...load, roundTripMs: 2_048 }, 64 * KIB, 500), 1_024 + 32, "what is late is slow");
});
