/** What one of several carriers may have in flight. */
import { assertEquals } from "@std/assert";
import { carrierShare } from "../../../../lib/session/path/carrier_share.ts";
import { CARRIER_BYTES } from "../../../../lib/session/share.ts";

const CARRIER = { bytesPerMs: 1_000, usualMs: 40, mayBeSpread: true };

Deno.test("carrier share: what it delivers in three round trips and 50 ms", () => {
  assertEquals([1_000, 2_000].map((bytesPerMs) => carrierShare({ ...CARRIER, bytesPerMs })), [170_000, 340_000]);
  assertEquals(carrierShare({ ...CARRIER, usualMs: 500 }), 1_550_000);
});

Deno.test("carrier share: one that is new, or alone with bulk, has 64 KiB at the least, a slow one two frames", () => {
  assertEquals(carrierShare({ ...CARRIER, bytesPerMs: 0 }), 65_536);
  assertEquals(carrierShare({ ...CARRIER, bytesPerMs: 1 }), CARRIER_BYTES);
  assertEquals(carrierShare({ ...CARRIER, bytesPerMs: 1, mayBeSpread: false }), 65_536);
});
