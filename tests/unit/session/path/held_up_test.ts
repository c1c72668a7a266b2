/** Whether what is under way is held up behind what was lost: no queue on a slow path looks like it. */
import { assertEquals } from "@std/assert";
import { grownHeldUp, isHeldUp } from "../../../../lib/session/path/held_up.ts";
import { CARRIER_BYTES } from "../../../../lib/session/share.ts";

const LOSSY = { lowestMs: 82, bulkMs: 200, mostInFlight: 30_000 };

Deno.test("held up: bulk is late, and what asks for a queue is not", () => {
  assertEquals(isHeldUp(LOSSY, 80), true);
  assertEquals(isHeldUp({ ...LOSSY, lowestMs: 190 }, 80), false, "both wait in a queue");
});

Deno.test("held up: bulk that takes little longer than the path, or of which nothing came, is not", () => {
  const bulkMs = 1.5 * 80 + 25;
  assertEquals([bulkMs, bulkMs + 1, 0].map((ms) => isHeldUp({ ...LOSSY, bulkMs: ms }, 80)), [false, true, false]);
});

Deno.test("held up: on a slow path a probe slips in front of a burst, which is little", () => {
  // 128 kbit/s × 60 ms with a bound of 10 KB, and 256 kbit/s with one of 9 KB.
  assertEquals(isHeldUp({ lowestMs: 400, bulkMs: 615, mostInFlight: 10_000 }, 190), false);
  assertEquals(isHeldUp({ lowestMs: 150, bulkMs: 320, mostInFlight: 9_000 }, 100), false);
});

Deno.test("held up: the bound grows by half, to what keeps five carriers busy", () => {
  assertEquals([40_000, 40_001, 150_000, 1e6].map(grownHeldUp), [60_000, 60_002, 5 * CARRIER_BYTES, 5 * CARRIER_BYTES]);
});
