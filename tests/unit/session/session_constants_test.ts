/** The numbers of the protocol fit together; that they are those of PROTOCOL.md, house/protocol_doc_test.ts checks. */
import { assertEquals, assertGreater, assertGreaterOrEqual } from "@std/assert";
import { FRAME_HEADER_BYTES } from "../../../lib/ping/codec.ts";
import * as constants from "../../../lib/session/session_constants.ts";

Deno.test("no two frames have the same type, no two endings the same code, and both fit into their bytes", () => {
  for (const [codes, most] of [[constants.FrameType, 0xff], [constants.EndCode, 0xffff]] as const) {
    const values: number[] = Object.values(codes);
    assertEquals(new Set(values).size, values.length);
    for (const value of values) assertEquals([Number.isInteger(value), value > 0, value <= most], [true, true, true]);
  }
});

Deno.test("a reader tells by a frame's type whether the handshake is over", () => {
  const { hello, challenge, commit, accept, refuse, ...ofSession } = constants.FrameType;
  const handshake = [hello, challenge, commit, accept, refuse];
  assertGreater(Math.min(...Object.values(ofSession)), Math.max(...handshake));
});

Deno.test("headers are made of their fields, and an acknowledgement and a probe fit into the headroom", () => {
  const counted = FRAME_HEADER_BYTES + 1;
  const [stream, offset] = [4, 8];
  assertEquals(constants.COUNTED_HEADER_BYTES, counted);
  assertEquals(constants.DATA_HEADER_BYTES, counted + stream + offset);
  assertEquals(constants.OPEN_FRAME_BYTES, counted + stream + 4 + 4 + 2 + 1);
  assertEquals(constants.RESET_FRAME_BYTES, counted + stream + offset + 2 + 2);
  assertEquals(constants.RECEIPT_FRAME_BYTES, counted + 4 + offset);
  assertEquals(constants.WINDOW_BYTES, stream + offset);
  const [acknowledge, probe] = [FRAME_HEADER_BYTES + 9, FRAME_HEADER_BYTES + 12];
  assertGreaterOrEqual(constants.HEADROOM_BYTES, acknowledge + probe);
});

Deno.test("a refusal with the longest sentence is a frame that a peer takes before the handshake is done", () => {
  assertGreater(constants.MAX_HANDSHAKE_FRAME_BYTES, 3 + constants.MAX_ENDING_TEXT_BYTES);
  assertGreater(constants.MAX_SESSION_FRAME_BYTES, constants.MAX_CONTROL_FRAME_BYTES);
});

Deno.test("the times of one rule are in order", () => {
  assertGreater(constants.MOST_ACKNOWLEDGE_DELAY_MS, constants.ACKNOWLEDGE_DELAY_MS);
  assertGreater(constants.BUSY_FOR_MS, constants.BUSY_SILENCE_MS);
  assertGreater(constants.IDLE_SESSION_KEPT_MS, constants.WATCH_MS);
  assertGreater(constants.HANDSHAKE_TIMEOUT_MS, constants.TOKEN_REFUSAL_DELAY_MS);
});
