/**
 * Keeps the status line of a terminal up to date.
 *
 * @module
 */
import type { Clock, Timer } from "../../net/clock.ts";
import { type LinkStatus, statusLine } from "./status_line.ts";
import type { StatusTerminal } from "./status_terminal.ts";

/** Interval between two looks, in milliseconds. */
const STEP_MS = 1_000;

/** Options of {@linkcode StatusDisplay}. */
export interface StatusDisplayOptions {
  /** Time. */
  clock: Clock;
  /** Where the line is shown. */
  terminal: StatusTerminal;
  /** The state that the line tells. */
  status: () => LinkStatus;
  /** Whether the terminal is this process's to write on. While it is in the background, somebody types there. */
  isForeground: () => boolean;
}

/** Looks once a second, and writes the line only when it has changed: never on an idle link. */
export class StatusDisplay {
  readonly #options: StatusDisplayOptions;
  #before: LinkStatus;
  #beforeMs: number;
  #timer: Timer;

  /** Shows the line for the first time a second from now. */
  constructor(options: StatusDisplayOptions) {
    this.#options = options;
    this.#before = options.status();
    this.#beforeMs = options.clock.now();
    this.#timer = options.clock.setTimer(() => this.#look(), STEP_MS);
  }

  /** Erases the line. */
  async stop(): Promise<void> {
    this.#timer.cancel();
    await this.#options.terminal.show("");
  }

  #look(): void {
    const { clock, terminal, status, isForeground } = this.#options;
    const [now, nowMs] = [status(), clock.now()];
    const line = statusLine(now, this.#before, nowMs - this.#beforeMs, terminal.columns);
    this.#before = now;
    this.#beforeMs = nowMs;
    if (isForeground()) terminal.show(line);
    this.#timer = clock.setTimer(() => this.#look(), STEP_MS);
  }
}
