/**
 * Dials for carriers on one path, beside carriers that work.
 *
 * @module
 */
import type { Clock, Timer } from "../../net/clock.ts";
import { noAnswer } from "./silence_error.ts";

/** Behind an attempt that failed, or a carrier that is lost, the next one waits for so long, in milliseconds. */
const PAUSE_MS = 1_000;
/** While a path has no carrier each pause is longer by this factor, up to so many milliseconds. */
const PAUSE_GROWTH = 1.5;
const MOST_PAUSE_MS = 10_000;

/** No attempt lasts longer than this, in milliseconds. */
const ATTEMPT_MS = 60_000;
/**
 * The first one on a path without a carrier lasts no longer than this, in milliseconds: the connection request that
 * TCP repeats comes ever more seldom, so one that begins anew finds a path that is back sooner. Each further one lasts
 * longer, since the path may have become a slow one.
 */
const FIRST_ATTEMPT_MS = 8_000;

/** A path that lost its carrier within this time was not up for good, in milliseconds. */
const PROVEN_MS = 10_000;

/** One attempt. */
export class Attempt {
  /** Gives it up. */
  readonly controller: AbortController = new AbortController();
  /** Gives it up when it lasts too long. */
  readonly limit: Timer;

  /** It begins, and lasts `mostMs` milliseconds at the most. */
  constructor(clock: Clock, mostMs: number) {
    this.limit = clock.setTimer(() => this.controller.abort(noAnswer(mostMs)), mostMs);
  }
}

/** Options of {@linkcode PathAttempts}. */
export interface PathAttemptsOptions {
  /** Time. */
  clock: Clock;
  /** Tries until attached; rejects if that fails. */
  run(attempt: Attempt): Promise<void>;
  /** An attempt failed. */
  attemptFailed(error: unknown): void;
  /** A pause is over. */
  onPauseOver(): void;
}

/**
 * Keeps attempts on one path: as many as are wanted at once, but one by one behind a failure or a loss.
 *
 * Source: `PROTOCOL.md`, "Reconnecting", "Several paths".
 */
export class PathAttempts {
  readonly #options: PathAttemptsOptions;
  readonly #open: Set<Attempt> = new Set();
  /** Whether an attempt has failed, or a carrier was lost, since there were enough. */
  #isWary = false;
  /** Until then nobody is dialed. */
  #pause: Timer | undefined;
  /** Whether the path has no carrier, and others have. */
  #isDown = false;
  /** Failures and short lives in a row, while it had no carrier. */
  #failures = 0;
  #upSinceMs = 0;

  /** No attempt is under way. */
  constructor(options: PathAttemptsOptions) {
    this.#options = options;
  }

  /**
   * There are to be `count` attempts from now on.
   *
   * @param working Carriers of the path that work.
   */
  keep(count: number, working: number): void {
    this.#isDown = working === 0;
    if (count === 0 && working > 0) this.#trust();
    while (this.#open.size > count) this.#drop([...this.#open].at(-1)!);
    while (this.#pause === undefined && this.#open.size < count) {
      this.#start();
      // One by one behind a failure, until all are there. On a path without a carrier there is one only.
      if (this.#isWary && !this.#isDown) this.#startPause(PAUSE_MS);
    }
  }

  /** A carrier is lost. */
  lost(): void {
    if (this.#options.clock.now() - this.#upSinceMs < PROVEN_MS) this.#failures++;
    this.#startPause(PAUSE_MS);
  }

  /** An attempt has led to a carrier. Returns whether it was still wanted. */
  attached(attempt: Attempt): boolean {
    if (this.#isDown) this.#upSinceMs = this.#options.clock.now();
    return this.#end(attempt);
  }

  /** The network is another one: what was under way on a path without a carrier is worthless, and no pause is due. */
  startOver(): void {
    this.#failures = 0;
    if (!this.#isDown) return;
    this.stop();
  }

  /** Gives up all attempts. */
  stop(): void {
    this.#endPause();
    for (const attempt of [...this.#open]) this.#drop(attempt);
  }

  #start(): void {
    const grownMs = FIRST_ATTEMPT_MS * PAUSE_GROWTH ** this.#failures;
    const attempt = new Attempt(this.#options.clock, this.#isDown ? Math.min(ATTEMPT_MS, grownMs) : ATTEMPT_MS);
    this.#open.add(attempt);
    this.#options.run(attempt).catch((error) => this.#failed(attempt, error));
  }

  #failed(attempt: Attempt, error: unknown): void {
    if (!this.#end(attempt)) return;
    if (this.#isDown) this.#failures++;
    const grownMs = PAUSE_MS * PAUSE_GROWTH ** Math.max(0, this.#failures - 1);
    this.#startPause(this.#isDown ? Math.min(MOST_PAUSE_MS, grownMs) : PAUSE_MS);
    this.#options.attemptFailed(error);
  }

  #end(attempt: Attempt): boolean {
    attempt.limit.cancel();
    return this.#open.delete(attempt);
  }

  #drop(attempt: Attempt): void {
    this.#end(attempt);
    attempt.controller.abort();
  }

  #trust(): void {
    this.#isWary = false;
    if (this.#options.clock.now() - this.#upSinceMs >= PROVEN_MS) this.#failures = 0;
    this.#endPause();
  }

  #endPause(): void {
    this.#pause?.cancel();
    this.#pause = undefined;
  }

  #startPause(pauseMs: number): void {
    this.#isWary = true;
    this.#pause ??= this.#options.clock.setTimer(() => {
      this.#pause = undefined;
      this.#options.onPauseOver();
    }, pauseMs);
  }
}
