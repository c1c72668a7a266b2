/** What carriers that are gone left behind. */
import { assertEquals, assertGreater } from "@std/assert";
import type { Duplex } from "../../../lib/net/duplex.ts";
import type { Carrier } from "../../../lib/session/carrier/carrier.ts";
import { Pace } from "../../../lib/session/carrier/pace.ts";
import { FormerCarriers, type LearnedCarrier } from "../../../lib/session/former_carriers.ts";

const PATH = { peer: "192.0.2.1:5", localAddress: "192.0.2.7" } as Duplex;
const LOST = { arrivedBytes: 0, isWaiting: true, isEmpty: false, silentMs: 2_500, roundTripMs: 9 };

/** A carrier that sent something large at the beginning. */
function carrier(taken = 0, wastedBytes = 0, path = 0): LearnedCarrier {
  const pace = new Pace();
  pace.sent(0, 0, 64_000);
  return { carrier: { taken, wastedBytes, roundTripMs: 9, room: { pace } } as unknown as Carrier, path };
}

Deno.test("what was taken from them adds up, and what of it was in vain", () => {
  const former = new FormerCarriers();
  for (const [taken, wasted] of [[70, 5], [3, 3]] as const) former.gone(0, carrier(taken, wasted));
  assertEquals([former.takenBytes, former.wastedBytes], [73, 8]);
});

Deno.test("each that is gone teaches how the next one begins to send", () => {
  const former = new FormerCarriers();
  assertEquals(former.legacy(0, PATH).caution.level, 0);
  former.gone(3_000, carrier());
  assertEquals(former.legacy(0, PATH).caution.level, 1);
});

Deno.test("what one path taught says nothing of another, and is not forgotten for a carrier there", () => {
  const former = new FormerCarriers();
  const cable = { ...PATH, localAddress: "192.0.2.8" };
  for (const [path, duplex] of [[0, PATH], [1, cable]] as const) former.legacy(path, duplex);
  former.gone(3_000, carrier(0, 0, 1));
  assertEquals([former.legacy(0, PATH).caution.level, former.legacy(1, cable).caution.level], [0, 1]);
});

Deno.test("one that failed leaves its round trip, and patience for the next", () => {
  const former = new FormerCarriers();
  former.attached(0, 0);
  former.failed(3_000, carrier().carrier, LOST);
  assertEquals(former.roundTripMs, 9);
  assertGreater(former.patienceMs, 0);
  former.startOver();
  assertEquals(former.patienceMs, 0, "the machine moved");
});
