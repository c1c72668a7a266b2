/**
 * The memory that a user's connection is read into, one chunk ahead.
 *
 * @module
 */
import { type Segment, SEGMENT_BYTES, type SegmentPool } from "../session/segment_pool.ts";
import { DATA_HEADER_BYTES, HEADROOM_BYTES } from "../session/session_constants.ts";

/** Room that must be free in front of data that is given to the log without a copy, in bytes. */
const DATA_HEADROOM_BYTES = HEADROOM_BYTES + DATA_HEADER_BYTES;
/** Sizes of the private buffers that little is read into, in bytes: an idle connection holds the smallest. */
const PRIVATE_READ_BYTES = [2 * 1024, 16 * 1024];
/** A segment with less room left than this is not read into again, in bytes. */
const LEAST_READ_BYTES = 48 * 1024;

const NO_MEMORY = new Uint8Array(0);

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
 * Small while little comes, so that ten thousand idle connections cost little; segments of a pool for bulk, with room
 * in front for the header of a frame, so that nothing large is copied. One object for all reads of a stream.
 *
 * @example
 * ```ts
 * import { ReadChunk } from "./read_chunk.ts";
 * import { SegmentPool } from "../session/segment_pool.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const chunk = new ReadChunk();
 * const into = chunk.prepare({ pool: new SegmentPool({ plenty: 4 }), turnBytes: 65_536 });
 * into.set([7, 8]);
 * chunk.filled(2);
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
  /** How much came lately: an index of {@linkcode PRIVATE_READ_BYTES}, or behind them. */
  #class = 0;
  /** The segment that is read into, piece by piece. */
  #open: Segment | undefined;
  #openUsed = 0;

  /** Bytes that wait. */
  get length(): number {
    return this.end - this.start;
  }

  /** Whether much came lately. */
  get isBulk(): boolean {
    return this.#class === PRIVATE_READ_BYTES.length;
  }

  /** Memory for the next read. */
  prepare(source: ChunkSource): Uint8Array {
    if (this.isBulk && (this.#open !== undefined || !source.pool.isScarce)) this.#prepareSegment(source);
    else this.#prepareBuffer();
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

  #prepareBuffer(): void {
    this.#dropSegment();
    const bytes = PRIVATE_READ_BYTES[Math.min(this.#class, PRIVATE_READ_BYTES.length - 1)]!;
    if (this.#buffer?.length !== bytes) this.#buffer = new Uint8Array(bytes);
    this.memory = this.#buffer;
    this.segment = undefined;
    this.start = 0;
    this.end = bytes;
  }

  /** `count` bytes were read. */
  filled(count: number): void {
    this.#resize(count, this.length);
    this.end = this.start + count;
    if (this.segment !== undefined) this.#openUsed = this.end;
  }

  #resize(count: number, room: number): void {
    if (count === room) this.#class = Math.min(this.#class + 1, PRIVATE_READ_BYTES.length);
    else if (this.#class > 0 && count < PRIVATE_READ_BYTES[this.#class - 1]!) this.#class--;
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
