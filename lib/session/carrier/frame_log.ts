/**
 * What one carrier has sent and its peer has not acknowledged: counted frames, kept until they are.
 *
 * @module
 */
import { TeleError } from "../../net/error.ts";
import type { LogBudget } from "../log_budget.ts";
import type { Segment } from "../segment_pool.ts";
import { HEADROOM_BYTES } from "../session_constants.ts";
import { Copies } from "./copies.ts";
import { endOfFrames, frameBytesAt, type FrameOwner, type Piece, PieceQueue, streamFramesOf } from "./piece_queue.ts";
import { MOST_GATHERED_BYTES, type WriteHold } from "./write_hold.ts";

/** Bytes of one arena: the memory that small frames are gathered in. */
const ARENA_BYTES = 32 * 1024;

/** Pieces up to this size are gathered into one write when several wait, in bytes. */
const GATHER_BYTES = 4 * 1024;

/** What a carrier leaves to others. */
export interface Remains {
  /** What was not acknowledged, oldest first; each holds its segment, and counts in the budget. */
  pieces: Piece[];
  /** Bytes of those that no other log has, which count in the budget until they are somewhere else. */
  heldBytes: number;
  /** Counted bytes that were acknowledged. */
  acknowledged: number;
  /** Counted bytes that were handed to writes: no honest receipt is above. */
  handed: number;
}

/**
 * A queue of whole counted frames with three marks: acknowledged ≤ handed to writes ≤ end, in counted bytes of the
 * carrier.
 *
 * It copies nothing that is large: it keeps the memory it was given, and the room in front of a piece, into which the
 * carrier writes control frames. A frame itself is never changed once it was added.
 *
 * Invariant 2: every frame stays until it was taken. Invariant 3: what a write has under way is held by that write as
 * well; `acknowledge` and `handOver` do not take it away.
 *
 * Source: `PROTOCOL.md`, "Counting".
 *
 * @example
 * ```ts
 * import { FrameLog } from "./frame_log.ts";
 * import { LogBudget } from "../log_budget.ts";
 * import { WriteHold } from "./write_hold.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const log = new FrameLog(new LogBudget({ limitBytes: 1024 }));
 * const at = log.reserve(6); // first, since it may change the arena
 * log.arena.set([0, 0, 0, 2, 0x28, 1], at);
 * assertEquals(log.nextWrite(new WriteHold()), new Uint8Array([0, 0, 0, 2, 0x28, 1]));
 * log.acknowledge(6);
 * assertEquals([log.acknowledged, log.hasUnsent], [6, false]);
 * ```
 */
export class FrameLog {
  /** Memory in which {@linkcode FrameLog.reserve} has made room; it changes with every call. */
  arena: Uint8Array = new Uint8Array(0);
  readonly #budget: LogBudget;
  #arenaUsed = 0;
  readonly #pieces = new PieceQueue();
  #acknowledged = 0;
  #handed = 0;
  #end = 0;
  /** Up to where frames were given away. */
  #handedOver = 0;

  /** An empty log whose frames count in `budget`. */
  constructor(budget: LogBudget) {
    this.#budget = budget;
  }

  /** Counted bytes that the peer has acknowledged. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** Counted bytes that were handed to writes. */
  get handed(): number {
    return this.#handed;
  }

  /** Counted bytes that were added. */
  get end(): number {
    return this.#end;
  }

  /** Whether what is left begins with what was not acknowledged: nothing in front of it was given away. */
  get isWhole(): boolean {
    return this.#acknowledged >= this.#handedOver;
  }

  /** Whether there is something that was not handed to a write. */
  get hasUnsent(): boolean {
    return this.#handed < this.#end;
  }

  /** Bytes of the frame to send next; 0 if everything was sent. */
  get nextFrameBytes(): number {
    const { next } = this.#pieces;
    return next === undefined ? 0 : frameBytesAt(next.memory, next.start + this.#handed - next.offset);
  }

  /** Bytes in front of the next write that are free for control frames. */
  get headroom(): number {
    const { next } = this.#pieces;
    return next === undefined || this.#handed > next.offset ? 0 : next.headroom;
  }

  /**
   * Adds a frame of `bytes` bytes, to be written into {@linkcode FrameLog.arena} at the returned position before
   * anything else is called. Frames added one after the other leave in one write.
   */
  reserve(bytes: number, owner?: FrameOwner): number {
    const { last } = this.#pieces;
    let at = this.#arenaUsed;
    const joins = last !== undefined && last.memory === this.arena && last.end === at && last.offset >= this.#handed &&
      this.#pieces.next !== undefined && last.copies === undefined && at + bytes <= this.arena.length;
    if (joins) {
      last.end += bytes;
      last.owners.push(owner);
      this.#budget.change(bytes, 0, owner === undefined ? 0 : 1);
    } else {
      if (at + HEADROOM_BYTES + bytes > this.arena.length) {
        this.arena = new Uint8Array(Math.max(ARENA_BYTES, bytes + HEADROOM_BYTES));
        at = 0;
      }
      at += HEADROOM_BYTES;
      this.#add(this.arena, at, at + bytes, undefined, owner, HEADROOM_BYTES);
    }
    this.#arenaUsed = at + bytes;
    this.#end += bytes;
    owner?.frameHeld(this);
    return at;
  }

  /**
   * Adds the frame `memory[start..end]` without copying it. `segment` is held from now until the frame was taken.
   *
   * @param headroom Bytes before `start` that nobody else has.
   */
  adopt(
    memory: Uint8Array,
    start: number,
    end: number,
    { segment, owner, headroom }: { segment?: Segment; owner?: FrameOwner; headroom: number },
  ): void {
    segment?.retain();
    this.#add(memory, start, end, segment, owner, headroom);
    this.#end += end - start;
    owner?.frameHeld(this);
  }

  #add(
    memory: Uint8Array,
    start: number,
    end: number,
    segment: Segment | undefined,
    owner: FrameOwner | undefined,
    headroom: number,
  ): void {
    const offset = this.#end;
    this.#pieces.add({ memory, start, end, offset, segment, owners: [owner], headroom, copies: undefined });
    this.#budget.change(end - start, 1, owner === undefined ? 0 : 1);
  }

  /** The oldest piece of which a byte lies behind the first `offset` counted ones. */
  pieceBehind(offset: number): Piece | undefined {
    return this.#pieces.behind(offset);
  }

  /**
   * Puts a piece of this log into another as well, whole, and without a copy in memory: the carrier that brings it first
   * has brought it for both.
   */
  share(piece: Piece, other: FrameLog): void {
    piece.copies ??= new Copies(piece, this, this.#budget);
    other.#addCopy(piece, piece.copies);
  }

  #addCopy(piece: Piece, copies: Copies): void {
    piece.segment?.retain();
    const copy = { ...piece, offset: this.#end, headroom: 0 };
    this.#pieces.add(copy);
    copies.add(copy, this);
    this.#budget.change(0, 1);
    this.#end += piece.end - piece.start;
  }

  /**
   * The next bytes to write: whole frames, since what the carrier writes between two writes is a frame as well. They
   * count as handed to a write from now on, so they must be, at once.
   *
   * @param hold Gets what they are made of, until the write has settled.
   * @param maxBytes How many at the most, unless the first frame has more: that one goes alone.
   * @returns A view that is valid until `hold` is released, or `undefined` if everything was sent. In front of it
   *   {@linkcode FrameLog.headroom} bytes are free for the caller, as it said before this call.
   */
  nextWrite(hold: WriteHold, maxBytes = Infinity): Uint8Array | undefined {
    const { next: piece, following } = this.#pieces;
    if (piece === undefined) return undefined;
    const from = piece.start + this.#handed - piece.offset;
    const isGathered = following !== undefined && isSmall(piece) && isSmall(following) && from === piece.start &&
      piece.end - from <= maxBytes;
    if (isGathered) return this.#gatherSmall(hold, maxBytes);
    const to = piece.end - from <= maxBytes ? piece.end : endOfFrames(piece, from, maxBytes);
    const bytes = piece.memory.subarray(from, to);
    hold.take(piece.segment);
    if (to === piece.end) this.#pieces.advance();
    this.#handed += to - from;
    piece.copies?.handed(piece);
    return bytes;
  }

  /** Many small pieces as one write, copied. */
  #gatherSmall(hold: WriteHold, maxBytes: number): Uint8Array {
    const gather = hold.takeGather();
    const limit = HEADROOM_BYTES + Math.min(MOST_GATHERED_BYTES, maxBytes);
    let filled = HEADROOM_BYTES;
    for (let piece = this.#pieces.next; piece !== undefined && isSmall(piece); piece = this.#pieces.next) {
      const bytes = piece.end - piece.start;
      if (filled + bytes > limit) break;
      gather.set(piece.memory.subarray(piece.start, piece.end), filled);
      filled += bytes;
      this.#handed += bytes;
      this.#pieces.advance();
      piece.copies?.handed(piece);
    }
    return gather.subarray(HEADROOM_BYTES, filled);
  }

  /**
   * The peer has taken the first `offset` counted bytes, which may be more than the writes under way have sent: see
   * {@linkcode WriteHold}.
   *
   * @throws {TeleError} `protocol` if that is below what it acknowledged before, or above what was handed to writes.
   */
  acknowledge(offset: number): void {
    if (!(offset >= this.#acknowledged && offset <= this.#handed)) {
      throw new TeleError(
        "protocol",
        `the peer says it took ${offset} bytes of a carrier, which cannot be: it acknowledged ` +
          `${this.#acknowledged} before, and ${this.#handed} were sent`,
      );
    }
    this.#acknowledged = offset;
    for (let piece = this.#pieces.shiftBefore(offset); piece !== undefined; piece = this.#pieces.shiftBefore(offset)) {
      if (piece.copies !== undefined) {
        this.#budget.change(0, -1);
        piece.copies.acknowledged(piece);
        continue;
      }
      this.#budget.change(piece.start - piece.end, -1, -streamFramesOf(piece));
      piece.segment?.release();
      for (const owner of piece.owners) owner?.frameTaken();
    }
  }

  /**
   * Gives away what is left, which goes on to count in the budget: the carrier is gone, or others send it. The counts
   * stay, since the peer may go on to acknowledge what it has taken.
   */
  handOver(): Remains {
    this.#end = this.#handedOver = this.#handed;
    return this.#remainsOf(this.#pieces.takeAll());
  }

  #remainsOf(pieces: Piece[]): Remains {
    const heldBytes = pieces.reduce((sum, { start, end, copies }) => copies === undefined ? sum + end - start : sum, 0);
    return { pieces, heldBytes, acknowledged: this.#acknowledged, handed: this.#handed };
  }

  /** The same of what was not handed to a write, of a piece that was in part the rest: the carrier sends no more. */
  handOverUnsent(): Remains {
    const { next } = this.#pieces, from = this.#handed;
    let framesBefore = 0;
    for (let at = next?.offset ?? from; next !== undefined && at < from; framesBefore++) {
      at += frameBytesAt(next.memory, next.start + at - next.offset);
    }
    const before = this.#pieces.count;
    const pieces = this.#pieces.takeUnsent(from, framesBefore);
    this.#budget.change(0, this.#pieces.count + pieces.length - before);
    this.#end = from;
    return this.#remainsOf(pieces);
  }
}

function isSmall(piece: Piece): boolean {
  return piece.end - piece.start <= GATHER_BYTES;
}
