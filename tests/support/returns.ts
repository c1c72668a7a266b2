/**
 * A pool of segments that spoils the memory of what comes back: whoever still looks at it is found out.
 *
 * @module
 */
import { Segment, SegmentPool } from "../../lib/session/segment_pool.ts";

/** Remembers what came back, and never hands it out again. */
export class Returns extends SegmentPool {
  /** What came back. */
  readonly came: Set<Segment> = new Set();
  /** How many were lent. */
  lent = 0;

  constructor() {
    super({ plenty: 0 });
  }

  /** A segment with this memory, held once. */
  lend(memory: Uint8Array): Segment {
    this.lent++;
    return new Segment(memory, this);
  }

  override giveBack(segment: Segment): void {
    segment.memory.fill(0xdd);
    this.came.add(segment);
  }
}
