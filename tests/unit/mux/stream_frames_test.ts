/** What a stream knows of the frames it has sent: who has them, and whether some wait to be sent again. */
import { assertEquals } from "@std/assert";
import { QUIET_BYTES, QUIET_SPAN_MS } from "../../../lib/mux/mux_constants.ts";
import { Turn } from "../../../lib/mux/scheduler.ts";
import { StreamFrames } from "../../../lib/mux/stream_frames.ts";

/** Where they are. */
const LOG = {};

/** Frames of a stream, and what it was told. */
function setUp(isOpener = false) {
  const told: string[] = [];
  const turn = new Turn();
  const clock = { nowMs: 0, now: () => clock.nowMs };
  const sender = { turn, framesTaken: () => void told.push("taken"), framesGone: () => void told.push("gone") };
  return { told, turn, clock, frames: new StreamFrames(sender, clock, isOpener) };
}

Deno.test("frames are taken when the last of them is, and that is told each time", () => {
  const { told, frames } = setUp();
  assertEquals(frames.areTaken, true, "none was sent");
  frames.frameHeld(LOG);
  frames.frameHeld(LOG);
  frames.frameTaken();
  assertEquals([told, frames.areTaken], [[], false]);
  frames.frameTaken();
  assertEquals([told, frames.areTaken], [["taken"], true]);
  frames.frameHeld(LOG);
  frames.frameTaken();
  assertEquals(told, ["taken", "taken"]);
});

Deno.test("a frame that goes from one log to another, in parts perhaps, is not taken meanwhile", () => {
  const { told, frames } = setUp();
  frames.frameHeld(LOG);
  frames.frameQueued();
  assertEquals([frames.areTaken, frames.areQueued], [false, true]);
  frames.frameHeld(LOG);
  frames.frameHeld(LOG);
  frames.frameMoved();
  frames.frameUnqueued();
  assertEquals([told, frames.areTaken, frames.areQueued], [["gone"], false, false]);
  frames.frameTaken();
  frames.frameTaken();
  assertEquals(told, ["gone", "taken"]);
});

Deno.test("a stream may send again when the last of its frames waits no more", () => {
  const { told, frames } = setUp();
  frames.frameQueued();
  frames.frameQueued();
  frames.frameUnqueued();
  assertEquals([told, frames.areQueued], [[], true]);
  frames.frameUnqueued();
  assertEquals([told, frames.areQueued], [["gone"], false]);
});

Deno.test("a stream that is over hears no more, and its reset still learns whether frames wait in front of it", () => {
  const { told, frames } = setUp();
  frames.frameHeld(LOG);
  frames.frameQueued();
  frames.forget();
  assertEquals(frames.areQueued, true);
  frames.frameUnqueued();
  frames.frameTaken();
  assertEquals([told, frames.areQueued], [[], false]);
});

Deno.test("its frames are unwanted from the peer's reset on", () => {
  const { frames } = setUp();
  assertEquals(frames.isUnwanted, false);
  frames.resetByPeer();
  assertEquals(frames.isUnwanted, true);
});

Deno.test("its frames are quiet when the stream is, also when it is over", () => {
  const { turn, clock, frames } = setUp();
  assertEquals(frames.isQuiet, true);
  turn.sent(QUIET_BYTES, 0);
  frames.forget();
  assertEquals(frames.isQuiet, false);
  clock.nowMs = QUIET_SPAN_MS;
  assertEquals(frames.isQuiet, true);
});

Deno.test("until its open was taken everything of a stream goes there, wherever that goes, and all of it is quiet", () => {
  const { turn, frames } = setUp(true);
  turn.sent(QUIET_BYTES, 0);
  assertEquals([frames.openLog, frames.isQuiet], [undefined, true]);
  frames.frameHeld(LOG);
  assertEquals([frames.openLog === LOG, frames.isQuiet], [true, true]);
  const other = {};
  frames.frameHeld(other);
  frames.frameMoved();
  assertEquals(frames.openLog === other, true, "its carrier is gone");
  frames.frameQueued();
  assertEquals([undefined, LOG, other].some((log) => log === frames.openLog), false, "it waits to be sent again");
  frames.frameHeld(LOG);
  frames.frameMoved();
  frames.frameUnqueued();
  assertEquals(frames.openLog === LOG, true);
  frames.frameTaken();
  assertEquals([frames.openLog, frames.isQuiet], [undefined, false]);
  frames.frameHeld(LOG);
  assertEquals(frames.openLog, undefined);
});
