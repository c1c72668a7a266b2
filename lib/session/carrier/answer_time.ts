/**
 * How long an answer of the peer takes, with all that it has to wait behind.
 *
 * @module
 */

/** While much comes, the pause between an answer and the next question, in milliseconds. */
const ASK_EVERY_MS = 1_000;

/** Bytes that must have come since the last answer before there may be a queue. */
const ASK_BYTES = 4 * 1024;

const SECOND_MS = 1_000;

/** An idle peer's signs of life are fewer bytes than this in a second: they do not stand in an answer's way. */
const SIGNS_OF_LIFE_BYTES = 50;

/** A peer of which nothing but these has come for so many seconds has nothing else on its way. */
const IDLE_SECONDS = 2;

/**
 * Measures the time from a question (a probe that wants a reply) to its answer.
 *
 * A pure core. Invariant 7: an answer waits behind the peer's own bytes, in the peer's send buffer and in every queue
 * on the way. So as long as those come, an answer that has not come yet takes at least the time since the question. But
 * a peer that was idle meanwhile had nothing in front of it until then: a question that has no answer is lost, or waits on
 * its way there, and what comes later was not what it waited for.
 *
 * @example
 * ```ts
 * import { AnswerTime } from "./answer_time.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const answer = new AnswerTime();
 * answer.asked();
 * answer.passed(8_000);
 * answer.received(64_000); // in front of the answer
 * assertEquals(answer.ms, 8_000);
 * answer.passed(1_000);
 * answer.replied();
 * assertEquals(answer.ms, 9_000);
 * ```
 */
export class AnswerTime {
  #ms = 0;
  #isAsked = false;
  /** Since the question, or since the last answer. */
  #passedMs = 0;
  /** For how long the answer may have been behind other bytes: since the question, or since the peer was idle. */
  #behindMs = 0;
  #idleSeconds = 0;
  #receivedBytes = 0;
  /** The present second, and the bytes that came in it: what came before stands in front of nothing any more. */
  #secondMs = 0;
  #freshBytes = 0;

  /** What an answer takes, in milliseconds; 0 if unknown. */
  get ms(): number {
    return this.#ms;
  }

  /** How long an answer has been due, in milliseconds; 0 if none is. */
  get waitedMs(): number {
    return this.#isAsked ? this.#passedMs : 0;
  }

  /** Whether there may be a queue that nobody has measured. */
  get isWorthAsking(): boolean {
    return !this.#isAsked && this.#passedMs >= ASK_EVERY_MS && this.#receivedBytes >= ASK_BYTES;
  }

  /** A question was sent. One that follows another without an answer changes nothing: TCP loses none. */
  asked(): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    this.#passedMs = this.#behindMs = this.#receivedBytes = 0;
  }

  /** The process ran for `ms`. */
  passed(ms: number): void {
    this.#passedMs += ms;
    this.#behindMs += ms;
    this.#secondMs += ms;
    if (this.#secondMs >= SECOND_MS) this.#secondPassed();
  }

  #secondPassed(): void {
    // In silence it is not known what is on its way.
    const isIdle = this.#freshBytes > 0 && this.#freshBytes <= SIGNS_OF_LIFE_BYTES;
    this.#idleSeconds = isIdle ? this.#idleSeconds + 1 : 0;
    if (this.#idleSeconds >= IDLE_SECONDS) this.#behindMs = 0;
    this.#secondMs = this.#freshBytes = 0;
  }

  /** So many bytes came, of any kind. */
  received(bytes: number): void {
    this.#receivedBytes += bytes;
    this.#freshBytes += bytes;
    if (this.#isAsked && this.#freshBytes > SIGNS_OF_LIFE_BYTES) this.#ms = Math.max(this.#ms, this.#behindMs);
  }

  /** The answer came. */
  replied(): void {
    if (!this.#isAsked) return;
    this.#ms = this.#passedMs;
    this.#isAsked = false;
    this.#passedMs = this.#receivedBytes = 0;
  }
}
