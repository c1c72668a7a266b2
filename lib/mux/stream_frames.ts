/**
 * What becomes of the frames that a stream has sent.
 *
 * @module
 */
import type { FrameOwner } from "../session/carrier/piece_queue.ts";
import type { Turn } from "./scheduler.ts";

/** Whose frames they are. */
export interface FrameSender {
  /** What its scheduler remembers of it. */
  readonly turn: Turn;
  /** The peer has taken the last of its frames that are held. */
  framesTaken(): void;
  /** None of its frames waits to be sent again any more: it may send. */
  framesGone(): void;
}

/**
 * Counts the frames of a stream that are in logs, or wait to be sent again.
 *
 * Invariant 5: frames may wait for as long as a peer that acknowledges nothing likes. So they hold this, and the stream
 * with its user's connection only until it is over.
 */
export class StreamFrames implements FrameOwner {
  readonly #clock: { now(): number };
  readonly #turn: Turn;
  #sender: FrameSender | undefined;
  #held = 0;
  #queued = 0;

  /** None was sent. */
  constructor(sender: FrameSender, clock: { now(): number }) {
    this.#sender = sender;
    this.#turn = sender.turn;
    this.#clock = clock;
  }

  /** Whether the peer has taken all that was sent. */
  get areTaken(): boolean {
    return this.#held === 0;
  }

  /** Whether some wait to be sent again: nothing else of the stream may go in front of them. */
  get areQueued(): boolean {
    return this.#queued > 0;
  }

  /** The stream is over, and wants to hear no more of them. */
  forget(): void {
    this.#sender = undefined;
  }

  /** @ignore */
  get isQuiet(): boolean {
    return this.#turn.isQuiet(this.#clock);
  }

  /** @ignore */
  frameHeld(): void {
    this.#held++;
  }

  /** @ignore */
  frameTaken(): void {
    if (--this.#held === 0) this.#sender?.framesTaken();
  }

  /** @ignore */
  frameQueued(): void {
    this.#queued++;
  }

  /** @ignore */
  frameUnqueued(): void {
    if (--this.#queued === 0) this.#sender?.framesGone();
  }
}
