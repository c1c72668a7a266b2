/**
 * Whether what looks like a queue is a longer path.
 *
 * @module
 */

/** With this share of the rate at which it was found left, a queue that is as long, more or less, is none of ours. */
const RATE_LEFT = 0.6, SAME_QUEUE = 1.25, STEPS = 3;
/** Where this much more is delivered when more is sent, the path was longer; that is tried no more often than this. */
const RAISED_RATE = 1.3, RAISE_AFTER_MS = 10_000;

/** What one step of the bound found. */
export interface QueueSeen {
  /** How much later than the lowest round trip answers came, in milliseconds. */
  queueMs: number;
  /** What was delivered, in bytes per millisecond. */
  bytesPerMs: number;
}

/**
 * Tells a longer path from a queue, step by step of the bound.
 *
 * A queue that stays although less is sent, and less arrives, is none of ours. At the least bound nothing can be told by
 * sending less: there more is sent for a step, with which a queue of ours grows, and a longer path delivers more.
 *
 * A pure core. Source: `PROTOCOL.md`, "The path's bound".
 *
 * @example
 * ```ts
 * import { LongerPath } from "./longer_path.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const longer = new LongerPath();
 * const steps = [1_000, 600, 500, 400].map((bytesPerMs) => longer.stays({ queueMs: 60, bytesPerMs }));
 * assertEquals(steps, [false, false, false, true]);
 * ```
 */
export class LongerPath {
  /** Queue and rate when the bound began to shrink; `undefined` while it does not. */
  #began: QueueSeen | undefined;
  #steps = 0;
  /** Queue and rate before more was sent. */
  #before: QueueSeen | undefined;
  #raisedMs = -Infinity;

  /** There is no queue. */
  forget(): void {
    this.#began = undefined;
  }

  /** A step found a queue. Returns whether it has stayed so long that it is none. */
  stays({ queueMs, bytesPerMs }: QueueSeen): boolean {
    if (this.#began === undefined || queueMs > SAME_QUEUE * this.#began.queueMs) {
      this.#began = { queueMs, bytesPerMs };
      this.#steps = 0;
      return false;
    }
    const isSame = queueMs * SAME_QUEUE >= this.#began.queueMs && bytesPerMs <= RATE_LEFT * this.#began.bytesPerMs;
    this.#steps = isSame ? this.#steps + 1 : 0;
    return this.#steps >= STEPS;
  }

  /** Whether more is sent in this step, to see what that does. */
  get isRaised(): boolean {
    return this.#before !== undefined;
  }

  /** Whether more may be sent for a step. */
  mayRaise(nowMs: number): boolean {
    return nowMs - this.#raisedMs >= RAISE_AFTER_MS;
  }

  /** More is sent from now on. */
  raise(nowMs: number, before: QueueSeen): void {
    this.#raisedMs = nowMs;
    this.#before = before;
  }

  /** The step in which more was sent is over. Returns whether the path is longer. */
  raised({ queueMs, bytesPerMs }: QueueSeen): boolean {
    const before = this.#before!;
    this.#before = undefined;
    return queueMs <= SAME_QUEUE * before.queueMs && bytesPerMs >= RAISED_RATE * before.bytesPerMs;
  }
}
