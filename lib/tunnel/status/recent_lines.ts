/**
 * The last lines of the log.
 *
 * @module
 */
import { hears, type Log, LOG_LEVELS, type LogFields, type LogLevel } from "../../net/log.ts";
import type { LineReport } from "./report.ts";
import { iso } from "./timeline.ts";

/** How many are kept. */
export const MOST_RECENT = 50;

/** Longest sentence that is kept whole: peers have a hand in some. */
const MOST_LETTERS = 1_000;

const LEAST = LOG_LEVELS.indexOf("info");

function isKept(level: LogLevel): boolean {
  return LOG_LEVELS.indexOf(level) >= LEAST;
}

/**
 * Keeps what is logged at level info and above, whatever level is written.
 *
 * @example
 * ```ts
 * import { RecentLines } from "./recent_lines.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const recent = new RecentLines(() => 0);
 * const log = recent.beside(() => {});
 * log("debug", "probe sent");
 * log("info", "link up");
 * assertEquals(recent.lines, [{ time: "1970-01-01T00:00:00.000Z", level: "info", message: "link up" }]);
 * ```
 */
export class RecentLines {
  readonly #wallNow: () => number;
  readonly #lines: LineReport[] = [];

  /** None was written; `wallNow` tells milliseconds since 1970. */
  constructor(wallNow: () => number) {
    this.#wallNow = wallNow;
  }

  /** A log that keeps its lines here, and hands them on to `log`. */
  beside(log: Log): Log {
    const tell = (level: LogLevel, message: string, fields?: LogFields) => {
      log(level, message, fields);
      if (!isKept(level)) return;
      this.#lines.push({ time: iso(this.#wallNow()), level, message: message.slice(0, MOST_LETTERS) });
      if (this.#lines.length > MOST_RECENT) this.#lines.shift();
    };
    return Object.assign(tell, { hears: (level: LogLevel) => isKept(level) || hears(log, level) });
  }

  /** The last lines, oldest first. */
  get lines(): readonly LineReport[] {
    return [...this.#lines];
  }
}
