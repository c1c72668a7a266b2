/** Making frames: what they are on the wire, and whose memory they are in. */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { FrameEncoder, MOST_PAYLOAD_BYTES } from "../../../../lib/net/websocket/frame_encoder.ts";
import { headerBytes, Opcode, readHeader, type WebSocketSide } from "../../../../lib/net/websocket/frame_header.ts";
import { mask, MASK_BYTES } from "../../../../lib/net/websocket/mask.ts";
import { generated } from "../../../support/random.ts";

/** The masking key of a frame, if it has one. */
function keyOf(frame: Uint8Array, from: WebSocketSide): Uint8Array | undefined {
  const length = headerBytes(frame, frame.length);
  return readHeader(frame, from).isMasked ? frame.slice(length - MASK_BYTES, length) : undefined;
}

/** The payload of one frame. */
function payloadOf(frame: Uint8Array, from: WebSocketSide): Uint8Array {
  const payload = frame.slice(headerBytes(frame, frame.length));
  assertEquals(payload.length, readHeader(frame, from).payloadBytes);
  const key = keyOf(frame, from);
  if (key !== undefined) mask(payload, key, 0);
  return payload;
}

for (const side of ["client", "server"] as const) {
  Deno.test(`a ${side}'s frames hold what they were given, which is left as it was`, () => {
    const encoder = new FrameEncoder(side);
    for (const bytes of [0, 1, 125, 126, 1_024, 1_025, 65_535, MOST_PAYLOAD_BYTES, 7]) {
      const payload = generated(bytes, bytes);
      const frame = encoder.encode(Opcode.binary, payload);
      assertEquals(payloadOf(frame, side), generated(bytes, bytes));
      assertEquals(payload, generated(bytes, bytes));
    }
  });
}

Deno.test("each of a client's frames has a key of its own (RFC 6455, 5.3)", () => {
  const encoder = new FrameEncoder("client");
  const keys = Array.from(
    { length: 20 },
    () => String(keyOf(encoder.encode(Opcode.ping, new Uint8Array()), "client")),
  );
  assertEquals(new Set(keys).size, 20);
  assertNotEquals(keys[0], "0,0,0,0");
});

Deno.test("large memory is held only while large frames are made", () => {
  const encoder = new FrameEncoder("client");
  const heldBytes = (payloadBytes: number) =>
    encoder.encode(Opcode.binary, new Uint8Array(payloadBytes)).buffer.byteLength;
  assert(heldBytes(1_024) < 1_100);
  assert(heldBytes(MOST_PAYLOAD_BYTES) > MOST_PAYLOAD_BYTES);
  assert(heldBytes(10) < 1_100);
});
