/**
 * All commands that carriers go by.
 *
 * @module
 */
import { type Clock, sleep } from "../clock.ts";
import type { Duplex } from "../duplex.ts";
import { type LineKind, LineLimiter } from "../line_limiter.ts";
import type { Log } from "../log.ts";
import { CommandDuplex } from "./command_duplex.ts";
import { type CommandProcess, startProcess } from "./command_process.ts";
import { END_MS, RunningCommand } from "./running_command.ts";

/** How long after the last command should be gone it is waited for, in milliseconds. */
const SPARE_MS = 500;

/** Lines that commands write to standard error. */
const LINES: LineKind = {
  lines: 20,
  linesOfAHost: 20,
  spanMs: 1_000,
  more: (count) => `${count} more lines of the command`,
  unit: "lines",
  countLevel: "debug",
};

/** What {@linkcode Commands} need. */
export interface CommandsNeeds {
  /** Time. */
  clock: Clock;
  /** Where their standard error goes, at level debug. */
  log: Log;
  /**
   * Starts a program.
   *
   * @default {startProcess}
   */
  start?: (words: readonly string[]) => CommandProcess;
}

/**
 * Starts commands, one for each carrier, and sees them all ended.
 *
 * @example
 * ```ts ignore
 * import { systemClock } from "../clock.ts";
 * import { Commands } from "./commands.ts";
 *
 * const commands = new Commands({ clock: systemClock, log: console.error });
 * const duplex = commands.open(["ssh", "-W", "localhost:40300", "example.com"], "exec:ssh -W localhost:40300 example.com");
 * duplex.close();
 * await commands.stop();
 * ```
 */
export class Commands {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #start: (words: readonly string[]) => CommandProcess;
  readonly #limiter: LineLimiter;
  readonly #running: Set<RunningCommand> = new Set();

  /** Runs none yet. */
  constructor({ clock, log, start = startProcess }: CommandsNeeds) {
    this.#clock = clock;
    this.#log = log;
    this.#start = start;
    this.#limiter = new LineLimiter(clock, log);
  }

  /**
   * Starts a command.
   *
   * @param words Its name or path, and its arguments.
   * @param name Its name for logs.
   * @returns Its standard input and output. Closing that ends the command.
   * @throws {TeleError} As {@linkcode startProcess}.
   */
  open(words: readonly string[], name: string): Duplex {
    const process = this.#start(words);
    const command = new RunningCommand(process, this.#clock, (line) => this.#say(line));
    this.#running.add(command);
    command.over.then(() => {
      this.#running.delete(command);
      this.#tellEnd(command);
    });
    return new CommandDuplex(process, command, name);
  }

  #say(line: string): void {
    this.#limiter.tell(LINES, { level: "debug", host: "", message: `the command says: ${line}` });
  }

  #tellEnd({ status }: RunningCommand): void {
    if (status === undefined) return;
    const { code, signal } = status;
    const how = signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
    this.#log("debug", `the command ${how}`, { code });
  }

  /** Ends all of them; settles when they are gone, after 2.5 s at the latest. */
  async stop(): Promise<void> {
    for (const command of this.#running) command.end();
    const gone = new AbortController();
    const all = Promise.all([...this.#running].map(({ over }) => over));
    await Promise.race([all, sleep(this.#clock, END_MS + SPARE_MS, gone.signal)]);
    gone.abort();
    this.#limiter.stop();
  }

  /** Ends all of them at once, for a process that ends in this moment. */
  kill(): void {
    for (const command of this.#running) command.kill();
  }
}
