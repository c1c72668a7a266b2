/**
 * What is said while connections cannot be accepted.
 *
 * @module
 */
import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";

/** The commonest reason. */
export const OUT_OF_DESCRIPTORS = "this process has too many files open (ulimit -n)";

/**
 * How long it is not said again, in milliseconds. Near a limit of the system each connection that ends lets one in, and the
 * next one fails: strangers could make a line each time (invariant 10).
 */
const SPAN_MS = 60_000;

/**
 * Says it once, and not again for a minute.
 *
 * @example
 * ```ts
 * import { AcceptTrouble, OUT_OF_DESCRIPTORS } from "./accept_trouble.ts";
 * import { systemClock } from "./clock.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const lines: string[] = [];
 * const trouble = new AcceptTrouble({ clock: systemClock, log: (_level, line) => void lines.push(line) });
 * for (let at = 0; at < 3; at++) trouble.tell(OUT_OF_DESCRIPTORS);
 * assertEquals(lines, [`cannot accept connections for now: ${OUT_OF_DESCRIPTORS}`]);
 * ```
 */
export class AcceptTrouble {
  readonly #clock: Clock;
  readonly #log: Log;
  #toldMs = -Infinity;

  /** There was none yet. */
  constructor({ clock, log }: { clock: Clock; log: Log }) {
    this.#clock = clock;
    this.#log = log;
  }

  /** Accepting fails for this reason. */
  tell(reason: string): void {
    const nowMs = this.#clock.now();
    if (nowMs - this.#toldMs < SPAN_MS) return;
    this.#toldMs = nowMs;
    this.#log("warn", `cannot accept connections for now: ${reason}`);
  }
}
