/**
 * The bytes of a replay log in the pieces that they came in, oldest first.
 *
 * @module
 */
import type { Segment } from "../segment_pool.ts";

/** Dropped pieces that may stay at the front of the list: moving the others each time would cost more. */
const MOST_DROPPED = 256;

/** In place of a piece that was dropped, whose memory the list must not hold. */
const NOTHING: Piece = { memory: new Uint8Array(0), start: 0, end: 0, offset: 0, segment: undefined, writes: 0 };

/** Counted bytes that lie together in memory and were first sent as one frame. */
export interface Piece {
  /** Where they lie. */
  memory: Uint8Array;
  /** Index of the first of them. */
  start: number;
  /** Index behind the last. */
  end: number;
  /** Offset of `start` in the counted stream. */
  offset: number;
  /** Held by the log until they are acknowledged, if they lie in one. */
  segment: Segment | undefined;
  /** Writes under way that have it: while there are any, nothing is written into its memory or in front of it. */
  writes: number;
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
 * const memory = new Uint8Array(8);
 * queue.add({ memory, start: 0, end: 3, offset: 0, segment: undefined, writes: 0 });
 * queue.add({ memory, start: 3, end: 8, offset: 3, segment: undefined, writes: 0 });
 * queue.advance(); // the first was sent
 * assertEquals([queue.next?.offset, queue.count], [3, 2]);
 * queue.dropBefore(4); // it has arrived, and a byte of the second
 * queue.rewind();
 * assertEquals([queue.next?.offset, queue.count], [3, 1]);
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

  /** Adds the newest piece. */
  add(piece: Piece): void {
    this.#pieces.push(piece);
  }

  /** The next piece was sent. */
  advance(): void {
    this.#next++;
  }

  /** Sending begins anew at the oldest piece. */
  rewind(): void {
    this.#next = this.#first;
  }

  /** Lets go of the pieces that end at `offset` or before. */
  dropBefore(offset: number): void {
    while (this.#first < this.#pieces.length) {
      const piece = this.#pieces[this.#first];
      if (piece.offset + piece.end - piece.start > offset) break;
      piece.segment?.release();
      this.#pieces[this.#first++] = NOTHING;
    }
    if (this.#next < this.#first) this.#next = this.#first;
    this.#compact();
  }

  /** Lets go of all pieces. */
  clear(): void {
    for (let at = this.#first; at < this.#pieces.length; at++) this.#pieces[at].segment?.release();
    this.#pieces = [];
    this.#first = this.#next = 0;
  }

  #compact(): void {
    if (this.#first < MOST_DROPPED) return;
    this.#pieces.splice(0, this.#first);
    this.#next -= this.#first;
    this.#first = 0;
  }
}
