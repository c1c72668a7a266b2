/**
 * Logs, passed in: a layer says what happened, the edge decides where it goes and what it looks like.
 *
 * @module
 */

/** How much a line matters, least first. */
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;

/** One of {@linkcode LOG_LEVELS}. */
export type LogLevel = typeof LOG_LEVELS[number];

/** Facts of a log line that a machine may want apart from the sentence. Durations end in `Ms`, sizes in `Bytes`. */
export type LogFields = Record<string, string | number | boolean>;

/**
 * Takes one event: a whole sentence for a person, and its facts for a machine.
 *
 * @example
 * ```ts
 * import type { Log } from "./log.ts";
 *
 * const log: Log = (level, message, fields) => console.error(level, message, fields ?? {});
 * log("info", "resumed after 3.1 s, replayed 18 KiB", { outageMs: 3100, replayedBytes: 18432 });
 * ```
 */
export type Log = (level: LogLevel, message: string, fields?: LogFields) => void;

/** A log that forgets everything. */
export const silentLog: Log = () => {};
