/** Data passes as it comes, control frames come whole, wherever the carrier's bytes were cut. */
import { concat } from "@std/bytes/concat";
import { assertEquals, assertThrows } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import { framed } from "../../../../lib/ping/codec.ts";
import { SessionFrameReader } from "../../../../lib/session/carrier/frame_reader.ts";
import { MAX_CONTROL_FRAME_BYTES, MAX_SESSION_FRAME_BYTES } from "../../../../lib/session/session_constants.ts";

const DATA = 0x10;
const HINT = 0x14;

/** What a reader found: counted bytes in one row, control frames each for itself, in order. */
function setUp() {
  const found: { data?: number[]; control?: number[] }[] = [];
  const reader = new SessionFrameReader({
    data: (bytes) => {
      const last = found.at(-1);
      if (last?.data !== undefined) last.data.push(...bytes);
      else found.push({ data: [...bytes] });
    },
    control: (payload) => void found.push({ control: [...payload] }),
  });
  return { found, reader };
}

function frame(...payload: number[]): Uint8Array {
  return framed(new Uint8Array(payload));
}

Deno.test("frames are found in order, however their bytes are cut", () => {
  const bytes = concat([frame(DATA, 1, 2, 3), frame(HINT, 4, 5), frame(), frame(DATA, 6), frame(HINT), frame(HINT, 7)]);
  const expected = [{ data: [1, 2, 3] }, { control: [HINT, 4, 5] }, { data: [6] }, { control: [HINT] }, {
    control: [HINT, 7],
  }];
  for (let size = 1; size <= bytes.length; size++) {
    const { found, reader } = setUp();
    for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
    assertEquals(found, expected, `pieces of ${size} bytes`);
  }
});

Deno.test("data need not wait for the rest of its frame", () => {
  const { found, reader } = setUp();
  reader.push(frame(DATA, 1, 2, 3).subarray(0, 6));
  assertEquals(found, [{ data: [1] }]);
});

Deno.test("a frame of data without data is nothing", () => {
  const { found, reader } = setUp();
  reader.push(frame(DATA));
  assertEquals(found, []);
});

Deno.test("the largest control frame is taken, one byte more is an error, also when it comes in pieces", () => {
  const largest = new Uint8Array(MAX_CONTROL_FRAME_BYTES).fill(HINT);
  const tooLarge = framed(new Uint8Array(MAX_CONTROL_FRAME_BYTES + 1).fill(HINT));
  for (const size of [1_000, tooLarge.length]) {
    const { found, reader } = setUp();
    reader.push(framed(largest));
    assertEquals(found[0]?.control?.length, MAX_CONTROL_FRAME_BYTES);
    const error = assertThrows(
      () => {
        for (let at = 0; at < tooLarge.length; at += size) reader.push(tooLarge.subarray(at, at + size));
      },
      TeleError,
      "a control frame is too large",
    );
    assertEquals([error.code, found.length], ["protocol", 1]);
  }
});

Deno.test("a control frame that follows one in pieces has only its own bytes", () => {
  const { found, reader } = setUp();
  reader.push(frame(HINT, 1, 2).subarray(0, 5));
  reader.push(concat([frame(HINT, 1, 2).subarray(5), frame(HINT, 3)]));
  assertEquals(found, [{ control: [HINT, 1, 2] }, { control: [HINT, 3] }]);
});

Deno.test("a frame above the limit is refused from its length", () => {
  const { reader } = setUp();
  const header = new Uint8Array(4);
  new DataView(header.buffer).setUint32(0, MAX_SESSION_FRAME_BYTES + 1);
  assertEquals(assertThrows(() => reader.push(header), TeleError).code, "protocol");
});
