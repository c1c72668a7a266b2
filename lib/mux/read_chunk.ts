/**
 * The memory that a user's connection is read into, one chunk ahead.
 *
 * @module
 */
import { type Segment, SEGMENT_BYTES, type SegmentPool } from "../session/segment_pool.ts";
import { DATA_HEADER_BYTES, HEADROOM_BYTES } from "../session/session_constants.ts";

/** Room that must be free in front of data that is given to the log without a copy, in bytes. */
const DATA_HEADROOM_BYTES = HEADROOM_BYTES + DATA_HEADER_BYTES;
/** Sizes of the buffers that little is read into, in bytes; the first is that of an idle connection. */
const SMALL_READ_BYTES = [2 * 1024, 16 * 1024];
/** A segment with less room left than this is not read into again, in bytes. */
const LEAST_READ_BYTES = 48 * 1024;

const NO_MEMORY = new Uint8Array(0);

/** What all idle connections wait with that fill it only when they tell of it ({@linkcode Duplex.fillsAtOnce}). */
const WAITING_MEMORY = new Uint8Array(SMALL_READ_BYTES[0]!);

/** Where memory for reads comes from. */
export interface ChunkSource {
  /** Segments for bulk. */
  readonly pool: SegmentPool;
  /** How many bytes one turn may take. */
  readonly turnBytes: number;
}

/**
 * Where a read goes, and then what was read and is not yet in the log: bytes `start` to `end` of `memory`.
 *
 * While little comes all connections wait with the same memory, if they can, so that ten thousand idle ones cost little,
 * and what came is copied out at once. Bulk is read into segments of a pool, with room in front for the header of a
 * frame, so that nothing large is copied. One object for all reads of a stream.
 *
 * @example
 * ```ts
 * import { ReadChunk } from "./read_chunk.ts";
 * import { SegmentPool } from "../session/segment_pool.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const chunk = new ReadChunk();
 * const source = { pool: new SegmentPool({ plenty: 4 }), turnBytes: 65_536 };
 * const into = chunk.prepare(source);
 * into.set([7, 8]);
 * chunk.filled(2, source);
 * assertEquals(chunk.memory.subarray(chunk.start, chunk.end), new Uint8Array([7, 8]));
 * ```
 */
export class ReadChunk {
  /** Memory of the read. */
  memory: Uint8Array = NO_MEMORY;
  /** Where it begins. */
  start = 0;
  /** Where it ends. */
  end = 0;
  /** What the memory is of, if it may be kept without a copy. */
  segment: Segment | undefined;
  #buffer: Uint8Array | undefined;
  /** How much came lately: an index of {@linkcode SMALL_READ_BYTES}, or behind them. */
  #class = 0;
  /** The segment that is read into, piece by piece, or the small one that what came was copied into. */
  #open: Segment | undefined;
  #openUsed = 0;

  /** Bytes that wait. */
  get length(): number {
    return this.end - this.start;
  }

  /** Whether much came lately. */
  get isBulk(): boolean {
    return this.#class === SMALL_READ_BYTES.length;
  }

  /**
   * Memory for the next read.
   *
   * @param fillsAtOnce Whether the connection may wait with memory that others wait with as well.
   */
  prepare(source: ChunkSource, fillsAtOnce: boolean = false): Uint8Array {
    if (this.isBulk && (this.#open !== undefined || !source.pool.isScarce)) this.#prepareSegment(source);
    else this.#prepareBuffer(fillsAtOnce);
    return this.length === this.memory.length ? this.memory : this.memory.subarray(this.start, this.end);
  }

  #prepareSegment(source: ChunkSource): void {
    this.#buffer = undefined;
    const isUsedUp = this.#open !== undefined &&
      SEGMENT_BYTES - this.#openUsed < LEAST_READ_BYTES + DATA_HEADROOM_BYTES;
    if (isUsedUp) this.#dropSegment();
    if (this.#open === undefined) this.#openUsed = 0;
    const segment = this.#open ??= source.pool.take();
    this.memory = segment.memory;
    this.segment = segment;
    this.start = this.#openUsed + DATA_HEADROOM_BYTES;
    // No more than one turn takes, with the header of its frame: the rest of a larger read would have to be copied.
    this.end = Math.min(this.start + source.turnBytes - DATA_HEADER_BYTES, SEGMENT_BYTES);
  }

  #prepareBuffer(fillsAtOnce: boolean): void {
    this.#dropSegment();
    const bytes = SMALL_READ_BYTES[Math.min(this.#class, SMALL_READ_BYTES.length - 1)]!;
    if (fillsAtOnce && this.#class === 0) this.#buffer = undefined;
    else if (this.#buffer?.length !== bytes) this.#buffer = new Uint8Array(bytes);
    this.memory = this.#buffer ?? WAITING_MEMORY;
    this.segment = undefined;
    this.start = 0;
    this.end = bytes;
  }

  /** `count` bytes were read, in this very step if others wait with the same memory. */
  filled(count: number, { pool }: Pick<ChunkSource, "pool">): void {
    this.#resize(count, this.length);
    this.end = this.start + count;
    if (this.segment !== undefined) this.#openUsed = this.end;
    if (this.memory === WAITING_MEMORY) this.#copyOut(count, pool);
  }

  /** Invariant 3: behind this step the next connection has that memory. */
  #copyOut(count: number, pool: SegmentPool): void {
    this.#open = pool.takeSmall();
    this.memory = this.#open.memory;
    this.memory.set(WAITING_MEMORY.subarray(0, count));
  }

  #resize(count: number, room: number): void {
    if (count === room) this.#class = Math.min(this.#class + 1, SMALL_READ_BYTES.length);
    else if (this.#class > 0 && count < SMALL_READ_BYTES[this.#class - 1]!) this.#class--;
  }

  #dropSegment(): void {
    this.#open?.release();
    this.#open = undefined;
  }

  /** Lets go of all memory: nothing is read any more. */
  drop(): void {
    this.#dropSegment();
    this.#buffer = undefined;
    this.memory = NO_MEMORY;
    this.segment = undefined;
  }
}
