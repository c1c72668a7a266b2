/**
 * Asks a process once a second.
 *
 * @module
 */
import { type Clock, sleep } from "../../net/clock.ts";
import { reasonOf } from "../../net/error.ts";
import type { Report } from "./report.ts";

/** Interval between two questions, in milliseconds. */
const STEP_MS = 1_000;

/** For as long a process that is slow to answer is left in peace between two questions, in milliseconds. */
const LEAST_PAUSE_MS = 250;

/** Needed to ask. */
export interface WatchNeeds {
  /** Asks once; throws why there is no answer, or the reason of `signal`. */
  readonly ask: (signal: AbortSignal) => Promise<Report>;
  /** Time. */
  readonly clock: Clock;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** Who is told. */
export interface Watcher {
  /** The process has answered. */
  take(report: Report): void;
  /** It has not, though it has before. */
  lost(reason: string): void;
}

/**
 * Asks until it is ended.
 *
 * @throws What the first question throws: where nobody was ever there, somebody has to change something. What `watcher`
 * throws.
 */
export async function watch({ ask, clock, signal }: WatchNeeds, watcher: Watcher): Promise<void> {
  for (let isFirst = true; !signal.aborted; isFirst = false) {
    const sinceMs = clock.now();
    let report: Report | undefined;
    try {
      report = await ask(signal);
    } catch (error) {
      if (signal.aborted) return;
      if (isFirst) throw error;
      watcher.lost(reasonOf(error));
    }
    // A fault in what the watcher does is none of the process's.
    if (report !== undefined) watcher.take(report);
    await sleep(clock, Math.max(LEAST_PAUSE_MS, sinceMs + STEP_MS - clock.now()), signal);
  }
}
