/**
 * Time, passed in: nothing above the `net` layer reads a clock or sets a timer by itself, so that a test runs a week of
 * outage in a millisecond.
 *
 * @module
 */

/** A pending timer of a {@linkcode Clock}. */
export interface Timer {
  /** Stops the timer. Does nothing once it has fired. */
  cancel(): void;
}

/**
 * A source of time.
 *
 * @example
 * ```ts
 * import { systemClock } from "./clock.ts";
 * import { assert } from "@std/assert";
 *
 * const before = systemClock.now();
 * await new Promise<void>((resolve) => systemClock.setTimer(resolve, 5));
 * assert(systemClock.now() > before);
 * ```
 */
export interface Clock {
  /** Milliseconds since some fixed moment; never goes back. */
  now(): number;

  /** Milliseconds since 1970 by the wall clock. It may jump: a jump beyond {@linkcode Clock.now} means sleep. */
  wallNow(): number;

  /** Calls `action` once, `delayMs` milliseconds from now. */
  setTimer(action: () => void, delayMs: number): Timer;
}

/** `setTimeout` fires at once for delays of 2^31 ms (24.8 days) and more; longer ones are chained. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  setTimer(action, delayMs) {
    let id: ReturnType<typeof setTimeout>;
    const start = (leftMs: number) => {
      const stepMs = Math.min(leftMs, LONGEST_DELAY_MS);
      id = setTimeout(() => leftMs > stepMs ? start(leftMs - stepMs) : action(), stepMs);
    };
    start(delayMs);
    return { cancel: () => clearTimeout(id) };
  },
};

/**
 * Resolves after `delayMs` milliseconds of `clock`, early when `signal` aborts. Never rejects.
 *
 * @example
 * ```ts
 * import { sleep, systemClock } from "./clock.ts";
 *
 * await sleep(systemClock, 5);
 * ```
 */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      timer.cancel();
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = clock.setTimer(done, delayMs);
    signal?.addEventListener("abort", done, { once: true });
  });
}
