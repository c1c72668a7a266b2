/**
 * The log of one tunnel among several.
 *
 * @module
 */

import { type Log, logTo } from "../../net/log.ts";

/**
 * A log whose lines begin with the name of a tunnel, which machines find in the field `tunnel`.
 *
 * @example
 * ```ts
 * import { namedLog } from "./named_log.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const lines: unknown[] = [];
 * const log = namedLog("office", (...line) => lines.push(line));
 * log("info", "link up", { carriers: 1 });
 * assertEquals(lines, [["info", "office: link up", { carriers: 1, tunnel: "office" }]]);
 * ```
 */
export function namedLog(name: string, log: Log): Log {
  return logTo(log, (level, message, fields) => log(level, `${name}: ${message}`, { ...fields, tunnel: name }));
}
