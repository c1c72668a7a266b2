/**
 * Logs, passed in: a layer says what happened, the edge decides where it goes and what it looks like.
 *
 * @module
 */

/** How much a line matters, least first. */
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;

/** One of {@linkcode LOG_LEVELS}. */
export type LogLevel = typeof LOG_LEVELS[number];

/** What a field of a log line is, and means. */
export type LogField = readonly [type: "text" | "number", meaning: string];

/** The fields that log lines may have. Durations end in `Ms`, sizes in `Bytes`. The manual lists the same. */
export const LOG_FIELDS = {
  tunnel: ["text", "which tunnel of a `--config`"],
  session: ["text", "short name of the session, the same at both ends; `new` before it has one"],
  stream: ["number", "number of the stream in it, the same at both ends; 0 if the other end never heard of it"],
  client: ["text", "name of the token or certificate of a server's client"],
  service: ["text", "name of the service, or the destination"],
  worker: ["number", "number of the worker with `--workers`, from 1 on"],
  peer: ["text", "who is at the other end of the connection"],
  path: ["text", "which of a client's paths"],
  proxy: ["text", "the proxy"],
  listens: ["text", "where it listens, with spaces between (the ready line)"],
  status: ["text", "where `--status` listens, with spaces between"],
  reason: ["text", "why"],
  end: ["text", "how a stream ended: `finished`, `reset here`, `reset at the other end`, `refused` or `cut`"],
  attempts: ["number", "attempts at a connection so far"],
  lines: ["number", "how many more lines of a command a line stands for"],
  streams: ["number", "how many more streams a line stands for"],
  sessions: ["number", "how many more sessions a line stands for"],
  carriers: ["number", "how many more connections a line stands for"],
  code: ["number", "exit code of a command"],
  outageMs: ["number", "how long there was no connection"],
  lastedMs: ["number", "how long a stream was open"],
  sentBytes: ["number", "what a stream sent"],
  receivedBytes: ["number", "what a stream received"],
  replayedBytes: ["number", "what was sent again"],
} as const satisfies Readonly<Record<string, LogField>>;

/** A field of a line that stands for many. */
export type CountField = "lines" | "streams" | "sessions" | "carriers";

/** Facts of a log line that a machine may want apart from the sentence: some of {@linkcode LOG_FIELDS}. */
export type LogFields = {
  readonly [Name in keyof typeof LOG_FIELDS]?: typeof LOG_FIELDS[Name][0] extends "number" ? number : string;
};

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
export interface Log {
  (level: LogLevel, message: string, fields?: LogFields): void;

  /**
   * Whether a line of `level` goes anywhere: who would make one for each connection of a user's asks before.
   *
   * @default {every line does}
   */
  hears?(level: LogLevel): boolean;
}

/** A log that forgets everything. */
export const silentLog: Log = Object.assign(() => {}, { hears: () => false });

/**
 * Whether a line of `level` goes anywhere.
 *
 * @example
 * ```ts
 * import { hears, silentLog } from "./log.ts";
 * import { assert, assertFalse } from "@std/assert";
 *
 * assert(hears(console.error, "debug"));
 * assertFalse(hears(silentLog, "error"));
 * ```
 */
export function hears(log: Log, level: LogLevel): boolean {
  return log.hears?.(level) ?? true;
}

/**
 * A log that changes lines on their way to `log`, and hears what that hears.
 *
 * @param tell Takes each line, and hands it on to `log`.
 *
 * @example
 * ```ts
 * import { hears, logTo, silentLog } from "./log.ts";
 * import { assertFalse } from "@std/assert";
 *
 * const log = logTo(silentLog, (level, message) => silentLog(level, `office: ${message}`));
 * assertFalse(hears(log, "info"));
 * ```
 */
export function logTo(log: Log, tell: (...line: Parameters<Log>) => void): Log {
  return Object.assign((...line: Parameters<Log>) => tell(...line), { hears: (level: LogLevel) => hears(log, level) });
}
