/**
 * Frames of carriers that are gone, on their way to another.
 *
 * @module
 */
import { FRAME_HEADER_BYTES } from "../ping/codec.ts";
import type { FrameLog, Remains } from "./carrier/frame_log.ts";
import { streamFramesOf } from "./carrier/piece_queue.ts";
import { decodeWindows, writeDataHeader } from "./frames.ts";
import { ALL, type Share, SPREAD_FRAME_BYTES, SPREAD_ROOM_BYTES } from "./share.ts";
import type { LogBudget } from "./log_budget.ts";
import { DATA_HEADER_BYTES, FrameType, LEAST_ROOM_BYTES } from "./session_constants.ts";
import { dropUnwanted, isUnwanted, letGoOf } from "./unwanted_frames.ts";
import { framesOf, inOrder, isData, offsetOf, opensOf, type WaitingFrame } from "./waiting_frame.ts";

/** Frames up to this size are copied into the log, so that several leave in one write, in bytes. */
const COPY_BYTES = 4 * 1024;

/** Data that is not sent again as it was is copied into frames with this much at the most, in bytes. */
const MOST_CUT_BYTES = 16 * 1024;

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
  #quiet: WaitingFrame[] = [];
  #bulk: WaitingFrame[] = [];
  readonly #lanes = new LanesOfStreams();
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
    this.expect(remains);
    return this.addExpected(remains, taken);
  }

  /** What a carrier left behind waits for the peer's receipt: nothing of its streams may go in front of it. */
  expect({ pieces }: Remains): void {
    for (const { owners } of pieces) for (const owner of owners) owner?.frameQueued();
  }

  /** As {@linkcode ResendQueue.add}, of what waited for a receipt. */
  addExpected(remains: Remains, taken: number): number {
    const before = this.#bytes;
    this.#uncount(remains);
    const quiet: WaitingFrame[] = [];
    const bulk: WaitingFrame[] = [];
    for (const piece of remains.pieces) {
      // What another carrier has as well is sent again when that one is gone too.
      const isCopied = piece.copies !== undefined && !piece.copies.gone(piece, taken);
      for (const [frame, wastedBytes] of isCopied ? opensOf(piece) : framesOf(piece, taken)) {
        this.#wastedBytes += wastedBytes;
        if (!this.#isWanted(frame)) continue;
        frame.segment?.retain();
        if (isCopied) frame.owner?.frameQueued();
        this.#count(frame, 1);
        (this.#lanes.add(frame) ? quiet : bulk).push(frame);
      }
      if (isCopied) { for (const owner of piece.owners) owner?.frameUnqueued(); }
      else piece.segment?.release();
    }
    this.#quiet = inOrder([...quiet, ...this.#quiet]);
    this.#bulk = inOrder([...bulk, ...this.#bulk]);
    return this.#bytes - before;
  }

  #isWanted(frame: WaitingFrame): boolean {
    if (frame.type === FrameType.windows) {
      decodeWindows(frame.memory.subarray(frame.start + FRAME_HEADER_BYTES, frame.end), this.#options.onWindowLost);
    }
    // What belongs to no stream is told anew where it is still true; receipts and drains always are.
    return frame.id !== 0 || frame.type === FrameType.receipt || frame.type === FrameType.drain;
  }

  /** Lets go of what the peer wants no more, here and in what waits for receipts. */
  dropUnwanted(waiting: readonly Remains[]): void {
    for (const remains of waiting) dropUnwanted(remains, this.#options.budget);
    this.#quiet = this.#quiet.filter((frame) => !this.#isDropped(frame));
    this.#bulk = this.#bulk.filter((frame) => !this.#isDropped(frame));
  }

  #isDropped(frame: WaitingFrame): boolean {
    const { owner, segment } = frame;
    if (!isUnwanted(owner)) return false;
    this.#count(frame, -1);
    this.#lanes.remove(frame);
    segment?.release();
    letGoOf(owner);
    return true;
  }

  /** A carrier is gone with its session: nothing of it is sent again. */
  discard(remains: Remains): void {
    this.#uncount(remains);
    for (const piece of remains.pieces) {
      if (piece.copies === undefined || piece.copies.gone(piece, 0)) piece.segment?.release();
    }
  }

  /**
   * Puts up to `maxBytes` bytes of frames into `log`, and so many that a part of what waits is not worth a frame. Returns
   * how many. A frame that is not data goes as soon as there is any room.
   *
   * @param share What the carrier of this log carries. What a stream sends before its open was taken goes with that.
   */
  moveTo(log: FrameLog, maxBytes: number, share: Share = ALL): number {
    if (this.#bytes === 0) return 0;
    const left = this.#moveQueue(this.#quiet, log, maxBytes, () => share.quiet, false);
    // What is quiet goes first, though some of what is behind it might fit.
    if (share.quiet && left < LEAST_ROOM_BYTES && this.#quiet.length > 0) return maxBytes - left;
    const isShared = (frame: WaitingFrame) => isLarge(frame) ? share.bulk : share.smallBulk;
    return maxBytes - this.#moveQueue(this.#bulk, log, left, isShared, share.isSpread);
  }

  /** Returns how much room is left. */
  #moveQueue(
    queue: WaitingFrame[],
    log: FrameLog,
    maxBytes: number,
    isShared: (frame: WaitingFrame) => boolean,
    isSpread: boolean,
  ): number {
    let left = maxBytes;
    let at = 0;
    const others: WaitingFrame[] = [];
    while (at < queue.length && left > 0) {
      const frame = queue[at];
      if (!goesInto(log, frame, isShared(frame))) {
        others.push(frame);
        at++;
      } else if (!isData(frame.type) || bytesOf(frame) <= left) {
        left -= this.#moveWhole(log, frame);
        at++;
      } else if (left >= (isSpread && isLarge(frame) ? SPREAD_ROOM_BYTES : LEAST_ROOM_BYTES)) {
        left -= this.#movePart(log, frame, left);
      } else {
        break;
      }
    }
    queue.splice(0, at, ...others);
    return left;
  }

  #moveWhole(log: FrameLog, frame: WaitingFrame): number {
    const { memory, start, end, segment, owner } = frame;
    this.#count(frame, -1);
    this.#lanes.remove(frame);
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
    owner?.frameMoved();
    owner?.frameUnqueued();
    segment?.release();
    return bytes;
  }

  /** The beginning of data that has no room as a whole: copied, since what is behind it is still needed. */
  #movePart(log: FrameLog, frame: WaitingFrame, room: number): number {
    if (frame.offset === undefined) {
      frame.offset = offsetOf(frame);
      frame.start += DATA_HEADER_BYTES;
      this.#changeBytes(-DATA_HEADER_BYTES);
    }
    const part = Math.min(room - DATA_HEADER_BYTES, MOST_CUT_BYTES, frame.end - frame.start - 1);
    this.#changeBytes(-part);
    return this.#copyRest(log, frame, part);
  }

  #copyRest(log: FrameLog, frame: WaitingFrame, length: number): number {
    const { memory, start, id, owner } = frame;
    const isEnd = frame.type === FrameType.end && start + length === frame.end;
    const at = log.reserve(DATA_HEADER_BYTES + length, owner);
    writeDataHeader(log.arena, at, { id, offset: frame.offset!, length, isEnd });
    log.arena.set(memory.subarray(start, start + length), at + DATA_HEADER_BYTES);
    frame.start += length;
    frame.offset! += length;
    return DATA_HEADER_BYTES + length;
  }

  #count(frame: WaitingFrame, sign: 1 | -1): void {
    this.#bytes += sign * (frame.end - frame.start);
    this.#options.budget.change(sign * (frame.end - frame.start), sign, frame.owner === undefined ? 0 : sign);
  }

  #uncount({ heldBytes, pieces }: Remains): void {
    const frames = pieces.reduce((sum, piece) => piece.copies === undefined ? sum + streamFramesOf(piece) : sum, 0);
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
    this.#lanes.clear();
  }
}

/**
 * Whether a frame may go into `log`: an open on a carrier for what is quiet, and until it was taken everything of its
 * stream behind it.
 */
function goesInto(log: FrameLog, { type, owner }: WaitingFrame, isShared: boolean): boolean {
  const openLog = owner?.openLog;
  return openLog === undefined || type === FrameType.open ? isShared : openLog === log;
}

/** In which queue the frames of one stream go: all in the same, or a reset could go in front of its open. */
class LanesOfStreams {
  readonly #lanes: Map<number, { isQuiet: boolean; waiting: number }> = new Map();

  /** A frame is about to wait. Returns whether it does among the quiet ones. */
  add({ id, owner }: WaitingFrame): boolean {
    const known = this.#lanes.get(id);
    if (known !== undefined) {
      known.waiting++;
      return known.isQuiet;
    }
    const isQuiet = owner?.isQuiet ?? false;
    this.#lanes.set(id, { isQuiet, waiting: 1 });
    return isQuiet;
  }

  /** It waits no more. */
  remove({ id }: WaitingFrame): void {
    if (--this.#lanes.get(id)!.waiting === 0) this.#lanes.delete(id);
  }

  clear(): void {
    this.#lanes.clear();
  }
}

/** Whether it may go on any bulk carrier: no gap that it leaves is small. */
function isLarge({ type, start, end }: WaitingFrame): boolean {
  return isData(type) && end - start >= SPREAD_FRAME_BYTES;
}

/** What `frame` takes in a log. */
function bytesOf({ start, end, offset }: WaitingFrame): number {
  const bytes = end - start;
  return offset === undefined ? bytes : bytes + DATA_HEADER_BYTES * Math.ceil(bytes / MOST_CUT_BYTES);
}
