/** Counted frames other than data go to whom they are for. */
import { assertEquals, assertThrows } from "@std/assert";
import type { Carrier } from "../../../lib/session/carrier/carrier.ts";
import { receiveCounted, type SessionFrames } from "../../../lib/session/counted_frames.ts";
import { writeLane, writeReceipt } from "../../../lib/session/frames.ts";
import { FrameType, LANE_FRAME_BYTES, RECEIPT_FRAME_BYTES } from "../../../lib/session/session_constants.ts";
import type { UpperLayer } from "../../../lib/session/upper_layer.ts";
import { drainFrame, openFrame, resetFrame, windowsFrame } from "../../support/frames.ts";

const ON = { number: 4 } as Carrier;

function setUp() {
  const seen: unknown[] = [];
  const upper = {
    receiveOpen: ({ id }: { id: number }) => void seen.push(["open", id]),
    receiveReset: ({ id }: { id: number }) => void seen.push(["reset", id]),
    receiveDrain: (last: number) => void seen.push(["drain", last]),
    receiveWindow: (id: number, limit: number) => void seen.push(["window", id, limit]),
  } as unknown as UpperLayer;
  const session: SessionFrames = {
    receipt: (receipt, on) => void seen.push([receipt, on.number]),
    lane: (lane, on) => void seen.push([lane, on.number]),
    want: () => void seen.push("want"),
    ticket: (ticket) => void seen.push(["ticket", ticket]),
  };
  return { seen, take: (payload: Uint8Array) => receiveCounted(payload, ON, upper, session) };
}

Deno.test("each goes to the layer above or to the session, with the carrier that brought it", () => {
  const { seen, take } = setUp();
  const receipt = new Uint8Array(RECEIPT_FRAME_BYTES), lane = new Uint8Array(LANE_FRAME_BYTES);
  writeReceipt(receipt, 0, { number: 3, taken: 2 ** 33 });
  writeLane(lane, 0, { number: 4, lane: "bulk" });
  const frames = [
    openFrame(1, { send: 1, receive: 1 }),
    resetFrame(1, 0, 2, "no"),
    windowsFrame([1, 9], [3, 8]),
    receipt,
    lane,
    drainFrame(7),
  ];
  for (const frame of frames) assertEquals(take(frame.subarray(4)), true);
  assertEquals(take(new Uint8Array([FrameType.want, 0, 0, 0, 1, 2])), true);
  assertEquals(take(new Uint8Array([FrameType.ticket, 7, 8])), true);
  assertEquals(seen, [
    ["open", 1],
    ["reset", 1],
    ["window", 1, 9],
    ["window", 3, 8],
    [{ number: 3, taken: 2 ** 33 }, 4],
    [{ number: 4, lane: "bulk" }, 4],
    ["drain", 7],
    "want",
    ["ticket", new Uint8Array([7, 8])],
  ]);
});

Deno.test("a type that is none is said not to be known, and one of the wrong length is an error", () => {
  const { seen, take } = setUp();
  assertEquals([take(new Uint8Array([0x3f])), seen], [false, []]);
  assertThrows(() => take(new Uint8Array([FrameType.receipt, 1])), Error, "a receipt of 2 bytes");
});
