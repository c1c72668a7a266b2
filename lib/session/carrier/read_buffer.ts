/**
 * The memory that a carrier reads into.
 *
 * @module
 */
import { Segment, type SegmentPool } from "../segment_pool.ts";

/** Bytes of the buffer that an idle carrier reads into. */
export const SMALL_READ_BYTES: number = 8 * 1024;

/** Consecutive small reads before going back to the small buffer. */
const SMALL_READS = 32;

/**
 * A segment to read into: a large one while much comes, so that an idle carrier holds none.
 *
 * Invariant 3: whoever keeps something of what was read retains the segment; then the next read gets another.
 *
 * @example
 * ```ts
 * import { ReadBuffer, SMALL_READ_BYTES } from "./read_buffer.ts";
 * import { SegmentPool } from "../segment_pool.ts";
 * import { assert, assertEquals } from "@std/assert";
 *
 * const buffer = new ReadBuffer(new SegmentPool({ plenty: 4 }));
 * assertEquals(buffer.segment.memory.length, SMALL_READ_BYTES);
 * buffer.filled(SMALL_READ_BYTES); // a full one: there may be more
 * assert(buffer.segment.memory.length > SMALL_READ_BYTES);
 * buffer.release();
 * ```
 */
export class ReadBuffer {
  readonly #pool: SegmentPool;
  #segment = new Segment(new Uint8Array(SMALL_READ_BYTES));
  #smallReads = 0;

  /** A small one. */
  constructor(pool: SegmentPool) {
    this.#pool = pool;
  }

  /** For the next read. */
  get segment(): Segment {
    return this.#segment;
  }

  /** `count` bytes were read into it and handed on: chooses what the next read gets, the same again if it can be. */
  filled(count: number): void {
    this.#smallReads = count < SMALL_READ_BYTES ? this.#smallReads + 1 : 0;
    const segment = this.#segment;
    const isLarge = segment.isPooled ? this.#smallReads < SMALL_READS : this.#smallReads === 0;
    if (segment.isExclusive && segment.isPooled === isLarge) return;
    segment.release();
    this.#segment = isLarge ? this.#pool.take() : new Segment(new Uint8Array(SMALL_READ_BYTES));
  }

  /** Lets go of it: nothing is read any more. */
  release(): void {
    this.#segment.release();
  }
}
