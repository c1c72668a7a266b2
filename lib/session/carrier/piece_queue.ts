/**
 * The frames of a log in the pieces that they came in, oldest first.
 *
 * @module
 */
import { readU32 } from "../../net/bytes.ts";
import { FRAME_HEADER_BYTES } from "../../ping/codec.ts";
import type { Segment } from "../segment_pool.ts";
import type { Copies } from "./copies.ts";

/** Dropped pieces that may stay at the front of the list: moving the others each time would cost more. */
const MOST_DROPPED = 256;

/** How many frames of `piece` are of streams: those have an owner. */
export function streamFramesOf({ owners }: Piece): number {
  let frames = 0;
  for (const owner of owners) if (owner !== undefined) frames++;
  return frames;
}

/** In place of a piece that was dropped, whose memory the list must not hold. */
const NOTHING: Piece = {
  memory: new Uint8Array(0),
  start: 0,
  end: 0,
  offset: 0,
  segment: undefined,
  owners: [],
  headroom: 0,
  copies: undefined,
};

/** Who put a frame into a log: a stream. */
export interface FrameOwner {
  /** Whether its frames are sent again first. */
  readonly isQuiet: boolean;
  /**
   * The log that its open is in, until the peer has taken that: everything else of the stream goes there, behind it.
   * `undefined` if it may go anywhere.
   */
  readonly openLog: object | undefined;
  /** Whether the peer has reset its stream, and ignores whatever else comes of it. */
  readonly isUnwanted: boolean;
  /** A frame of its own was put into `log`, or waits to be put into one as another copy. */
  frameHeld(log?: object): void;
  /** One of those is held no more: the peer has taken it. */
  frameTaken(): void;
  /** The same: it is in another log. */
  frameMoved(): void;
  /** A frame waits to be sent again: what is new must not go in front of it. */
  frameQueued(): void;
  /** That one waits no more. */
  frameUnqueued(): void;
}

/** Whose a frame is of which nobody asks what becomes of it. */
export const NOBODY: FrameOwner = {
  isQuiet: true,
  openLog: undefined,
  isUnwanted: false,
  frameHeld() {},
  frameTaken() {},
  frameMoved() {},
  frameQueued() {},
  frameUnqueued() {},
};

/** Whole counted frames that lie together in memory. */
export interface Piece {
  /** Where they lie. */
  memory: Uint8Array;
  /** Index of the first byte. */
  start: number;
  /** Index behind the last. */
  end: number;
  /** Counted bytes of the carrier in front of it. */
  offset: number;
  /** Held by the log until they are acknowledged, if they lie in one. */
  segment: Segment | undefined;
  /** Of each frame who put it there, in their order. */
  owners: (FrameOwner | undefined)[];
  /** Bytes in front of it that are free to be written. */
  headroom: number;
  /** What it shares with the same frames in other logs, if there are any. */
  copies: Copies | undefined;
}

/** Bytes of the frame that begins at `at`. */
export function frameBytesAt(memory: Uint8Array, at: number): number {
  return FRAME_HEADER_BYTES + readU32(memory, at);
}

/** Where the frames of `piece` from `from` on end that have `maxBytes` together; behind the first one at the least. */
export function endOfFrames({ memory, end }: Piece, from: number, maxBytes: number): number {
  let to = from + frameBytesAt(memory, from);
  while (to < end && to + frameBytesAt(memory, to) - from <= maxBytes) to += frameBytesAt(memory, to);
  return to;
}

/**
 * A list of pieces with a mark in front of the piece to send next.
 *
 * @example
 * ```ts
 * import { PieceQueue } from "./piece_queue.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const queue = new PieceQueue();
 * const rest = { memory: new Uint8Array(8), segment: undefined, owners: [], headroom: 0, copies: undefined };
 * queue.add({ ...rest, start: 0, end: 3, offset: 0 });
 * queue.add({ ...rest, start: 3, end: 8, offset: 3 });
 * queue.advance(); // the first was sent
 * assertEquals([queue.next?.offset, queue.count], [3, 2]);
 * queue.shiftBefore(4); // it was taken, and a byte of the second
 * assertEquals(queue.takeAll().map(({ offset }) => offset), [3]);
 * ```
 */
export class PieceQueue {
  #pieces: Piece[] = [];
  /** Index of the first piece that is held; those before it are dropped in bulk. */
  #first = 0;
  /** Index of the piece to send next. */
  #next = 0;

  /** Pieces held. */
  get count(): number {
    return this.#pieces.length - this.#first;
  }

  /** The oldest piece. */
  get first(): Piece | undefined {
    return this.#pieces[this.#first];
  }

  /** The piece to send next. */
  get next(): Piece | undefined {
    return this.#pieces[this.#next];
  }

  /** The piece behind that. */
  get following(): Piece | undefined {
    return this.#pieces[this.#next + 1];
  }

  /** The newest piece. */
  get last(): Piece | undefined {
    return this.#pieces.length > this.#first ? this.#pieces[this.#pieces.length - 1] : undefined;
  }

  /** The oldest piece of which a byte lies behind `offset` counted ones. */
  behind(offset: number): Piece | undefined {
    let low = this.#first;
    for (let high = this.#pieces.length; low < high;) {
      const middle = (low + high) >>> 1;
      const { offset: at, start, end } = this.#pieces[middle];
      if (at + end - start > offset) high = middle;
      else low = middle + 1;
    }
    return this.#pieces[low];
  }

  /** Adds the newest piece. */
  add(piece: Piece): void {
    this.#pieces.push(piece);
  }

  /** The next piece was sent. */
  advance(): void {
    this.#next++;
  }

  /** Gives away the oldest piece if it ends at `offset` or before, and its hold on its segment. */
  shiftBefore(offset: number): Piece | undefined {
    const piece = this.first;
    if (piece === undefined || piece.offset + piece.end - piece.start > offset) return undefined;
    this.#pieces[this.#first++] = NOTHING;
    if (this.#next < this.#first) this.#next = this.#first;
    this.#compact();
    return piece;
  }

  /**
   * Gives away what was not sent, and the hold of each piece on its segment: of the next piece what is behind `offset`,
   * where a frame begins.
   *
   * @param framesBefore How many frames of that piece were sent.
   */
  takeUnsent(offset: number, framesBefore: number): Piece[] {
    const unsent = this.#pieces.splice(this.#next);
    const [first] = unsent;
    if (first === undefined || first.offset >= offset) return unsent;
    // Of one that others have as well these send the rest.
    if (first.copies !== undefined) {
      this.#pieces.push(first);
      this.#next++;
      return unsent.slice(1);
    }
    const cut = first.start + offset - first.offset;
    const owners = first.owners.splice(framesBefore);
    first.segment?.retain();
    unsent[0] = { ...first, start: cut, offset, owners, headroom: 0 };
    first.end = cut;
    this.#pieces.push(first);
    this.#next++;
    return unsent;
  }

  /** Gives away all pieces, oldest first, and the hold of each on its segment. */
  takeAll(): Piece[] {
    const pieces = this.#pieces.slice(this.#first);
    this.#pieces = [];
    this.#first = this.#next = 0;
    return pieces;
  }

  #compact(): void {
    if (this.#first < MOST_DROPPED) return;
    this.#pieces.splice(0, this.#first);
    this.#next -= this.#first;
    this.#first = 0;
  }
}
