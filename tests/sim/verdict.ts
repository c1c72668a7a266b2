/**
 * Whether a run is right so far, and what it says of itself.
 *
 * @module
 */
import type { SimClock } from "./clock.ts";

/** Calls of users and the network in one run; more of them mean that the code goes in circles. */
const MOST_CALLS = 500_000;

/** Thrown by nobody: a run has failed once `problem` is set. */
export class Verdict {
  /** What went wrong first, if anything did. */
  problem: string | undefined;
  /** When, in virtual milliseconds since the run began. */
  problemMs = 0;
  /** What happened, in a traced run. */
  readonly lines: string[] = [];
  readonly #clock: SimClock;
  readonly #isTraced: boolean;
  readonly #startMs: number;
  #calls = 0;

  constructor(clock: SimClock, isTraced: boolean) {
    this.#clock = clock;
    this.#isTraced = isTraced;
    this.#startMs = clock.now();
  }

  fail(problem: string): void {
    if (this.problem !== undefined) return;
    this.problem = problem;
    this.problemMs = this.#clock.now() - this.#startMs;
    this.trace(`FAILED: ${problem}`);
  }

  trace(line: string): void {
    if (!this.#isTraced) return;
    this.lines.push(`${(this.#clock.now() - this.#startMs).toFixed(1).padStart(10)}  ${line}`);
  }

  /** Whether a call of a user or the network may lead to another one. */
  mayGoOn(): boolean {
    if (++this.#calls <= MOST_CALLS) return true;
    this.fail(`${MOST_CALLS} calls: the code goes in circles`);
    return false;
  }
}
