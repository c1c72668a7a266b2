/**
 * A role that takes nobody new, and ends when those that are there have ended.
 *
 * @module
 */
import { type Clock, sleep } from "../../net/clock.ts";
import { reasonOf } from "../../net/error.ts";
import type { Log } from "../../net/log.ts";
import { formatDuration } from "../values/duration.ts";

/** Options of {@linkcode RoleDrain}. */
export interface RoleDrainOptions {
  /** Time. */
  readonly clock: Clock;
  /** Told when it begins, when somebody asks again, and how it ends. */
  readonly log: Log;
  /** What is left after so long is ended, in milliseconds (`--drain-timeout`). */
  readonly timeoutMs: number;
  /** Takes nobody from now on; settles when nobody is left, and the peers know. */
  readonly begin: () => Promise<unknown>;
  /** User connections that are carried now. */
  readonly connections: () => number;
}

/**
 * Drains a role, once.
 *
 * @example
 * ```ts
 * import { RoleDrain } from "./role_drain.ts";
 * import { systemClock } from "../../net/clock.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const drain = new RoleDrain({
 *   clock: systemClock,
 *   log: () => {},
 *   timeoutMs: 1_000,
 *   begin: () => Promise.resolve(),
 *   connections: () => 0,
 * });
 * assertEquals(await drain.ask(), "drained");
 * ```
 */
export class RoleDrain {
  readonly #options: RoleDrainOptions;
  #ending: Promise<string> | undefined;
  #startedMs = 0;
  readonly #stopped = new AbortController();

  /** It takes whoever comes. */
  constructor(options: RoleDrainOptions) {
    this.#options = options;
  }

  /** Whether it takes nobody any more. */
  get isDraining(): boolean {
    return this.#ending !== undefined;
  }

  /**
   * Begins. Asked again, it tells how much is left.
   *
   * @returns Settles with why the role is to end now: all is over, or that took too long.
   */
  ask(): Promise<string> {
    const { clock, log, timeoutMs, connections } = this.#options;
    if (this.#ending !== undefined) {
      const leftMs = Math.max(0, timeoutMs - (clock.now() - this.#startedMs));
      log("info", `draining: ${counted(connections())} left, for ${formatDuration(inSeconds(leftMs))} yet at the most`);
      return this.#ending;
    }
    this.#startedMs = clock.now();
    const most = `${formatDuration(timeoutMs)} (--drain-timeout)`;
    log(
      "info",
      `draining: takes nothing new, and ends when ${counted(connections())} over, after ${most} at the latest`,
    );
    return this.#ending = this.#drained(most);
  }

  async #drained(most: string): Promise<string> {
    const { clock, log, timeoutMs, begin, connections } = this.#options;
    const over = new AbortController();
    const fault = (error: unknown) => log("error", `draining failed: ${reasonOf(error)}`);
    const work = begin().catch(fault).then(() => over.abort());
    await sleep(clock, timeoutMs, AbortSignal.any([over.signal, this.#stopped.signal]));
    if (over.signal.aborted) {
      await work;
      log("info", "drained: nothing is left");
      return "drained";
    }
    if (!this.#stopped.signal.aborted) log("warn", `drained for ${most}: ${counted(connections())} ended`);
    return "the drain timeout has passed";
  }

  /** The role ends, drained or not. */
  stop(): void {
    this.#stopped.abort();
  }
}

/** For a sentence that goes on with a participle or "over". */
function counted(connections: number): string {
  return connections === 1 ? "1 connection is" : `${connections} connections are`;
}

function inSeconds(ms: number): number {
  return Math.ceil(ms / 1000) * 1000;
}
