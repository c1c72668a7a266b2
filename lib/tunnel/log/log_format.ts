/**
 * Log lines: for a person, or for a machine.
 *
 * @module
 */

import { type Log, LOG_LEVELS, type LogFields, type LogLevel } from "../../net/log.ts";
import { escapeUnshown } from "../../net/shown_text.ts";

/** The shapes a log line can have. */
export const LOG_FORMATS = ["text", "json"] as const;

/** One of {@linkcode LOG_FORMATS}. */
export type LogFormat = typeof LOG_FORMATS[number];

/** Options of {@linkcode makeLog}. */
export interface LogOptions {
  /** Lowest level that is written. */
  readonly level: LogLevel;
  /** Shape of each line. */
  readonly format: LogFormat;
  /** Takes one line, without its line end. */
  readonly write: (line: string) => void;
  /** Milliseconds since 1970. */
  readonly wallNow: () => number;
}

/** Width of the longest level, so that sentences start in one column. */
const LEVEL_WIDTH = Math.max(...LOG_LEVELS.map((level) => level.length));

/**
 * Makes one log line, without a line end and with none inside.
 *
 * `text` has the time, the level and the sentence, which tells its facts itself. `json` is one object with `time`,
 * `level`, `message` and the fields; a field with one of these three names is dropped.
 *
 * @param wallMs Milliseconds since 1970.
 *
 * @example
 * ```ts
 * import { formatLogLine } from "./log_format.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const wallMs = Date.UTC(2026, 10, 21, 3, 35, 0, 123);
 * assertEquals(
 *   formatLogLine("text", "info", "link lost: connection reset", { sessions: 1 }, wallMs),
 *   "2026-11-21T03:35:00.123Z info  link lost: connection reset",
 * );
 * assertEquals(
 *   formatLogLine("json", "info", "link lost: connection reset", { sessions: 1 }, wallMs),
 *   '{"time":"2026-11-21T03:35:00.123Z","level":"info","message":"link lost: connection reset","sessions":1}',
 * );
 * ```
 */
export function formatLogLine(
  format: LogFormat,
  level: LogLevel,
  message: string,
  fields: LogFields,
  wallMs: number,
): string {
  const time = new Date(wallMs).toISOString();
  if (format === "text") return `${time} ${level.padEnd(LEVEL_WIDTH)} ${escapeUnshown(message)}`;
  const own = { time, level, message };
  // Twice: the first keeps the order of the keys, the second keeps fields from replacing them.
  return escapeUnshown(JSON.stringify({ ...own, ...fields, ...own }));
}

/**
 * Makes the log of a process: lines below `level` are dropped, the others are formatted and written.
 *
 * @example
 * ```ts
 * import { makeLog } from "./log_format.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const lines: string[] = [];
 * const log = makeLog({ level: "info", format: "text", write: (line) => lines.push(line), wallNow: () => 0 });
 * log("debug", "probe sent");
 * log("warn", "trying again");
 * assertEquals(lines, ["1970-01-01T00:00:00.000Z warn  trying again"]);
 * ```
 */
export function makeLog(options: LogOptions): Log {
  const { level: leastLevel, format, write, wallNow } = options;
  const least = LOG_LEVELS.indexOf(leastLevel);
  const hears = (level: LogLevel) => LOG_LEVELS.indexOf(level) >= least;
  const log = (level: LogLevel, message: string, fields: LogFields = {}) => {
    if (hears(level)) write(formatLogLine(format, level, message, fields, wallNow()));
  };
  return Object.assign(log, { hears });
}
