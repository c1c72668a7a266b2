/**
 * One of several workers: a process, and the next one when that died.
 *
 * @module
 */
import type { Clock, Timer } from "../../net/clock.ts";
import { badInput, reasonOf } from "../../net/error.ts";
import type { Log } from "../../net/log.ts";
import { RestartPause } from "./restart_pause.ts";
import { wordsOf, type WorkerProcess, type WorkerReady } from "./worker_process.ts";

/** A worker that does not listen after this is killed, in milliseconds. */
export const START_LIMIT_MS = 30_000;

/** Which worker a process is to be. */
export interface WorkerPlace {
  /** From 1 on. */
  readonly number: number;
  /** How many upgrades there were before it. */
  readonly generation: number;
}

/** Options of {@linkcode Worker}. */
export interface WorkerOptions {
  /** Which one it is: its number stands in log lines. */
  readonly place: WorkerPlace;
  /** Time. */
  readonly clock: Clock;
  /** Told of deaths, and of what follows. */
  readonly log: Log;
  /** Starts a process; throws if there can be none. */
  readonly start: () => Promise<WorkerProcess>;
}

/**
 * Keeps one process running until it is retired: behind a death comes another start, after a pause that grows.
 *
 * The first start is different: if it fails, {@linkcode begin} rejects, and nothing follows.
 */
export class Worker {
  readonly #options: WorkerOptions;
  readonly #pause = new RestartPause();
  readonly #over = Promise.withResolvers<void>();
  #process: WorkerProcess | undefined;
  #isStarting = false;
  #timer: Timer | undefined;
  #retiredBy: Deno.Signal | undefined;

  /** Nothing runs yet. */
  constructor(options: WorkerOptions) {
    this.#options = options;
  }

  /** Which one it is. */
  get place(): WorkerPlace {
    return this.#options.place;
  }

  /** Settles when it was retired, and no process of it is left. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  /**
   * Starts the first process, and settles when that listens.
   *
   * @throws {TeleError} `bad-input` if it ends before, or takes too long; then the worker is over.
   */
  async begin(): Promise<WorkerReady> {
    try {
      return await this.#run();
    } catch (error) {
      this.retire("SIGKILL");
      throw error;
    }
  }

  /** Passes a signal on to the process there is. */
  signal(name: Deno.Signal): void {
    this.#process?.signal(name);
  }

  /** Ends it by a signal: no other process follows. Another call passes another signal on. */
  retire(signal: Deno.Signal): void {
    this.#retiredBy = signal;
    this.#timer?.cancel();
    if (this.#process !== undefined) this.#process.signal(signal);
    else if (!this.#isStarting) this.#over.resolve();
  }

  /**
   * Others listen: it leaves its ports to them, and ends when what it has is over. No other process follows. The signal says
   * the second for itself, since a program of another version may know that alone.
   */
  replace(): void {
    this.#process?.leavePorts();
    this.retire("SIGQUIT");
  }

  /** Those that followed it drain as well: it listens again. */
  returnToPorts(): void {
    this.#process?.returnToPorts();
  }

  /** Runs a process to the moment when it listens; its death is looked after from the start on. */
  async #run(): Promise<WorkerReady> {
    const { clock, place: { number } } = this.#options;
    const process = await this.#startProcess();
    const startedMs = clock.now();
    let isReady = false;
    const limit = clock.setTimer(() => process.signal("SIGKILL"), START_LIMIT_MS);
    const ended = process.ended.then((end) => {
      limit.cancel();
      this.#process = undefined;
      if (this.#retiredBy !== undefined) this.#over.resolve();
      else if (isReady) this.#restart(wordsOf(end), clock.now() - startedMs);
      return end;
    });
    const ready = await process.ready;
    limit.cancel();
    if (ready === undefined) {
      const end = await ended;
      const slow = clock.now() - startedMs >= START_LIMIT_MS ? `, not listening after ${START_LIMIT_MS / 1000} s` : "";
      throw badInput(`worker ${number} ${wordsOf(end)}${slow}`);
    }
    isReady = true;
    return ready;
  }

  async #startProcess(): Promise<WorkerProcess> {
    this.#isStarting = true;
    try {
      this.#process = await this.#options.start();
    } finally {
      this.#isStarting = false;
      if (this.#process === undefined && this.#retiredBy !== undefined) this.#over.resolve();
    }
    // It may have been retired meanwhile.
    if (this.#retiredBy !== undefined) this.#process.signal(this.#retiredBy);
    return this.#process;
  }

  #restart(why: string, livedMs: number): void {
    const { clock, log, place: { number } } = this.#options;
    const pauseMs = this.#pause.after(livedMs);
    log("warn", `worker ${number} ${why}; another starts in ${pauseMs / 1000} s`, { worker: number });
    const startedMs = clock.now() + pauseMs;
    this.#timer = clock.setTimer(() => {
      this.#run().then(
        () => log("info", `worker ${number} listens again`, { worker: number }),
        (error) => {
          if (this.#retiredBy === undefined) this.#restart(againstNumber(error, number), clock.now() - startedMs);
        },
      );
    }, pauseMs);
  }
}

/** The reason without the worker's number, which stands in front of it. */
function againstNumber(error: unknown, number: number): string {
  const reason = reasonOf(error);
  const own = `worker ${number} `;
  return reason.startsWith(own) ? reason.slice(own.length) : `cannot be started: ${reason}`;
}
