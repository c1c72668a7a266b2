/**
 * What waits on one carrier, on another as well.
 *
 * @module
 */
import { FRAME_HEADER_BYTES } from "../../ping/codec.ts";
import { FrameType } from "../session_constants.ts";
import type { FrameLog } from "./frame_log.ts";
import { frameBytesAt, type FrameOwner, type Piece } from "./piece_queue.ts";

/** How much of a log is copied at once. */
export interface CopyLimits {
  /** About how many bytes; the first piece goes even if it has more. */
  mostBytes: number;
  /**
   * A piece of data that has more is passed over, for good. Where another one has, which may hold an open, the copying
   * waits until it was taken.
   *
   * @default {any}
   */
  mostPieceBytes?: number;
  /**
   * The same of a piece that has a frame of more, which the other carrier would have to write whole; and what follows it
   * of its stream is passed over too: it could only wait for that, and each would be a gap.
   *
   * @default {any}
   */
  mostFrameBytes?: number;
  /**
   * A piece that so many logs have, this one and others, is not copied yet, nor what is behind it.
   *
   * @default {any}
   */
  mostLogs?: number;
}

/**
 * Copies a log from its front into another, each piece once, and leaves none out that was not taken, but for data where
 * the limits say so. So whoever reads the other log alone finds each open in front of what follows it.
 *
 * Source: `PROTOCOL.md`, "Sending again elsewhere".
 *
 * @example
 * ```ts
 * import { FrameLog } from "./frame_log.ts";
 * import { LogCopy } from "./log_copy.ts";
 * import { LogBudget } from "../log_budget.ts";
 * import { WriteHold } from "./write_hold.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const budget = new LogBudget({ limitBytes: 1024 });
 * const [still, other] = [new FrameLog(budget), new FrameLog(budget)];
 * const at = still.reserve(6);
 * still.arena.set([0, 0, 0, 2, 0x28, 1], at);
 * assertEquals(new LogCopy(still, other).copy({ mostBytes: 100 }), 6);
 * assertEquals([other.nextWrite(new WriteHold())!.length, budget.heldBytes], [6, 6]);
 * other.acknowledge(6);
 * assertEquals([budget.heldBytes, still.acknowledged], [0, 0]);
 * ```
 */
export class LogCopy {
  /** The log that is copied. */
  readonly from: FrameLog;
  /** The log that gets it. */
  readonly to: FrameLog;
  /** Up to where it was copied, in counted bytes of `from`. */
  #at = 0;
  /** Of whom something was passed over for a long frame: up to where, in counted bytes of `from`. */
  readonly #passedOver: WeakMap<FrameOwner, number> = new WeakMap();

  /** Nothing was copied. */
  constructor(from: FrameLog, to: FrameLog) {
    this.from = from;
    this.to = to;
  }

  /** Whether something that was not taken is not in the other log. */
  get hasMore(): boolean {
    return this.#next() !== undefined;
  }

  /** Copies more. Returns how many bytes. */
  copy({ mostBytes, mostPieceBytes = Infinity, mostFrameBytes = Infinity, mostLogs = Infinity }: CopyLimits): number {
    let copied = 0;
    for (let piece = this.#next(); piece !== undefined; piece = this.#next()) {
      const bytes = piece.end - piece.start;
      const isHeld = hasLongFrame(piece, mostFrameBytes) || this.#wouldWait(piece);
      if ((isHeld || bytes > mostPieceBytes) && isOneOfData(piece)) {
        this.#at = piece.offset + bytes;
        const [owner] = piece.owners;
        if (isHeld && owner !== undefined) this.#passedOver.set(owner, this.#at);
        continue;
      }
      if (isHeld || bytes > mostPieceBytes || (copied > 0 && copied + bytes > mostBytes) || isInLogs(piece, mostLogs)) {
        break;
      }
      this.from.share(piece, this.to);
      this.#at = piece.offset + bytes;
      copied += bytes;
    }
    return copied;
  }

  /**
   * Copies the front piece, if the other log does not have it. Returns how many bytes it has; 0 if it has more than
   * `mostBytes`, or a frame of more than `mostFrameBytes`, or `mostLogs` have it already.
   */
  copyFront(mostBytes: number, mostLogs: number, mostFrameBytes = Infinity): number {
    const piece = this.from.isWhole ? frontOf(this.from) : undefined;
    if (piece === undefined || piece.copies?.isIn(this.to)) return 0;
    const bytes = piece.end - piece.start;
    if (bytes > mostBytes || hasLongFrame(piece, mostFrameBytes) || isInLogs(piece, mostLogs)) return 0;
    this.from.share(piece, this.to);
    return bytes;
  }

  /** Whether data in front of it was passed over and not taken. A frame alone that is no data waits for nothing. */
  #wouldWait(piece: Piece): boolean {
    if (piece.owners.length === 1 && !isOneOfData(piece)) return false;
    return piece.owners.some((owner) => {
      return owner !== undefined && (this.#passedOver.get(owner) ?? 0) > this.from.acknowledged;
    });
  }

  /** The next piece that is neither taken nor in the other log. */
  #next(): Piece | undefined {
    // What is left may follow an open that others send.
    if (!this.from.isWhole) return undefined;
    for (;;) {
      const piece = this.from.pieceBehind(Math.max(this.#at, this.from.acknowledged));
      if (piece === undefined || !this.#isPassed(piece)) return piece;
      this.#at = piece.offset + piece.end - piece.start;
    }
  }

  #isPassed(piece: Piece): boolean {
    return isOver(piece) || (piece.copies?.isIn(this.to) ?? false);
  }
}

/** The first piece that was not taken. */
function frontOf(log: FrameLog): Piece | undefined {
  let piece = log.pieceBehind(log.acknowledged);
  while (piece !== undefined && isOver(piece)) piece = log.pieceBehind(piece.offset + piece.end - piece.start);
  return piece;
}

/** Whether no other carrier need bring it: it was taken, or names the carrier on which it goes, in a piece of its own. */
function isOver({ copies, memory, start }: Piece): boolean {
  return copies?.isTaken === true || memory[start + FRAME_HEADER_BYTES] === FrameType.lane;
}

/** Whether it is one frame of data, without which all others can be read. */
function isOneOfData({ memory, start, end }: Piece): boolean {
  const type = memory[start + FRAME_HEADER_BYTES];
  return (type === FrameType.data || type === FrameType.end) && frameBytesAt(memory, start) === end - start;
}

function hasLongFrame({ memory, start, end }: Piece, mostBytes: number): boolean {
  if (end - start <= mostBytes) return false;
  for (let at = start; at < end; at += frameBytesAt(memory, at)) if (frameBytesAt(memory, at) > mostBytes) return true;
  return false;
}

function isInLogs({ copies }: Piece, count: number): boolean {
  return (copies?.count ?? 1) > count;
}
