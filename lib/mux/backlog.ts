/**
 * Records that arrived and are too many for one turn of the event loop.
 *
 * @module
 */
import type { Segment } from "../session/segment_pool.ts";

interface Piece {
  bytes: Uint8Array;
  segment: Segment;
}

/**
 * Bytes in order of arrival, held in the segments that they were read into.
 *
 * Invariant 10: a peer may put thousands of records into one read, and everybody else waits for the end of a turn. No
 * more is read from the carrier meanwhile, so one read is all that ever waits here.
 */
export class Backlog {
  #pieces: Piece[] = [];

  /** Whether nothing waits. */
  get isEmpty(): boolean {
    return this.#pieces.length === 0;
  }

  /** Keeps `bytes`, a view of `segment`. */
  add(bytes: Uint8Array, segment: Segment): void {
    segment.retain();
    this.#pieces.push({ bytes, segment });
  }

  /** Hands pieces to `take`, which tells how many bytes it took, until it leaves some. */
  takeWith(take: (bytes: Uint8Array, segment: Segment) => number): void {
    for (let piece = this.#pieces[0]; piece !== undefined; piece = this.#pieces[0]) {
      const taken = take(piece.bytes, piece.segment);
      if (taken < piece.bytes.length) {
        piece.bytes = piece.bytes.subarray(taken);
        return;
      }
      this.#pieces.shift();
      piece.segment.release();
    }
  }

  /** Forgets everything. */
  drop(): void {
    for (const { segment } of this.#pieces) segment.release();
    this.#pieces = [];
  }
}
