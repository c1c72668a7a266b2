/**
 * Frames of carriers that are gone, on their way to another.
 *
 * @module
 */
import { readU32, readU64 } from "../net/bytes.ts";
import { FRAME_HEADER_BYTES } from "../ping/codec.ts";
import type { FrameLog, Remains } from "./carrier/frame_log.ts";
import { type FrameOwner, type Piece, streamFramesOf } from "./carrier/piece_queue.ts";
import { decodeWindows, writeDataHeader } from "./frames.ts";
import type { LogBudget } from "./log_budget.ts";
import type { Segment } from "./segment_pool.ts";
import { COUNTED_HEADER_BYTES, DATA_HEADER_BYTES, FrameType, LEAST_ROOM_BYTES } from "./session_constants.ts";

/** Frames up to this size are copied into the log, so that several leave in one write, in bytes. */
const COPY_BYTES = 4 * 1024;

/** Data that is not sent again as it was is copied into frames with this much at the most, in bytes. */
const MOST_CUT_BYTES = 16 * 1024;

/** A frame that waits. */
interface Waiting {
  /** Number of its stream; 0 if it belongs to none. */
  readonly id: number;
  readonly type: number;
  readonly memory: Uint8Array;
  /** Where it begins. Of data whose beginning was taken, or sent again already: where the rest of the data begins. */
  start: number;
  readonly end: number;
  readonly segment: Segment | undefined;
  readonly owner: FrameOwner | undefined;
  /** Offset in its stream of what is at `start`, if that is the rest of its data. */
  offset: number | undefined;
}

/** Options of {@linkcode ResendQueue}. */
export interface ResendQueueOptions {
  /** What waits here counts in it. */
  budget: LogBudget;
  /** A window value of this stream was lost: the newest is to be told. */
  onWindowLost(id: number): void;
}

/**
 * Takes what a carrier left behind apart, and gives it to the log of the next one, quiet streams first.
 *
 * Invariant 1: of one stream, frames keep their order. Invariant 2: of a frame of data that was cut only the rest goes
 * again. Invariant 3: what a write of the old carrier may still have is not written into: a frame is taken over as it is,
 * or copied.
 *
 * Source: `PROTOCOL.md`, "What is sent again".
 */
export class ResendQueue {
  readonly #options: ResendQueueOptions;
  #quiet: Waiting[] = [];
  #bulk: Waiting[] = [];
  #bytes = 0;
  #wastedBytes = 0;

  /** Nothing waits. */
  constructor(options: ResendQueueOptions) {
    this.#options = options;
  }

  /** Bytes that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes that the peer had taken of frames that had to be sent again whole. */
  get wastedBytes(): number {
    return this.#wastedBytes;
  }

  /**
   * A carrier is gone. What it sent goes in front of what waits already, which is newer.
   *
   * @param taken Counted bytes that the peer has taken of it; see "Receipts".
   * @returns Bytes that are to be sent again.
   */
  add(remains: Remains, taken: number): number {
    const before = this.#bytes;
    this.#uncount(remains);
    const lanes = new LanesOfStreams();
    const quiet: Waiting[] = [];
    const bulk: Waiting[] = [];
    for (const piece of remains.pieces) {
      for (const [frame, wastedBytes] of framesOf(piece, taken)) {
        this.#wastedBytes += wastedBytes;
        if (!this.#isWanted(frame)) continue;
        frame.segment?.retain();
        frame.owner?.frameQueued();
        this.#count(frame, 1);
        (lanes.isQuiet(frame) ? quiet : bulk).push(frame);
      }
      piece.segment?.release();
    }
    this.#quiet = [...quiet, ...this.#quiet];
    this.#bulk = [...bulk, ...this.#bulk];
    return this.#bytes - before;
  }

  #isWanted(frame: Waiting): boolean {
    if (frame.type === FrameType.windows) {
      decodeWindows(frame.memory.subarray(frame.start + FRAME_HEADER_BYTES, frame.end), this.#options.onWindowLost);
    }
    // What belongs to no stream is told anew where it is still true.
    return frame.id !== 0;
  }

  /** A carrier is gone with its session: nothing of it is sent again. */
  discard(remains: Remains): void {
    this.#uncount(remains);
    for (const { segment } of remains.pieces) segment?.release();
  }

  /**
   * Puts up to `maxBytes` bytes of frames into `log`, and so many that a part of what waits is not worth a frame. Returns
   * how many. A frame that is not data goes as soon as there is any room.
   */
  moveTo(log: FrameLog, maxBytes: number): number {
    const left = this.#moveQueue(this.#quiet, log, maxBytes);
    // What is quiet goes first, though some of what is behind it might fit.
    return maxBytes - (this.#quiet.length > 0 ? left : this.#moveQueue(this.#bulk, log, left));
  }

  /** Returns how much room is left. */
  #moveQueue(queue: Waiting[], log: FrameLog, maxBytes: number): number {
    let left = maxBytes;
    let moved = 0;
    while (moved < queue.length && left > 0) {
      const frame = queue[moved];
      if (!isData(frame.type) || bytesOf(frame) <= left) {
        left -= this.#moveWhole(log, frame);
        moved++;
      } else if (left >= LEAST_ROOM_BYTES) {
        left -= this.#movePart(log, frame, left);
      } else {
        break;
      }
    }
    queue.splice(0, moved);
    return left;
  }

  #moveWhole(log: FrameLog, frame: Waiting): number {
    const { memory, start, end, segment, owner } = frame;
    this.#count(frame, -1);
    let bytes = end - start;
    if (frame.offset !== undefined) {
      bytes = 0;
      while (frame.start < end) bytes += this.#copyRest(log, frame, Math.min(end - frame.start, MOST_CUT_BYTES));
    } else if (bytes > COPY_BYTES) {
      log.adopt(memory, start, end, { segment, owner, headroom: 0 });
    } else {
      const at = log.reserve(bytes, owner);
      log.arena.set(memory.subarray(start, end), at);
    }
    owner?.frameTaken();
    owner?.frameUnqueued();
    segment?.release();
    return bytes;
  }

  /** The beginning of data that has no room as a whole: copied, since what is behind it is still needed. */
  #movePart(log: FrameLog, frame: Waiting, room: number): number {
    if (frame.offset === undefined) {
      frame.offset = readU64(frame.memory, frame.start + COUNTED_HEADER_BYTES + 4);
      frame.start += DATA_HEADER_BYTES;
      this.#changeBytes(-DATA_HEADER_BYTES);
    }
    const part = Math.min(room - DATA_HEADER_BYTES, MOST_CUT_BYTES, frame.end - frame.start - 1);
    this.#changeBytes(-part);
    return this.#copyRest(log, frame, part);
  }

  #copyRest(log: FrameLog, frame: Waiting, length: number): number {
    const { memory, start, id, owner } = frame;
    const isEnd = frame.type === FrameType.end && start + length === frame.end;
    const at = log.reserve(DATA_HEADER_BYTES + length, owner);
    writeDataHeader(log.arena, at, { id, offset: frame.offset!, length, isEnd });
    log.arena.set(memory.subarray(start, start + length), at + DATA_HEADER_BYTES);
    frame.start += length;
    frame.offset! += length;
    return DATA_HEADER_BYTES + length;
  }

  #count(frame: Waiting, sign: 1 | -1): void {
    this.#bytes += sign * (frame.end - frame.start);
    this.#options.budget.change(sign * (frame.end - frame.start), sign, frame.owner === undefined ? 0 : sign);
  }

  #uncount({ heldBytes, pieces }: Remains): void {
    const frames = pieces.reduce((sum, piece) => sum + streamFramesOf(piece), 0);
    this.#options.budget.change(-heldBytes, -pieces.length, -frames);
  }

  #changeBytes(bytes: number): void {
    this.#bytes += bytes;
    this.#options.budget.change(bytes, 0);
  }

  /** Lets go of everything. */
  clear(): void {
    for (const frame of [...this.#quiet, ...this.#bulk]) {
      this.#count(frame, -1);
      frame.segment?.release();
    }
    this.#quiet = [];
    this.#bulk = [];
  }
}

/** In which queue the frames of one stream go: all in the same, or a reset could go in front of its open. */
class LanesOfStreams {
  readonly #quiet: Map<number, boolean> = new Map();

  isQuiet({ id, owner }: Waiting): boolean {
    const known = this.#quiet.get(id);
    if (known !== undefined) return known;
    const isQuiet = owner?.isQuiet ?? false;
    this.#quiet.set(id, isQuiet);
    return isQuiet;
  }
}

/** What `frame` takes in a log. */
function bytesOf({ start, end, offset }: Waiting): number {
  const bytes = end - start;
  return offset === undefined ? bytes : bytes + DATA_HEADER_BYTES * Math.ceil(bytes / MOST_CUT_BYTES);
}

function isData(type: number): boolean {
  return type === FrameType.data || type === FrameType.end;
}

/**
 * The frames of a piece that were not taken, of data the rest; of those that go again whole how many bytes were taken.
 * Owners of those that were taken are told.
 */
function* framesOf(piece: Piece, taken: number): Generator<[Waiting, number]> {
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
    } else if (covered > DATA_HEADER_BYTES && isData(frame.type)) {
      frame.offset = readU64(memory, frame.start + COUNTED_HEADER_BYTES + 4) + covered - DATA_HEADER_BYTES;
      frame.start += covered;
      yield [frame, 0];
    } else {
      yield [frame, Math.max(0, covered)];
    }
  }
}

function waitingOf(
  memory: Uint8Array,
  start: number,
  end: number,
  segment: Segment | undefined,
  owner: FrameOwner | undefined,
): Waiting {
  const type = memory[start + FRAME_HEADER_BYTES];
  const isOfStream = isData(type) || type === FrameType.open || type === FrameType.reset;
  const id = isOfStream ? readU32(memory, start + COUNTED_HEADER_BYTES) : 0;
  return { id, type, memory, start, end, segment, owner, offset: undefined };
}
