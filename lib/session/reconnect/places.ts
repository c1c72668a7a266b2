/**
 * How many attempts there are at once, and which of them makes room for another: a pure core.
 *
 * @module
 */

/** Attempts open at once. */
const MOST_ATTEMPTS = 4;
/** How long an attempt may wait for an answer before it makes room for another, in milliseconds. */
const ANSWER_MS = 1_500;
/** The same in round trips, where those are known: one to connect, one for the challenge, one to spare. */
const ANSWER_ROUND_TRIPS = 3;
/** How long the attempt that was challenged last is kept, in milliseconds: a server gives a handshake ten seconds. */
const SPARE_MS = 8_000;
/** How long the oldest unanswered attempt is kept, in milliseconds: the path may have become a slow one. */
const FIRST_PATIENCE_MS = 15_000;
/** Each time in vain it is kept twice as long, up to this, in milliseconds. */
const MOST_PATIENCE_MS = 60_000;

/** What is to be known of an attempt. */
export interface Placed {
  /** When it started, by the clock. */
  readonly startedAt: number;
  /** When the server answered with a challenge, by the clock. */
  readonly answeredAt: number | undefined;
  /** Whether it is being committed: it keeps its place until that has failed. */
  readonly isCommitting: boolean;
}

/** Whether another attempt may start: yes, yes in place of an attempt that is given up, or not for some time. */
export type Room<Attempt> = { kind: "free" } | { kind: "taken over"; from: Attempt } | { kind: "none"; waitMs: number };

/**
 * Gives attempts their places.
 *
 * A middle box may accept connections and forward nothing; when it is mended, those are lost, and only an attempt that
 * starts afterwards gets through. So attempts that nobody answers must not keep the places. But a path may have become
 * so slow that an answer takes many seconds, and nobody knows beforehand: so the oldest attempt is held much longer
 * than the others, each time in vain twice as long. Of those that were challenged while another is committed, one is
 * kept to spare.
 *
 * Source: `PROTOCOL.md`, "Reconnecting".
 *
 * @example
 * ```ts
 * import { Places } from "./places.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const waiting = { answeredAt: undefined, isCommitting: false };
 * const attempts = [0, 1_000, 2_000, 3_000].map((startedAt) => ({ ...waiting, startedAt }));
 * const places = new Places(0);
 * assertEquals(places.find(attempts.slice(1), 4_000), { kind: "free" });
 * assertEquals(places.find(attempts, 4_000), { kind: "taken over", from: attempts[1] });
 * ```
 */
export class Places {
  readonly #answerMs: number;
  readonly #most: number;
  #patienceMs = FIRST_PATIENCE_MS;

  /**
   * No place is taken.
   *
   * @param roundTripMs The last known round trip, in milliseconds; 0 if there is none.
   * @param paths How many paths there are, on each of which there may be as many.
   */
  constructor(roundTripMs: number, paths = 1) {
    this.#most = paths * MOST_ATTEMPTS;
    this.#answerMs = Math.min(Math.max(ANSWER_MS, ANSWER_ROUND_TRIPS * roundTripMs), MOST_PATIENCE_MS);
  }

  /** Finds a place among `attempts`, oldest first. */
  find<Attempt extends Placed>(attempts: readonly Attempt[], nowMs: number): Room<Attempt> {
    if (attempts.length < this.#most) return { kind: "free" };
    const held = attempts.find(({ answeredAt }) => answeredAt === undefined);
    const spare = lastAnswered(attempts);
    const endOf = (attempt: Attempt) => {
      const { startedAt, answeredAt, isCommitting } = attempt;
      if (isCommitting) return Infinity;
      if (answeredAt !== undefined) return answeredAt + (attempt === spare ? SPARE_MS : this.#answerMs);
      return startedAt + (attempt === held ? Math.max(this.#patienceMs, this.#answerMs) : this.#answerMs);
    };
    const from = attempts.find((attempt) => endOf(attempt) <= nowMs);
    if (from === undefined) return { kind: "none", waitMs: Math.min(...attempts.map(endOf)) - nowMs };
    if (from === held) this.#patienceMs = Math.min(2 * this.#patienceMs, MOST_PATIENCE_MS);
    return { kind: "taken over", from };
  }

  /** The network is another one: what was learned of its patience is worth nothing. */
  startOver(): void {
    this.#patienceMs = FIRST_PATIENCE_MS;
  }
}

function lastAnswered<Attempt extends Placed>(attempts: readonly Attempt[]): Attempt | undefined {
  return attempts.filter(({ answeredAt, isCommitting }) => answeredAt !== undefined && !isCommitting)
    .sort((one, other) => other.answeredAt! - one.answeredAt!)[0];
}
