/**
 * A worker's process, as its parent sees it.
 *
 * @module
 */

/** What a worker tells when it listens. */
export interface WorkerReady {
  /** The ready line of its role. */
  readonly readyLine: string;
  /** The addresses that it listens on. */
  readonly listens: readonly string[];
}

/** How a process ended. */
export interface WorkerEnd {
  /** Its exit code; 128 and the signal's number if one killed it. */
  readonly code: number;
  /** The signal that killed it. */
  readonly signal: string | null;
}

/** A process that was started. */
export interface WorkerProcess {
  /** Settles when it listens; with `undefined` if it has ended before that. */
  readonly ready: Promise<WorkerReady | undefined>;
  /** Settles when it has ended. */
  readonly ended: Promise<WorkerEnd>;
  /** Sends a signal; does nothing once it has ended. */
  signal(name: Deno.Signal): void;
  /** Tells it that others listen on its ports now; does nothing once it has ended. */
  leavePorts(): void;
  /** Tells it that those others end as well; does nothing once it has ended. */
  returnToPorts(): void;
}

/** The end of a process in words. */
export function wordsOf({ code, signal }: WorkerEnd): string {
  return signal === null ? `ended with exit code ${code}` : `was killed by ${signal}`;
}
