/**
 * Data that came before what is in front of it.
 *
 * @module
 */
import { Segment } from "../session/segment_pool.ts";

/** Pieces that are copied are joined up to this, in bytes. Data of this size is worth keeping where it is. */
export const JOINED_BYTES: number = 64 * 1024;

/** What is due, and what its memory belongs to. */
export interface DueData {
  /** The bytes, a view of the segment. */
  bytes: Uint8Array;
  /** Held once for whoever takes it, who releases it. */
  segment: Segment;
}

/**
 * Bytes of a stream without a hole, in the segment that they came in or in memory of their own.
 *
 * Invariant 3: a view holds its segment, and is never written into. Memory of its own may be: it grows at either end
 * until it is handed over, since small pieces come in any order, and each as an object would cost far more than its
 * bytes.
 */
export class EarlyPiece {
  #offset: number;
  /** Of a view the bytes themselves; else there may be room at both ends. */
  #memory: Uint8Array;
  #start: number;
  #end: number;
  /** What a view holds. */
  readonly #segment: Segment | undefined;

  private constructor(offset: number, bytes: Uint8Array, segment: Segment | undefined) {
    this.#offset = offset;
    this.#memory = bytes;
    this.#start = 0;
    this.#end = bytes.length;
    this.#segment = segment;
  }

  /** A piece that stays in the segment that it came in, and holds it. */
  static view(offset: number, bytes: Uint8Array, segment: Segment): EarlyPiece {
    segment.retain();
    return new EarlyPiece(offset, bytes, segment);
  }

  /** A piece in memory of its own. */
  static copy(offset: number, bytes: Uint8Array): EarlyPiece {
    return new EarlyPiece(offset, new Uint8Array(bytes), undefined);
  }

  /** Where it begins in the stream. */
  get offset(): number {
    return this.#offset;
  }

  /** Where the stream goes on behind it. */
  get end(): number {
    return this.#offset + this.length;
  }

  /** Bytes of the stream. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** Bytes of its own memory that nothing is in. */
  get room(): number {
    return this.#memory.length - this.length;
  }

  /** Whether `bytes` more may be put to either end. */
  takes(bytes: number): boolean {
    return this.#segment === undefined && this.length + bytes <= JOINED_BYTES;
  }

  /** Whether `behind` touches it and both may be one. */
  joins(behind: EarlyPiece): boolean {
    return this.end === behind.offset && behind.#segment === undefined && this.takes(behind.length);
  }

  /** Puts `bytes` behind it, of which it {@linkcode EarlyPiece.takes} as many. */
  append(bytes: Uint8Array): void {
    if (this.#end + bytes.length > this.#memory.length) this.#move(bytes.length, 0);
    this.#memory.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** Puts `bytes` in front of it, of which it {@linkcode EarlyPiece.takes} as many. */
  prepend(bytes: Uint8Array): void {
    if (bytes.length > this.#start) this.#move(bytes.length, bytes.length);
    this.#start -= bytes.length;
    this.#memory.set(bytes, this.#start);
    this.#offset -= bytes.length;
  }

  /**
   * One piece of two that {@linkcode EarlyPiece.joins} has found to touch. The longer one takes the other: a long one
   * would else be copied for each byte that comes in front of it.
   */
  join(behind: EarlyPiece): EarlyPiece {
    if (this.length < behind.length) {
      behind.prepend(this.#bytes);
      return behind;
    }
    this.append(behind.#bytes);
    return this;
  }

  /** The bytes from `offset` on. It is over with that: nothing is put to it any more. */
  handOver(offset: number): DueData {
    const segment = this.#segment ?? new Segment(this.#memory);
    return { bytes: this.#memory.subarray(this.#start + offset - this.#offset, this.#end), segment };
  }

  /** Lets go of the segment; the bytes are not wanted. */
  drop(): void {
    this.#segment?.release();
  }

  get #bytes(): Uint8Array {
    return this.#memory.subarray(this.#start, this.#end);
  }

  /**
   * Makes room for `more` bytes, `front` of them in front: in the same memory, or in one of twice the size. What is
   * left over is shared by both ends, so that each byte is moved a few times at the most, at whichever end others come.
   */
  #move(more: number, front: number): void {
    const [bytes, total] = [this.#bytes, this.length + more];
    if (total > this.#memory.length) this.#memory = new Uint8Array(Math.min(JOINED_BYTES, 2 * total));
    this.#start = ((this.#memory.length - total) >> 1) + front;
    this.#end = this.#start + bytes.length;
    this.#memory.set(bytes, this.#start);
  }
}
