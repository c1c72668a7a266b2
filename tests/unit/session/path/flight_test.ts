/** What is under way on a carrier: counts, round trips and rates of its acknowledgements. */
import { assert, assertEquals, assertGreaterOrEqual } from "@std/assert";
import fc from "fast-check";
import { LEAST_BOUND } from "../../../../lib/session/path/least_bound.ts";
import { FIRST_BOUND } from "../../../../lib/session/path/startup.ts";
import { PathBound } from "../../../../lib/session/path/path_bound.ts";

Deno.test("flight: partial, repeated and impossible acknowledgements", () => {
  const flight = new PathBound().join();
  flight.onAck(0, 0);
  flight.onAck(0, 5_000);
  assertEquals([flight.inFlight, flight.roundTripMs, flight.rateBytesPerMs], [0, 0, 0]);
  flight.onSend(1, 1_000);
  flight.onSend(2, 2_000);
  flight.onSend(2, 1_400); // goes back: ignored
  flight.onAck(11, 500); // half of the first write
  // One acknowledgement on a short path says nothing of the rate yet.
  assertEquals([flight.inFlight, flight.lowestRoundTripMs, flight.rateBytesPerMs], [1_500, 10, 0]);
  flight.onAck(12, 200);
  flight.onAck(13, NaN);
  assertEquals(flight.inFlight, 1_500);
  flight.onAck(22, 9_999);
  assertEquals([flight.inFlight, flight.room()], [0, flight.bound]);
});

Deno.test("flight: what follows a pause was not limited by the bound, and says nothing against the rate", () => {
  const flight = new PathBound().join();
  let sent = 0;
  for (let nowMs = 100; nowMs < 5_000; nowMs += 100) {
    flight.onSend(nowMs, sent += 10_000);
    flight.onAck(nowMs + 60, sent);
  }
  assertEquals(flight.bound, FIRST_BOUND);
  assertEquals(flight.frameBytes, Infinity);
});

Deno.test("flight: a million small writes without an acknowledgement cost little", () => {
  const flight = new PathBound().join();
  for (let write = 1; write <= 1_000_000; write++) flight.onSend(write * 0.1, write);
  assertEquals(flight.inFlight, 1_000_000);
  for (let ack = 10; ack <= 1_000_000; ack += 10) flight.onAck(100_000 + ack * 0.01, ack);
  assertEquals(flight.inFlight, 0);
});

Deno.test("flight: whatever happens, the bound keeps its floor and the numbers stay sane", () => {
  const time = fc.oneof(
    fc.constant(0),
    fc.double({ min: 0, max: 20, noNaN: true }),
    fc.integer({ min: -5, max: 20_000 }),
  );
  const step = fc.oneof(
    fc.record({ kind: fc.constant("send" as const), ms: time, bytes: fc.integer({ min: -10, max: 1 << 20 }) }),
    fc.record({ kind: fc.constant("ack" as const), ms: time, bytes: fc.integer({ min: -10, max: 1 << 21 }) }),
    fc.record({ kind: fc.constant("limited" as const), ms: time, bytes: fc.constant(0) }),
  );
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 600, size: "max" }), (steps) => {
      const flight = new PathBound().join();
      let nowMs = 0, sent = 0, acked = 0;
      for (const { kind, ms, bytes } of steps) {
        nowMs += ms;
        if (kind === "limited") flight.markApplicationLimited();
        if (kind === "send") {
          flight.onSend(nowMs, sent + bytes);
          sent = Math.max(sent, sent + bytes);
        }
        if (kind === "ack") {
          flight.onAck(nowMs, acked + bytes);
          acked = Math.max(acked, Math.min(sent, acked + bytes));
        }
        assertEquals(flight.inFlight, sent - acked);
        assertEquals(flight.room(), Math.max(0, flight.bound - flight.inFlight));
        assertGreaterOrEqual(flight.bound, LEAST_BOUND);
        for (const value of [flight.bound, flight.roundTripMs, flight.lowestRoundTripMs, flight.rateBytesPerMs]) {
          assert(Number.isFinite(value) && value >= 0);
        }
      }
    }),
    { numRuns: 150 },
  );
});
