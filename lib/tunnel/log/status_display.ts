/**
 * Keeps the status line of a terminal up to date.
 *
 * @module
 */
import type { Clock, Timer } from "../../net/clock.ts";
import { type LinkStatus, statusLine } from "./status_line.ts";
import type { StatusTerminal } from "./status_terminal.ts";

/** How often the line may change, in milliseconds. */
const STEP_MS = 1_000;

/** What a {@linkcode StatusDisplay} is made of. */
export interface StatusDisplayOptions {
  /** Time. */
  clock: Clock;
  /** Where the line is shown. */
  terminal: StatusTerminal;
  /** What it tells. */
  status: () => LinkStatus;
  /** Whether the terminal is this process's to write on: in the background somebody types there. */
  isForeground: () => boolean;
}

/** Looks once a second, and writes only what has changed: nothing on an idle link. */
export class StatusDisplay {
  readonly #options: StatusDisplayOptions;
  #before: LinkStatus;
  #beforeMs: number;
  #timer: Timer;

  /** Shows the first line a second from now. */
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

/** Columns of the terminal behind standard error, 80 if it does not tell. */
export function terminalColumns(): number {
  try {
    return Deno.consoleSize().columns || 80;
  } catch {
    return 80;
  }
}

/** The environment variables that tell what terminal there is. */
export interface TerminalVariables {
  /** Its kind. */
  readonly TERM?: string | undefined;
  /** Set inside tmux. */
  readonly TMUX?: string | undefined;
  /** Set inside xterm. */
  readonly XTERM_VERSION?: string | undefined;
}

/**
 * Whether the terminal wraps its lines anew when its window becomes narrower, as nearly all do. The Linux console, xterm
 * and GNU Screen cut them, and there nothing must be erased above.
 */
export function rewrapsLines({ TERM, TMUX, XTERM_VERSION }: TerminalVariables): boolean {
  return TMUX !== undefined || (XTERM_VERSION === undefined && !/^(linux|screen)/.test(TERM ?? ""));
}

/**
 * Whether the shell has given this process its terminal. Only Linux tells, and Deno lets only a process with all
 * permissions ask (`-A`); others count as being in front.
 */
export function isInForeground(): boolean {
  try {
    // proc(5): behind the program's name in parentheses stand state, parent, process group, session, terminal, and the
    // process group in front.
    const [, stat = ""] = /\) (.*)$/s.exec(Deno.readTextFileSync("/proc/self/stat")) ?? [];
    const [, , group, , , front] = stat.split(" ");
    return group === front;
  } catch {
    return true;
  }
}
