/**
 * What was seen of a path with several carriers since its bound was last decided.
 *
 * @module
 */
import type { Delivery } from "./flight.ts";

/** Answers closer together than this came at once, in milliseconds: probes leave further apart. */
const AT_ONCE_MS = 10;

/**
 * Collects answers to probes, acknowledgements and what is in flight, for one step of the bound. A pure core.
 *
 * @example
 * ```ts
 * import { BoundStep } from "./bound_step.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const step = new BoundStep();
 * step.inFlight(90_000);
 * step.next(0);
 * step.delivered({ roundTripMs: 70, bytes: 50_000 }, true);
 * step.answered(100, 65);
 * assertEquals([step.answers, step.lowestMs, step.mostInFlight, step.bytesPerMs(100)], [1, 65, 90_000, 500]);
 * ```
 */
export class BoundStep {
  #beganMs = -Infinity;
  #inFlight = 0;
  #mostInFlight = 0;
  #deliveredBytes = 0;
  /** For how long that was under way, in byte milliseconds. */
  #waitedByteMs = 0;
  #answers = 0;
  #firstAnswerMs = Infinity;
  #lastAnswerMs = -Infinity;
  #lowestMs = Infinity;

  /** For how long it lasts, in milliseconds; 0 in the first step. */
  ms(nowMs: number): number {
    return this.#beganMs === -Infinity ? 0 : nowMs - this.#beganMs;
  }

  /** Answers to probes. */
  get answers(): number {
    return this.#answers;
  }

  /** Whether all answers came at once: they waited for the same, which may be a lost packet in front of them. */
  get cameAtOnce(): boolean {
    return this.#lastAnswerMs - this.#firstAnswerMs < AT_ONCE_MS;
  }

  /** The shortest round trip, of answers and of acknowledgements, in milliseconds; `Infinity` without one. */
  get lowestMs(): number {
    return this.#lowestMs;
  }

  /** How long bulk was under way on average, in milliseconds; 0 if nothing arrived. */
  get bulkMs(): number {
    return this.#waitedByteMs / Math.max(1, this.#deliveredBytes);
  }

  /** Most bytes that were in flight. */
  get mostInFlight(): number {
    return this.#mostInFlight;
  }

  /** What was delivered, in bytes per millisecond; 0 in the first step. */
  bytesPerMs(nowMs: number): number {
    return this.#deliveredBytes / Math.max(1, nowMs - this.#beganMs);
  }

  /** So many bytes are in flight. */
  inFlight(bytes: number): void {
    this.#inFlight = bytes;
    this.#mostInFlight = Math.max(this.#mostInFlight, bytes);
  }

  /**
   * Something was acknowledged. That it comes late tells nothing; that it comes soon, that nothing waits in a queue.
   *
   * @param isSince Whether it was sent since the bound of this step is kept.
   */
  delivered({ roundTripMs, bytes }: Pick<Delivery, "roundTripMs" | "bytes">, isSince: boolean): void {
    this.#deliveredBytes += bytes;
    this.#waitedByteMs += bytes * roundTripMs;
    if (isSince) this.#lowestMs = Math.min(this.#lowestMs, roundTripMs);
  }

  /** How long anything was under way so far says nothing any more. */
  forgetAnswers(): void {
    this.#answers = 0;
    this.#lowestMs = this.#firstAnswerMs = Infinity;
    this.#lastAnswerMs = -Infinity;
  }

  /** A probe was answered that was sent since then. */
  answered(nowMs: number, roundTripMs: number): void {
    this.#answers++;
    this.#firstAnswerMs = Math.min(this.#firstAnswerMs, nowMs);
    this.#lastAnswerMs = nowMs;
    this.#lowestMs = Math.min(this.#lowestMs, roundTripMs);
  }

  /** The bound was decided: the next step begins, with what is in flight now. */
  next(nowMs: number): void {
    this.#beganMs = nowMs;
    this.#deliveredBytes = this.#waitedByteMs = 0;
    this.#mostInFlight = this.#inFlight;
    this.forgetAnswers();
  }
}
