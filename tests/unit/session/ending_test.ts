/** Refusals and goodbyes as bytes and as errors. */
import { concat } from "@std/bytes/concat";
import { assertEquals, assertThrows } from "@std/assert";
import { TeleError } from "../../../lib/net/error.ts";
import { EndCode, FrameType } from "../../../lib/session/session_constants.ts";
import { decodeEnding, encodeEnding, endingOf, RefusalError } from "../../../lib/session/ending.ts";

Deno.test("an ending comes back, a long message is shortened, a cut one still has its code or is a protocol error", () => {
  for (const type of ["refuse", "goodbye"] as const) {
    const ending = { code: 0x1234, message: "the process ends: käme später wieder" };
    const payload = encodeEnding(type, ending);
    assertEquals(payload[0], FrameType[type]);
    assertEquals(decodeEnding(payload), ending);
    for (let length = 0; length < 3; length++) {
      assertEquals(assertThrows(() => decodeEnding(payload.slice(0, length)), TeleError).code, "protocol");
    }
    for (let length = 3; length < payload.length; length++) {
      assertEquals(decodeEnding(payload.slice(0, length)).code, ending.code);
    }
    assertEquals(encodeEnding(type, { code: 1, message: "ä".repeat(10_000) }).length, 3 + 512);
    // A letter that does not fit is left out, rather than half of it sent.
    assertEquals(decodeEnding(encodeEnding(type, { code: 1, message: "€".repeat(999) })).message, "€".repeat(170));
    const tooLong = concat([payload.subarray(0, 3), new Uint8Array(513).fill(0x61)]);
    assertEquals(assertThrows(() => decodeEnding(tooLong), TeleError).code, "protocol");
  }
});

Deno.test("a refusal without a message still says its code", () => {
  assertEquals(new RefusalError({ code: 77, message: "" }).message, "refused with code 77");
});

Deno.test("who is refused is told of another version, of a broken rule, or what the refusal says", () => {
  const ending = { code: EndCode.full, message: "no more" };
  assertEquals(endingOf(new RefusalError(ending, "for this side's log")), ending);
  assertEquals(endingOf(new TeleError("refused", "old")), { code: EndCode.version, message: "old" });
  assertEquals(endingOf(new TeleError("protocol", "odd")), { code: EndCode.protocol, message: "odd" });
});
