/**
 * A running role, as the process around it sees it.
 *
 * @module
 */
import type { LinkStatus } from "../log/status_line.ts";

/** A running role. */
export interface Running {
  /** The one line for standard output, where user bytes do not go there. */
  readonly readyLine: string;
  /** The addresses that it listens on; empty with standard input and output. */
  readonly listens: readonly string[];
  /** Only with standard input and output, where a role ends by itself: settles with the exit code. */
  readonly ended?: Promise<number>;
  /** The state of a client's sessions, for a person at the terminal. */
  readonly status?: () => LinkStatus;
  /** Whether it takes nothing new, and ends when what there is has ended. */
  readonly isDraining?: boolean;
  /** The user knows that the network is back, or doubts it (SIGUSR1). */
  tryNow(): void;
  /** User connections that are carried now. */
  readonly connections: () => number;
  /**
   * Other processes listen on the same ports: leaves them to those, with what comes for its sessions. Only where draining
   * alone does not.
   */
  leavePorts?(): void;
  /**
   * Listens again on the ports that it left: those that follow may end before it.
   *
   * @throws {TeleError} `bad-input` if that is not possible.
   */
  returnToPorts?(): Promise<void>;
  /**
   * Takes nothing new; asked again, it logs what is left (SIGQUIT).
   *
   * @returns Settles with why the role is to be stopped now: nothing is left, or `--drain-timeout` has passed.
   */
  drain(): Promise<string>;
  /** Ends the role: tells peers, and closes connections. */
  stop(reason: string): Promise<void>;
}
