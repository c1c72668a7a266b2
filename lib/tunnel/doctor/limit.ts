/**
 * A limit for each step of a task.
 *
 * @module
 */

import type { Clock, Timer } from "../../net/clock.ts";
import { unanswered } from "../../session/reconnect/silence_error.ts";

/** What a limited task is given. */
export interface Limited {
  /** Aborts when the limit has passed, or the whole is given up. */
  readonly signal: AbortSignal;
  /**
   * A step is done, and the limit begins anew.
   *
   * @param silence What it means if nothing more comes.
   */
  readonly again: (silence?: string) => void;
}

/** Limits of a task. */
export interface Limits {
  /** Time. */
  readonly clock: Clock;
  /** Longest for one step, in milliseconds. */
  readonly waitMs: number;
  /** Gives up the whole. */
  readonly signal: AbortSignal;
}

/**
 * Runs a task that does not wait longer than `waitMs` for any of its steps.
 *
 * @throws {TeleError} `carrier-lost` that says what the silence means; what the task throws; the reason of `signal`.
 */
export async function limited<Result>(
  { clock, waitMs, signal: whole }: Limits,
  run: (limited: Limited) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  const { signal } = controller;
  const given = Promise.withResolvers<never>();
  signal.addEventListener("abort", () => given.reject(signal.reason), { once: true });
  let reached: string | undefined;
  let timer: Timer | undefined;
  const again = (silence?: string) => {
    reached = silence ?? reached;
    timer?.cancel();
    timer = clock.setTimer(() => controller.abort(unanswered(reached)), waitMs);
  };
  const giveUp = () => controller.abort(whole.reason);
  whole.addEventListener("abort", giveUp, { once: true });
  if (whole.aborted) giveUp();
  else again();
  try {
    return await Promise.race([run({ signal, again }), given.promise]);
  } finally {
    timer?.cancel();
    whole.removeEventListener("abort", giveUp);
  }
}
