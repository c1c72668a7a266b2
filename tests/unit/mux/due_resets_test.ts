/** Resets wait for what their streams sent before, and count until they are in a log. */
import { assertEquals } from "@std/assert";
import { DueResets } from "../../../lib/mux/due_resets.ts";
import { FrameLog } from "../../../lib/session/carrier/frame_log.ts";
import { WriteHold } from "../../../lib/session/carrier/write_hold.ts";
import { decodeReset } from "../../../lib/session/frames.ts";
import { LogBudget } from "../../../lib/session/log_budget.ts";
import { MAX_EXTRA_BYTES, RESET_FRAME_BYTES } from "../../../lib/session/session_constants.ts";
import { BULK, QUIET } from "../../../lib/session/share.ts";

/** Frames of a stream, of which some may wait to be sent again. */
function framesOf(areQueued: boolean) {
  const frames = {
    areQueued,
    isQuiet: true,
    held: 0,
    frameHeld: () => void frames.held++,
    openLog: undefined as object | undefined,
    isUnwanted: false,
    frameTaken() {},
    frameMoved() {},
    frameQueued() {},
    frameUnqueued() {},
  };
  return frames;
}

function emptyLog(): FrameLog {
  return new FrameLog(new LogBudget({ limitBytes: 1 << 20 }));
}

Deno.test("a reset is told with its offset, its code and its words", () => {
  const resets = new DueResets();
  assertEquals(resets.isEmpty, true);
  resets.add({ id: 7, offset: 300, code: 2, message: "went away" });
  assertEquals([resets.isEmpty, resets.bytes], [false, RESET_FRAME_BYTES + 9]);
  const log = emptyLog();
  resets.writeInto(log);
  assertEquals([resets.isEmpty, resets.bytes], [true, 0]);
  const frame = log.nextWrite(new WriteHold())!;
  assertEquals(decodeReset(frame.subarray(4)), { id: 7, offset: 300, code: 2, message: "went away" });
});

Deno.test("a reset whose stream has frames to be sent again waits for them, and keeps none of the others up", () => {
  const resets = new DueResets();
  const frames = framesOf(true);
  resets.add({ id: 1, offset: 0, code: 2, message: "", frames });
  resets.add({ id: 3, offset: 0, code: 2, message: "" });
  const log = emptyLog();
  resets.writeInto(log);
  assertEquals([log.end, resets.isEmpty, resets.bytes], [RESET_FRAME_BYTES, false, RESET_FRAME_BYTES]);
  frames.areQueued = false;
  resets.writeInto(log);
  assertEquals([log.end, resets.isEmpty, resets.bytes], [2 * RESET_FRAME_BYTES, true, 0]);
});

Deno.test("beside other carriers a reset goes behind its stream's open, or on the quiet one", () => {
  const resets = new DueResets();
  const [log, other] = [emptyLog(), emptyLog()];
  const frames = framesOf(false);
  frames.openLog = other;
  resets.add({ id: 1, offset: 0, code: 2, message: "", frames });
  resets.add({ id: 3, offset: 0, code: 2, message: "" });
  resets.writeInto(log, BULK);
  assertEquals(log.end, 0);
  resets.writeInto(log, QUIET);
  assertEquals([log.end, resets.isEmpty], [RESET_FRAME_BYTES, false]);
  resets.writeInto(other, BULK);
  assertEquals([other.end, resets.isEmpty], [RESET_FRAME_BYTES, true]);
});

Deno.test("what becomes of a reset is told to the frames of its stream", () => {
  const resets = new DueResets();
  const frames = framesOf(false);
  resets.add({ id: 1, offset: 0, code: 2, message: "", frames });
  resets.writeInto(emptyLog());
  assertEquals(frames.held, 1);
});

Deno.test("words are cut to what a frame may have, and nothing of them goes on counting", () => {
  const resets = new DueResets();
  resets.add({ id: 1, offset: 0, code: 2, message: "é".repeat(MAX_EXTRA_BYTES) });
  const log = emptyLog();
  resets.writeInto(log);
  assertEquals([log.end, resets.bytes], [RESET_FRAME_BYTES + MAX_EXTRA_BYTES, 0]);
});
