/**
 * Streams as those see them that keep their frames.
 *
 * @module
 */
import type { FrameOwner } from "../../lib/session/carrier/piece_queue.ts";

/** A stream that counts which of its frames are held, and which wait. */
export class CountingOwner implements FrameOwner {
  openLog: object | undefined;
  isUnwanted = false;
  /** Frames that are in a log. */
  held = 0;
  /** Frames that wait to be sent again. */
  queued = 0;

  constructor(public isQuiet: boolean) {}

  frameHeld(): void {
    this.held++;
  }

  frameTaken(): void {
    this.held--;
  }

  frameMoved(): void {
    this.held--;
  }

  frameQueued(): void {
    this.queued++;
  }

  frameUnqueued(): void {
    this.queued--;
  }
}
