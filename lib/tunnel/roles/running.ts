/**
 * A role at work, as the process around it sees it.
 *
 * @module
 */
import type { LinkStatus } from "../log/status_line.ts";

/** A running role. */
export interface Running {
  /** The one line for standard output, where user bytes do not go there. */
  readonly readyLine: string;
  /** The addresses that it listens on, none on standard input and output. */
  readonly listens: readonly string[];
  /** Settles with the exit code when the role has nothing left to do, on standard input and output; others never end. */
  readonly ended?: Promise<number>;
  /** What a person at the terminal may want to see of a client's sessions. */
  readonly status?: () => LinkStatus;
  /** The user knows that the network is back, or doubts that it is there (SIGUSR1). */
  tryNow(): void;
  /** Ends it: peers are told, connections are closed. */
  stop(reason: string): Promise<void>;
}
