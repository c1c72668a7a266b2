/**
 * What a write under way has of a session's memory.
 *
 * @module
 */
import { HEADROOM_BYTES } from "../session_constants.ts";
import type { Segment } from "../segment_pool.ts";

/** Most bytes that are gathered into one frame. */
export const MOST_GATHERED_BYTES: number = 32 * 1024;

/**
 * The memory that the write under way of one carrier has. Each carrier has one for its lifetime, since it writes one
 * frame at a time.
 *
 * Invariant 3: bytes handed to a write belong to it until its promise settles. A duplex reads them when it sends them,
 * not when it is asked to, and that may be long after the peer has acknowledged them (a peer may say what it likes),
 * after the carrier was replaced or closed, and after the session's end. Only the settled promise ends the hold.
 *
 * @example
 * ```ts
 * import { FrameLog } from "./frame_log.ts";
 * import { WriteHold } from "./write_hold.ts";
 * import { writeOpen } from "../frames.ts";
 * import { LogBudget } from "../log_budget.ts";
 * import { SegmentPool } from "../segment_pool.ts";
 * import { OPEN_FRAME_BYTES } from "../session_constants.ts";
 * import { assert, assertStrictEquals } from "@std/assert";
 *
 * const pool = new SegmentPool({ plenty: 4 });
 * const segment = pool.take();
 * writeOpen(segment.memory, 0, 1, { send: 4096, receive: 4096 });
 * const log = new FrameLog(new LogBudget({ limitBytes: 1024 }));
 * log.adopt(segment.memory, 0, OPEN_FRAME_BYTES, { segment, headroom: 0 });
 * segment.release();
 * const hold = new WriteHold();
 * log.nextWrite(hold); // handed to a write, which waits
 * log.acknowledge(OPEN_FRAME_BYTES); // says the peer
 * assert(pool.take() !== segment);
 * hold.release(); // the write is done
 * assertStrictEquals(pool.take(), segment);
 * ```
 */
export class WriteHold {
  #segment: Segment | undefined;
  #gather: Uint8Array | undefined;
  #isTaken = false;

  /**
   * Holds what the bytes to write lie in until {@linkcode WriteHold.release}.
   *
   * @param segment Nothing for memory that is never used again.
   */
  take(segment: Segment | undefined): void {
    this.#begin();
    segment?.retain();
    this.#segment = segment;
  }

  /** Memory for a frame that is copied together, with headroom in front; held until {@linkcode WriteHold.release}. */
  takeGather(): Uint8Array {
    this.#begin();
    return this.#gather ??= new Uint8Array(HEADROOM_BYTES + MOST_GATHERED_BYTES);
  }

  #begin(): void {
    if (this.#isTaken) throw new Error("a frame was asked for while the write of the one before is under way");
    this.#isTaken = true;
  }

  /** The write is done or has failed: its promise has settled. A second call does nothing. */
  release(): void {
    this.#isTaken = false;
    const segment = this.#segment;
    this.#segment = undefined;
    segment?.release();
  }
}
