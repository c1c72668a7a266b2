/**
 * Reused buffers for the data path: allocating a fresh 256 KiB for every read costs more than framing does.
 *
 * @module
 */

/** Bytes of one pooled segment. */
export const SEGMENT_BYTES: number = 256 * 1024 + 4096;

/** Bytes of a small segment: for data that is copied, since so little is not worth holding a large one. */
export const SMALL_SEGMENT_BYTES: number = 4 * 1024;

/** Free segments kept while none is out. */
const KEPT_IDLE = 4;

/** Free small segments kept. */
const KEPT_SMALL = 64;

/**
 * A buffer shared by counting: whoever needs its bytes beyond the present call retains it, and releases it when done.
 *
 * Invariant: the memory is reused only when everyone has released it.
 */
export class Segment {
  /** The bytes. */
  readonly memory: Uint8Array;
  readonly #pool: SegmentPool | undefined;
  #holders = 1;

  /** A segment held once; `pool` takes it back, if given. */
  constructor(memory: Uint8Array, pool?: SegmentPool) {
    this.memory = memory;
    this.#pool = pool;
  }

  /** Whether it belongs to a pool; others are soon reused by whoever reads into them. */
  get isPooled(): boolean {
    return this.#pool !== undefined;
  }

  /** Whether its pool has so many out that a holder with little in this one should copy it and let go. */
  get isScarce(): boolean {
    return this.#pool?.isScarce ?? false;
  }

  /** Whether it has {@linkcode SMALL_SEGMENT_BYTES} or less. */
  get isSmall(): boolean {
    return this.memory.length <= SMALL_SEGMENT_BYTES;
  }

  /** Whether the caller is the only one who holds it. */
  get isExclusive(): boolean {
    return this.#holders === 1;
  }

  /** Holds it once more. */
  retain(): void {
    this.#holders++;
  }

  /** Lets go of it once. */
  release(): void {
    if (--this.#holders > 0) return;
    if (this.#holders < 0) throw new Error("a segment was released more often than it was retained");
    this.#pool?.giveBack(this);
  }

  /** Called by the pool, which alone hands out a segment that nobody holds. */
  reuse(): this {
    this.#holders = 1;
    return this;
  }
}

/**
 * Hands out {@linkcode Segment}s of {@linkcode SEGMENT_BYTES} and takes them back.
 *
 * @example
 * ```ts
 * import { SegmentPool } from "./segment_pool.ts";
 * import { assert, assertStrictEquals } from "@std/assert";
 *
 * const pool = new SegmentPool({ plenty: 2 });
 * const first = pool.take();
 * assert(!pool.isScarce);
 * first.release();
 * assertStrictEquals(pool.take(), first);
 * ```
 */
export class SegmentPool {
  readonly #free: Segment[] = [];
  readonly #freeSmall: Segment[] = [];
  readonly #plenty: number;
  #taken = 0;

  /**
   * An empty pool.
   *
   * @param options `plenty`: how many may be out before {@linkcode SegmentPool.isScarce} asks for thrift, and how many
   *   exist at most while it is heeded: those not out are kept for reuse while any is.
   */
  constructor(options: { plenty: number }) {
    this.#plenty = options.plenty;
  }

  /** Whether so many segments are out that a holder with little in one should copy it and let go. */
  get isScarce(): boolean {
    return this.#taken >= this.#plenty;
  }

  /** A segment held once by the caller. Its memory still has what its last user left. */
  take(): Segment {
    this.#taken++;
    return this.#free.pop()?.reuse() ?? new Segment(new Uint8Array(SEGMENT_BYTES), this);
  }

  /** A segment of {@linkcode SMALL_SEGMENT_BYTES}. There are always enough of them: they do not count as out. */
  takeSmall(): Segment {
    return this.#freeSmall.pop()?.reuse() ?? new Segment(new Uint8Array(SMALL_SEGMENT_BYTES), this);
  }

  /** Called by {@linkcode Segment.release}. */
  giveBack(segment: Segment): void {
    if (segment.isSmall) {
      if (this.#freeSmall.length < KEPT_SMALL) this.#freeSmall.push(segment);
      return;
    }
    this.#taken--;
    if (this.#taken + this.#free.length < this.#plenty) this.#free.push(segment);
    // Nobody is busy: what the peak needed goes back to the garbage collector.
    if (this.#taken === 0 && this.#free.length > KEPT_IDLE) this.#free.length = KEPT_IDLE;
  }
}
