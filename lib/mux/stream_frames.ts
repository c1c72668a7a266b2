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

/** Where nothing goes, before an open that waits to be sent again is in a log. */
const NOWHERE = {};

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
  #isOpenTaken: boolean;
  #openLog: object | undefined;
  #isUnwanted = false;

  /** None was sent. `isOpener` if this end opens the stream. */
  constructor(sender: FrameSender, clock: { now(): number }, isOpener: boolean) {
    this.#isOpenTaken = !isOpener;
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

  /** The peer has reset the stream: it ignores what else comes of it, so nothing has to be sent again. */
  resetByPeer(): void {
    this.#isUnwanted = true;
  }

  /** @ignore */
  get isUnwanted(): boolean {
    return this.#isUnwanted;
  }

  /** What goes on the carrier of the open is quiet as well: there is one that has them all. */
  get isQuiet(): boolean {
    return !this.#isOpenTaken || this.#turn.isQuiet(this.#clock.now());
  }

  /** @ignore */
  get openLog(): object | undefined {
    return this.#openLog;
  }

  /** @ignore */
  frameHeld(log?: object): void {
    this.#held++;
    if (!this.#isOpenTaken && log !== undefined) this.#openLog = log;
  }

  /** In a log nothing is in front of the open, so what is taken first is that. */
  frameTaken(): void {
    if (!this.#isOpenTaken) {
      this.#isOpenTaken = true;
      this.#openLog = undefined;
    }
    if (--this.#held === 0) this.#sender?.framesTaken();
  }

  /** @ignore */
  frameMoved(): void {
    this.#held--;
  }

  /** @ignore */
  frameQueued(): void {
    this.#queued++;
    // The open waits as well, or nothing may follow it there any more: the next log that it goes into is its own.
    if (!this.#isOpenTaken) this.#openLog = NOWHERE;
  }

  /** @ignore */
  frameUnqueued(): void {
    if (--this.#queued === 0) this.#sender?.framesGone();
  }
}
