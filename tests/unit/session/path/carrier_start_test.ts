/** A new carrier beside others comes up to speed as its TCP does. */
import { assertEquals, assertGreaterOrEqual } from "@std/assert";
import { NEW_CARRIER_BYTES } from "../../../../lib/session/path/carrier_share.ts";
import { CarrierStart } from "../../../../lib/session/path/carrier_start.ts";

const PACKET_BYTES = 1_448;
const USUAL_MS = 100;

function delivers(start: CarrierStart, bytes: number, roundTripMs = USUAL_MS): void {
  start.delivered({ bytes, roundTripMs }, USUAL_MS);
}

Deno.test("carrier start: it has 64 KiB, and as much more as was delivered", () => {
  const start = new CarrierStart();
  assertEquals(start.bytes, NEW_CARRIER_BYTES);
  delivers(start, 10_000);
  delivers(start, 20_000);
  assertEquals(start.bytes, NEW_CARRIER_BYTES + 30_000);
});

Deno.test("carrier start: a window that doubles in each round trip is full in each", () => {
  const start = new CarrierStart();
  for (let round = 1, window = 10 * PACKET_BYTES; round < 10; round++, window *= 2) {
    assertGreaterOrEqual(start.bytes, window);
    delivers(start, window);
    start.nextRound(window / 100);
  }
});

Deno.test("carrier start: it is over for good behind three round trips that brought no higher rate", () => {
  const start = new CarrierStart();
  for (const rate of [100, 200, 210, 220]) start.nextRound(rate);
  assertGreaterOrEqual(start.bytes, NEW_CARRIER_BYTES);
  start.nextRound(230);
  start.nextRound(1_000);
  delivers(start, 1_000_000);
  assertEquals(start.bytes, 0);
});

Deno.test("carrier start: it is over for good when something is later than three round trips and 50 ms", () => {
  const start = new CarrierStart();
  delivers(start, 1_000, 350);
  assertEquals(start.bytes, NEW_CARRIER_BYTES + 1_000);
  delivers(start, 1_000, 351);
  delivers(start, 1_000);
  assertEquals(start.bytes, 0);
});
