/**
 * A frame of a carrier that is gone, on its way to another.
 *
 * @module
 */
import { readU32, readU64 } from "../net/bytes.ts";
import { FRAME_HEADER_BYTES } from "../ping/codec.ts";
import type { FrameOwner, Piece } from "./carrier/piece_queue.ts";
import type { Segment } from "./segment_pool.ts";
import { COUNTED_HEADER_BYTES, DATA_HEADER_BYTES, FrameType } from "./session_constants.ts";

/** A frame that waits. */
export interface WaitingFrame {
  /** Number of its stream; 0 if it belongs to none. */
  readonly id: number;
  /** What it is; see {@linkcode FrameType}. */
  readonly type: number;
  /** What holds its bytes. */
  readonly memory: Uint8Array;
  /** Where it begins. Of data whose beginning was taken, or sent again already: where the rest of the data begins. */
  start: number;
  /** Where it ends in that memory. */
  readonly end: number;
  /** The segment that the memory is part of, if it is of the pool. */
  readonly segment: Segment | undefined;
  /** Who is told when it was taken. */
  readonly owner: FrameOwner | undefined;
  /** Offset in its stream of what is at `start`, if that is the rest of its data. */
  offset: number | undefined;
}

/** Whether frames of this type carry data. */
export function isData(type: number): boolean {
  return type === FrameType.data || type === FrameType.end;
}

/**
 * The frames of a piece that were not taken, of data the rest; of those that go again whole how many bytes were taken.
 * Owners of those that were taken are told.
 */
export function* framesOf(piece: Piece, taken: number): Generator<[WaitingFrame, number]> {
  const { memory, segment } = piece;
  let index = 0;
  for (let start = piece.start; start < piece.end;) {
    const end = start + FRAME_HEADER_BYTES + readU32(memory, start);
    const owner = piece.owners[index++];
    const covered = taken - (piece.offset + start - piece.start);
    const frame = waitingOf(memory, start, end, segment, owner);
    start = end;
    if (covered >= end - frame.start) {
      owner?.frameTaken();
      owner?.frameUnqueued();
    } else if (covered > DATA_HEADER_BYTES && isData(frame.type)) {
      frame.offset = offsetOf(frame) + covered - DATA_HEADER_BYTES;
      frame.start += covered;
      yield [frame, 0];
    } else {
      yield [frame, Math.max(0, covered)];
    }
  }
}

/**
 * Of a piece that another carrier has as well, the opens, as frames of their own: what follows them in their streams goes
 * where they go. None of one that was taken.
 */
export function* opensOf(piece: Piece): Generator<[WaitingFrame, number]> {
  if (piece.copies?.isTaken) return;
  let index = 0;
  for (let start = piece.start; start < piece.end;) {
    const end = start + FRAME_HEADER_BYTES + readU32(piece.memory, start);
    const frame = waitingOf(piece.memory, start, end, undefined, piece.owners[index++]);
    start = end;
    if (frame.type !== FrameType.open) continue;
    frame.owner?.frameHeld();
    yield [frame, 0];
  }
}

function waitingOf(
  memory: Uint8Array,
  start: number,
  end: number,
  segment: Segment | undefined,
  owner: FrameOwner | undefined,
): WaitingFrame {
  const type = memory[start + FRAME_HEADER_BYTES];
  const isOfStream = isData(type) || type === FrameType.open || type === FrameType.reset;
  const id = isOfStream ? readU32(memory, start + COUNTED_HEADER_BYTES) : 0;
  return { id, type, memory, start, end, segment, owner, offset: undefined };
}

/** The frames of each stream in the order of their offsets: several carriers may have had them. */
export function inOrder(queue: WaitingFrame[]): WaitingFrame[] {
  const streams = Map.groupBy(queue, ({ id }) => id);
  for (const frames of streams.values()) frames.sort((one, other) => placeOf(one) - placeOf(other)).reverse();
  return queue.map(({ id }) => streams.get(id)!.pop()!);
}

/** Where a frame belongs in its stream. */
function placeOf(frame: WaitingFrame): number {
  if (frame.type === FrameType.open) return -1;
  return isData(frame.type) ? frame.offset ?? offsetOf(frame) : Number.MAX_VALUE;
}

/** Offset in its stream of a whole frame of data. */
export function offsetOf({ memory, start }: WaitingFrame): number {
  return readU64(memory, start + COUNTED_HEADER_BYTES + 4);
}
