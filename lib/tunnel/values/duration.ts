/**
 * Durations as a user writes them (`500ms`, `30s`, `5m`, `24h`, `7d`) and as a log tells them (`3.1 s`).
 *
 * @module
 */

import { badInput } from "../../net/error.ts";

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const UNITS_MS: ReadonlyMap<string, number> = new Map([
  ["ms", 1],
  ["s", SECOND_MS],
  ["m", MINUTE_MS],
  ["h", HOUR_MS],
  ["d", DAY_MS],
]);

/**
 * Reads a duration.
 *
 * @returns Milliseconds.
 * @throws TeleError `bad-input` with an example, unless `text` is a whole number with one of the units.
 *
 * @example
 * ```ts
 * import { parseDuration } from "./duration.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseDuration("500ms"), 500);
 * assertEquals(parseDuration("7d"), 604_800_000);
 * ```
 */
export function parseDuration(text: string): number {
  const parts = /^(\d+)([a-z]*)$/i.exec(text);
  if (!parts?.[1]) {
    throw badInput(
      `${JSON.stringify(text)} is not a whole number with a unit: write for example 500ms, 30s, 5m, 24h or 7d`,
    );
  }
  const [, number, unit = ""] = parts;
  if (unit === "") throw badInput(`${JSON.stringify(text)} has no unit: write for example ${number}s or ${number}ms`);
  const unitMs = UNITS_MS.get(unit);
  if (unitMs === undefined) throw badInput(`${JSON.stringify(unit)} is not a unit of time: write ms, s, m, h or d`);
  const milliseconds = Number(number) * unitMs;
  if (!Number.isSafeInteger(milliseconds)) throw badInput(`${JSON.stringify(text)} is too long: write for example 7d`);
  return milliseconds;
}

/**
 * Writes a duration for a person, with the detail that helps: tenths below a minute, then the two largest units.
 *
 * @param durationMs Milliseconds. Anything below zero, and NaN, counts as zero: a log line must never fail.
 *
 * @example
 * ```ts
 * import { formatDuration } from "./duration.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(formatDuration(250), "250 ms");
 * assertEquals(formatDuration(3100), "3.1 s");
 * assertEquals(formatDuration(125_000), "2 min 5 s");
 * assertEquals(formatDuration(30 * 3_600_000), "1 d 6 h");
 * ```
 */
export function formatDuration(durationMs: number): string {
  if (!(durationMs > 0)) return "0 ms";
  if (durationMs === Infinity) return "for ever";
  // Rounding comes before the choice of the unit, or 999.7 ms would become "1000 ms" and 59.97 s "60 s".
  const milliseconds = Math.round(durationMs);
  if (milliseconds < SECOND_MS) return `${milliseconds} ms`;
  const tenths = Math.round(durationMs / 100);
  if (tenths < 600) return `${tenths / 10} s`;
  const seconds = Math.round(durationMs / SECOND_MS);
  if (seconds < 3600) return twoUnits(seconds, 60, "min", "s");
  const minutes = Math.round(durationMs / MINUTE_MS);
  if (minutes < 24 * 60) return twoUnits(minutes, 60, "h", "min");
  return twoUnits(Math.round(durationMs / HOUR_MS), 24, "d", "h");
}

function twoUnits(count: number, perLarge: number, large: string, small: string): string {
  const rest = count % perLarge;
  const whole = `${(count - rest) / perLarge} ${large}`;
  return rest === 0 ? whole : `${whole} ${rest} ${small}`;
}
