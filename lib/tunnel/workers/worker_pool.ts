/**
 * All workers of a parent: several generations of them during an upgrade.
 *
 * @module
 */
import type { Clock } from "../../net/clock.ts";
import { badInput, reasonOf } from "../../net/error.ts";
import type { Log } from "../../net/log.ts";
import { Worker, type WorkerPlace } from "./worker.ts";
import type { WorkerProcess, WorkerReady } from "./worker_process.ts";

/** Options of {@linkcode WorkerPool}. */
export interface WorkerPoolOptions {
  /** How many workers there are in a generation. */
  readonly count: number;
  /** Time. */
  readonly clock: Clock;
  /** Told what happens to workers. */
  readonly log: Log;
  /** Starts a process; throws if there can be none. */
  readonly start: (place: WorkerPlace) => Promise<WorkerProcess>;
}

/**
 * Starts workers, replaces them, and ends them.
 *
 * @example
 * ```ts
 * import { WorkerPool } from "./worker_pool.ts";
 * import { systemClock } from "../../net/clock.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const started: number[] = [];
 * const pool = new WorkerPool({
 *   count: 2,
 *   clock: systemClock,
 *   log: () => {},
 *   start({ number }) {
 *     started.push(number);
 *     const ended = Promise.withResolvers<{ code: number; signal: null }>();
 *     const ready = Promise.resolve({ readyLine: "ready", listens: [":40300"] });
 *     return Promise.resolve({
 *       ready,
 *       ended: ended.promise,
 *       signal: () => ended.resolve({ code: 0, signal: null }),
 *       leavePorts() {},
 *       returnToPorts() {},
 *     });
 *   },
 * });
 * assertEquals((await pool.start()).readyLine, "ready");
 * assertEquals(started, [1, 2]);
 * await pool.end("SIGTERM");
 * ```
 */
export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  /** Those of the newest generation that listens, or is the first. */
  #current: Worker[] = [];
  /** Those that are to take over, and do not listen yet. */
  #coming: Worker[] = [];
  /** Those that drain. */
  readonly #leaving = new Set<Worker>();
  #generation = 0;
  #endedBy: Deno.Signal | undefined;

  /** Nothing runs yet. */
  constructor(options: WorkerPoolOptions) {
    this.#options = options;
  }

  /**
   * Starts all workers: the first one alone, so that what is wrong with all is said once.
   *
   * @returns What the first one tells.
   * @throws {TeleError} `bad-input` if one does not come to listen; the others are ended by then.
   */
  async start(): Promise<WorkerReady> {
    if (this.#endedBy !== undefined) throw badInput(`ended by ${this.#endedBy} before a worker was started`);
    try {
      const ready = await this.#startGeneration();
      this.#current = this.#coming.splice(0);
      return ready;
    } catch (error) {
      await this.#giveUpComing();
      throw error;
    }
  }

  /**
   * Starts workers from the program that is there now. When all of them listen, those before leave the
   * ports to them and drain; if one does not, nothing changes.
   */
  async upgrade(): Promise<void> {
    const { log, count } = this.#options;
    if (this.#endedBy !== undefined) return log("warn", "SIGUSR2: nothing is upgraded, for this tele ends");
    if (this.#current.length === 0) return log("warn", "SIGUSR2: nothing is upgraded, for the first workers start");
    if (this.#coming.length > 0) return log("warn", "SIGUSR2: an upgrade is under way already");
    log("info", `SIGUSR2: ${count === 1 ? "a new worker starts" : `${count} new workers start`}`);
    this.#generation++;
    try {
      await this.#startGeneration();
    } catch (error) {
      await this.#giveUpComing();
      // What is told apart by generations alternates between those that run.
      this.#generation--;
      if (this.#endedBy === undefined) {
        log("error", `nothing changes, for the new program does not start: ${reasonOf(error)}`);
      }
      return;
    }
    const before = this.#current;
    this.#current = this.#coming.splice(0);
    log("info", "the new workers listen; the ones before take nobody new, and end with their last connection");
    for (const worker of before) this.#letLeave(worker);
  }

  /** Whether it was asked to end. */
  get isEnding(): boolean {
    return this.#endedBy !== undefined;
  }

  /** Those that serve, and those that drain. */
  get places(): readonly WorkerPlace[] {
    return [...this.#current, ...this.#leaving].map(({ place }) => place);
  }

  /** Passes a signal on to all. */
  signal(name: Deno.Signal): void {
    for (const worker of this.#all()) worker.signal(name);
  }

  /**
   * Ends all by a signal; another call passes another one on.
   *
   * @returns Settles when no worker is left.
   */
  async end(signal: Deno.Signal): Promise<void> {
    this.#endedBy = signal;
    // Those that followed them may end first, and then nobody would listen.
    const returning = signal === "SIGQUIT" ? this.#leaving : [];
    for (const worker of returning) worker.returnToPorts();
    const all = this.#all();
    for (const worker of all) worker.retire(signal);
    await Promise.all(all.map((worker) => worker.over));
  }

  #all(): Worker[] {
    return [...this.#current, ...this.#coming, ...this.#leaving];
  }

  async #startGeneration(): Promise<WorkerReady> {
    const { count, clock, log, start } = this.#options;
    const generation = this.#generation;
    const all = Array.from({ length: count }, (_, at) => {
      const number = at + 1;
      const place = { number, generation };
      return new Worker({ place, clock, log, start: () => start(place) });
    });
    const [first, ...others] = all;
    this.#coming = [first!];
    const ready = await first!.begin();
    if (this.#endedBy !== undefined) return ready;
    this.#coming = all;
    await Promise.all(others.map((worker) => worker.begin()));
    return ready;
  }

  async #giveUpComing(): Promise<void> {
    const coming = this.#coming;
    for (const worker of coming) worker.retire("SIGTERM");
    await Promise.all(coming.map((worker) => worker.over));
    this.#coming = [];
  }

  #letLeave(worker: Worker): void {
    this.#leaving.add(worker);
    worker.over.then(() => this.#leaving.delete(worker));
    if (this.#endedBy === undefined) worker.replace();
    else worker.retire(this.#endedBy);
  }
}
