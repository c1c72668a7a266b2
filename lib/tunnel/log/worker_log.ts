/**
 * The log of one worker among several.
 *
 * @module
 */
import { type Log, logTo } from "../../net/log.ts";

/**
 * A log whose lines begin with the number of a worker, which machines find in the field `worker`.
 *
 * @example
 * ```ts
 * import { workerLog } from "./worker_log.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const lines: unknown[] = [];
 * const log = workerLog(2, (...line) => lines.push(line));
 * log("info", "link up", { carriers: 1 });
 * assertEquals(lines, [["info", "worker 2: link up", { carriers: 1, worker: 2 }]]);
 * ```
 */
export function workerLog(number: number, log: Log): Log {
  return logTo(
    log,
    (level, message, fields) => log(level, `worker ${number}: ${message}`, { ...fields, worker: number }),
  );
}
