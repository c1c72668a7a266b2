/** A frame that is sent again: what of it was not taken, and where it belongs in its stream. */
import { assertEquals } from "@std/assert";
import type { Piece } from "../../../lib/session/carrier/piece_queue.ts";
import { FrameType } from "../../../lib/session/session_constants.ts";
import { framesOf, inOrder, isData, offsetOf, opensOf, type WaitingFrame } from "../../../lib/session/waiting_frame.ts";
import { dataFrame, endFrame, openFrame, resetFrame } from "../../support/frames.ts";
import { concat } from "@std/bytes/concat";

function pieceOf(...frames: Uint8Array[]): Piece {
  const memory = concat(frames);
  const owners = frames.map(() => undefined);
  return {
    memory,
    start: 0,
    end: memory.length,
    offset: 1000,
    segment: undefined,
    owners,
    headroom: 0,
    copies: undefined,
  };
}

const OPEN = openFrame(5, { send: 1, receive: 1 });

/** Type, where it begins, and the offset of a rest. */
function told(frames: Iterable<[WaitingFrame, number]>): [number, number, number | undefined, number][] {
  return [...frames].map(([{ type, start, offset }, wastedBytes]) => [type, start, offset, wastedBytes]);
}

Deno.test("the frames of a piece that were not taken, of data the rest, of others all", () => {
  const piece = pieceOf(OPEN, dataFrame(5, 100, new Uint8Array(10)), endFrame(5, 110));
  const { open, data, end } = FrameType;
  assertEquals(told(framesOf(piece, 0)), [[open, 0, undefined, 0], [data, 20, undefined, 0], [end, 47, undefined, 0]]);
  assertEquals(told(framesOf(piece, 1019)), [[open, 0, undefined, 19], [data, 20, undefined, 0], [
    end,
    47,
    undefined,
    0,
  ]]);
  assertEquals(told(framesOf(piece, 1037)), [[data, 20, undefined, 17], [end, 47, undefined, 0]]);
  assertEquals(told(framesOf(piece, 1040)), [[data, 40, 103, 0], [end, 47, undefined, 0]]);
  assertEquals(told(framesOf(piece, 1064)), []);
});

Deno.test("the opens of a piece are found wherever they stand", () => {
  const piece = pieceOf(
    dataFrame(3, 0, new Uint8Array(10)),
    OPEN,
    endFrame(5, 0),
    openFrame(7, { send: 1, receive: 1 }),
  );
  assertEquals([...opensOf(piece)].map(([{ id, type }]) => [id, type]), [[5, FrameType.open], [7, FrameType.open]]);
});

Deno.test("frames of one stream are put in order, the open first and the reset last, and others stay in their places", () => {
  const frames = [
    resetFrame(5, 30, 1, ""),
    dataFrame(5, 20, new Uint8Array(10)),
    dataFrame(3, 7, new Uint8Array(1)),
    dataFrame(5, 0, new Uint8Array(20)),
    dataFrame(3, 5, new Uint8Array(2)),
    OPEN,
  ].map((frame) => [...framesOf(pieceOf(frame), 0)][0][0]);
  const place = (frame: WaitingFrame) => [frame.id, isData(frame.type) ? offsetOf(frame) : frame.type];
  assertEquals(inOrder(frames).map(place), [[5, FrameType.open], [5, 0], [3, 5], [5, 20], [3, 7], [
    5,
    FrameType.reset,
  ]]);
});

Deno.test("the rest of a frame is in order by what is left of it", () => {
  const [[rest]] = framesOf(pieceOf(dataFrame(5, 0, new Uint8Array(20))), 1000 + 17 + 15);
  const [[behind]] = framesOf(pieceOf(dataFrame(5, 20, new Uint8Array(1))), 0);
  const [[before]] = framesOf(pieceOf(dataFrame(5, 10, new Uint8Array(5))), 0);
  assertEquals(inOrder([behind, rest, before]), [before, rest, behind]);
});
