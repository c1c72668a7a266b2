/**
 * One piece in the logs of several carriers.
 *
 * @module
 */
import type { LogBudget } from "../log_budget.ts";
import type { Segment } from "../segment_pool.ts";

/** Frames in a log that others have as well. */
export interface SharedPiece {
  /** Where they lie; nowhere, once nobody needs them. */
  memory: Uint8Array;
  /** Index of the first byte. */
  readonly start: number;
  /** Index behind the last. */
  readonly end: number;
  /** Counted bytes of this carrier in front of them. */
  readonly offset: number;
  /** Held by this log, if they lie in one. */
  segment: Segment | undefined;
  /** Who is told when they were taken. */
  readonly owners: readonly ({ frameTaken(): void } | undefined)[];
}

/** A log that one of the pieces is in. */
export interface HandedMark {
  /** Counted bytes that were handed to writes. */
  readonly handed: number;
}

/** In place of memory that is needed no more. */
const NO_MEMORY = new Uint8Array(0);

/**
 * What becomes of a piece that more than one log has: the same frames, in the same memory, which nobody writes into.
 *
 * Invariant 2: the frames are kept until one of the carriers has brought them, or they are queued to be sent again when
 * the last of these is gone. Invariant 3: each log holds the segment by itself, and so does each write. Invariant 5: the
 * bytes count once, and no more for the log's limit as soon as they were taken; a log that has handed them to a write
 * lets go of them in that step, and one that has not counts for the process' memory until it has.
 *
 * Source: `PROTOCOL.md`, "Sending again elsewhere".
 */
export class Copies {
  readonly #budget: LogBudget;
  readonly #bytes: number;
  /** How many of its frames are of streams. */
  readonly #streamFrames: number;
  /** The pieces that have the memory, and whose logs they are in. */
  readonly #entries: Map<SharedPiece, HandedMark>;
  #isTaken = false;

  /** `piece`, which is in `log`, is about to be put into another. */
  constructor(piece: SharedPiece, log: HandedMark, budget: LogBudget) {
    this.#budget = budget;
    this.#bytes = bytesOf(piece);
    this.#streamFrames = piece.owners.filter((owner) => owner !== undefined).length;
    this.#entries = new Map([[piece, log]]);
  }

  /** Whether the peer has taken the frames. */
  get isTaken(): boolean {
    return this.#isTaken;
  }

  /** How many logs have them. */
  get count(): number {
    return this.#entries.size;
  }

  /** Whether `log` has them. */
  isIn(log: HandedMark): boolean {
    return [...this.#entries.values()].includes(log);
  }

  /** `piece` was put into `log`, which holds the segment once. */
  add(piece: SharedPiece, log: HandedMark): void {
    this.#entries.set(piece, log);
  }

  /** The peer has acknowledged one of them: it is in its log no more. */
  acknowledged(piece: SharedPiece): void {
    this.#letGo(piece);
    if (!this.#isTaken) this.taken(piece);
  }

  /** The peer has the frames of `piece`, and so of all. */
  taken(piece: SharedPiece): void {
    this.#isTaken = true;
    this.#budget.change(-this.#bytes, 0, -this.#streamFrames);
    if (this.#entries.size > 0) this.#budget.linger(this.#bytes);
    for (const entry of [...this.#entries.keys()]) this.handed(entry);
    for (const owner of piece.owners) owner?.frameTaken();
  }

  /** A log may have handed the last byte of `piece` to a write: nobody needs it any more, if it was taken. */
  handed(piece: SharedPiece): void {
    const log = this.#entries.get(piece);
    if (this.#isTaken && log !== undefined && log.handed >= piece.offset + bytesOf(piece)) this.#letGo(piece);
  }

  /**
   * A carrier is gone, and its log with it.
   *
   * @param taken Counted bytes that the peer has taken of that carrier.
   * @returns Whether the frames are to be sent again: nobody counts them any more, and the caller has the segment.
   */
  gone(piece: SharedPiece, taken: number): boolean {
    if (!this.#isTaken && taken >= piece.offset + bytesOf(piece)) this.taken(piece);
    if (!this.#isTaken && this.#entries.size === 1) {
      this.#entries.delete(piece);
      this.#budget.change(-this.#bytes, 0, -this.#streamFrames);
      return true;
    }
    this.#letGo(piece);
    return false;
  }

  #letGo(piece: SharedPiece): void {
    if (!this.#entries.delete(piece)) return;
    piece.segment?.release();
    piece.segment = undefined;
    if (!this.#isTaken) return;
    piece.memory = NO_MEMORY;
    if (this.#entries.size === 0) this.#budget.linger(-this.#bytes);
  }
}

function bytesOf({ start, end }: SharedPiece): number {
  return end - start;
}
