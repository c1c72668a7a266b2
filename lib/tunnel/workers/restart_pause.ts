/**
 * How long to wait before a worker that died is started again.
 *
 * @module
 */

/** The pause after the first death, in milliseconds: whoever had a connection there wants one again. */
const FIRST_PAUSE_MS = 100;
/** The longest pause, in milliseconds: a worker that cannot live must not keep the machine busy. */
const LONGEST_PAUSE_MS = 30_000;
/** A worker that lived for this long was well: its death counts as the first; in milliseconds. */
const WELL_AFTER_MS = 60_000;

/**
 * Counts the deaths of one worker.
 *
 * @example
 * ```ts
 * import { RestartPause } from "./restart_pause.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const pause = new RestartPause();
 * assertEquals([pause.after(5), pause.after(5), pause.after(5)], [100, 200, 400]);
 * assertEquals(pause.after(3_600_000), 100);
 * ```
 */
export class RestartPause {
  #nextMs = FIRST_PAUSE_MS;

  /** The pause behind a process that lived for `livedMs`: doubled each time, from 100 ms to 30 s. */
  after(livedMs: number): number {
    const pauseMs = livedMs >= WELL_AFTER_MS ? FIRST_PAUSE_MS : this.#nextMs;
    this.#nextMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
    return pauseMs;
  }
}
