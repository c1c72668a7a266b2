/** What comes goes to the session or the carrier, and what counts of it is final when it is closed. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { TeleError } from "../../../../lib/net/error.ts";
import { framed } from "../../../../lib/ping/codec.ts";
import {
  type ControlTaker,
  FrameReceiver,
  type ReceivingHost,
} from "../../../../lib/session/carrier/frame_receiver.ts";
import { encodeEnding } from "../../../../lib/session/ending.ts";
import { Segment } from "../../../../lib/session/segment_pool.ts";
import { FrameType, ProbeFlag } from "../../../../lib/session/session_constants.ts";
import { dataFrame, endFrame, windowsFrame } from "../../../support/frames.ts";

const BYTES = new Uint8Array([7, 8, 9]);

/** A frame of `payload`. */
function frame(...payload: number[]): Uint8Array {
  return framed(new Uint8Array(payload));
}

/** A receiver whose session and carrier write down what they are told. */
function setUp(changes: Partial<ReceivingHost<string>> & Partial<ControlTaker> = {}) {
  const seen: unknown[] = [];
  const host: ReceivingHost<string> = {
    allowance: { left: Infinity },
    costOf: () => 1,
    receiveData: (id, offset, bytes) => void seen.push(`data of ${id} at ${offset}: ${bytes}`),
    receiveEnd: (id, offset) => void seen.push(`end of ${id} at ${offset}`),
    receiveFrame: (payload, on) => {
      assertEquals(on, "this one");
      seen.push(`frame ${payload[0]}`);
      return payload[0] === FrameType.windows;
    },
    sessionBroken: (error) => void seen.push(`broken: ${(error as Error).message}`),
    ...changes,
  };
  const receiver: FrameReceiver<string> = new FrameReceiver(host, {
    heard: () => void seen.push("heard"),
    acknowledged: (offset, nowMs) => void seen.push(`acknowledged ${offset} at ${nowMs}`),
    probed: (probe) => void seen.push(probe),
    left: () => void seen.push("left"),
    saidGoodbye: (ending) => void seen.push(ending),
    ...changes,
  }, "this one");
  const take = (...frames: Uint8Array[]) => {
    const bytes = concat(frames);
    return receiver.take(new Segment(bytes), bytes, 4_000);
  };
  return { seen, host, receiver, take };
}

Deno.test("each kind of frame goes to who is meant, the first bytes are heard, and counted ones count", () => {
  const { seen, receiver, take } = setUp();
  const counted = [endFrame(3, 5, BYTES), windowsFrame([3, 9])];
  const control = [
    frame(FrameType.acknowledge, 0, 0, 0, 0, 0, 0, 1, 2),
    frame(FrameType.probe, ProbeFlag.replyWanted, 0, 0, 3, 232, 0, 7, 0, 0, 0, 0),
    framed(encodeEnding("goodbye", { code: 1, message: "done" })),
  ];
  const all = [...counted, ...control];
  assertEquals(take(...all), concat(all).length);
  assertEquals(seen, [
    "heard",
    "data of 3 at 5: 7,8,9",
    "end of 3 at 8",
    `frame ${FrameType.windows}`,
    "acknowledged 258 at 4000",
    { replyWanted: true, isReply: false, silenceMs: 1_000, mark: 7, cameMs: 0 },
    { code: 1, message: "done" },
  ]);
  assertEquals(receiver.takenBytes, concat(counted).length);
});

Deno.test("data is told with the segment that it lies in", () => {
  const told: Segment[] = [];
  const { receiver } = setUp({ receiveData: (_id, _offset, _bytes, segment) => void told.push(segment) });
  const segment = new Segment(dataFrame(1, 0, BYTES));
  receiver.take(segment, segment.memory, 4_000);
  assert(told.length === 1 && told[0] === segment);
});

Deno.test("closed in the middle of what came, nothing behind that is told, and the count is what it was", () => {
  const first = dataFrame(1, 0, BYTES);
  const { seen, receiver, take } = setUp({ receiveEnd: () => receiver.close() });
  const bytes = [
    first,
    endFrame(1, 3),
    dataFrame(3, 0, BYTES),
    windowsFrame([1, 1]),
    frame(FrameType.probe),
    frame(99),
  ];
  take(...bytes.slice(0, 5));
  const receipt = receiver.takenBytes;
  assertEquals([seen, receiver.isClosed], [["heard", "data of 1 at 0: 7,8,9"], true]);
  assert(receipt >= first.length && receipt <= first.length + endFrame(1, 3).length);
  take(dataFrame(3, 0, BYTES));
  receiver.close();
  assertEquals([receiver.takenBytes, seen.length], [receipt, 2]);
});

Deno.test("what breaks a rule of counted frames ends the session, and the frames around it are looked at", () => {
  for (const broken of ["receiveData", "receiveEnd", "receiveFrame"]) {
    const { seen, take } = setUp({
      [broken]: () => {
        throw new TeleError("protocol", `${broken} says no`);
      },
    });
    take(endFrame(1, 0, BYTES), windowsFrame([1, 9]));
    assertEquals(seen.filter((told) => String(told).startsWith("broken")), [`broken: ${broken} says no`]);
  }
});

Deno.test("a counted frame that nobody knows ends the session: it would come again on each carrier", () => {
  const { seen, take } = setUp();
  take(frame(0x3f));
  assertEquals(seen, ["heard", "frame 63", "broken: a frame of type 63 is not known here"]);
});

Deno.test("a frame that is none, and one that nobody knows and does not count, ends the carrier only", () => {
  for (
    const [bytes, why] of [
      [frame(0x02), "type 2 is not known"],
      [frame(FrameType.probe, 1), "a probe has 12 bytes"],
      [new Uint8Array([255, 255, 255, 255]), "4294967295"],
    ] as const
  ) {
    const { seen, take } = setUp();
    assertThrows(() => take(bytes), TeleError, why);
    assertEquals(seen.filter((told) => String(told).startsWith("broken")), []);
  }
});

Deno.test("any other throw on the way may have lost what counts: it ends the session, not only the carrier", () => {
  for (
    const [what, bytes] of [["heard", dataFrame(1, 0, BYTES)], [
      "acknowledged",
      frame(FrameType.acknowledge, 0, 0, 0, 0, 0, 0, 0, 1),
    ]] as const
  ) {
    const { seen, take } = setUp({
      [what]: () => {
        throw new RangeError("a fault");
      },
    });
    assertEquals(take(bytes), bytes.length);
    assertEquals(seen, what === "heard" ? ["broken: a fault"] : ["heard", "broken: a fault"]);
  }
});

Deno.test("what the turn does not allow is left for the next", () => {
  const allowance = { left: 1 };
  const { seen, take } = setUp({ allowance });
  const frames = [windowsFrame([1, 1]), windowsFrame([1, 2])];
  assertEquals(take(...frames), frames[0].length);
  assertEquals(seen, ["heard", `frame ${FrameType.windows}`]);
});

Deno.test("the beginning of a frame that comes again whole is taken, and wasted", () => {
  const { receiver, take } = setUp();
  take(windowsFrame([1, 1]).subarray(0, 9));
  assertEquals([receiver.takenBytes, receiver.wastedBytes], [9, 9]);
});

Deno.test("behind a leave nothing counts, and nothing is looked at", () => {
  const { seen, receiver, take } = setUp();
  const goodbye = framed(encodeEnding("goodbye", { code: 1, message: "done" }));
  take(dataFrame(3, 0, BYTES), frame(FrameType.leave), dataFrame(3, 3, BYTES), goodbye);
  assertEquals(seen, ["heard", "data of 3 at 0: 7,8,9", "left"]);
  assertEquals([receiver.takenBytes, receiver.isDeaf], [dataFrame(3, 0, BYTES).length, true]);
  assertThrows(() => setUp().take(frame(FrameType.leave, 0)), TeleError, "a leave of 2 bytes");
});

Deno.test("behind a goodbye of this end only acknowledgements are looked at", () => {
  const { seen, receiver, take } = setUp();
  take(dataFrame(3, 0, BYTES));
  receiver.lookFor(FrameType.acknowledge);
  const goodbye = framed(encodeEnding("goodbye", { code: 1, message: "done" }));
  take(dataFrame(3, 3, BYTES), goodbye, frame(FrameType.acknowledge, 0, 0, 0, 0, 0, 0, 0, 9));
  assertEquals(seen.slice(2), ["acknowledged 9 at 4000"]);
  assertEquals([receiver.takenBytes, receiver.isDeaf], [dataFrame(3, 0, BYTES).length, false]);
});

Deno.test("of a carrier that is gone only a goodbye is looked for, until it is closed", () => {
  const { seen, receiver, take } = setUp();
  take(dataFrame(3, 0, BYTES));
  receiver.lookFor(FrameType.goodbye);
  const goodbye = framed(encodeEnding("goodbye", { code: 1, message: "done" }));
  take(dataFrame(3, 3, BYTES), frame(FrameType.leave), goodbye);
  assertEquals(seen.slice(2), [{ code: 1, message: "done" }]);
  assertEquals([receiver.takenBytes, receiver.isDeaf], [dataFrame(3, 0, BYTES).length, false]);
  receiver.close();
  take(goodbye);
  assertEquals([seen.length, receiver.isDeaf], [3, true]);
});
