/**
 * Sizes as a user writes them (`64KiB`, `16MiB`) and as a log tells them (`18 KiB`).
 *
 * @module
 */

import { badInput } from "../../net/error.ts";

const UNITS = ["B", "KiB", "MiB", "GiB"] as const;

/**
 * Reads a size.
 *
 * @returns Bytes.
 * @throws TeleError `bad-input` with an example, unless `text` is a whole number with one of the units B, KiB, MiB,
 * GiB.
 *
 * @example
 * ```ts
 * import { parseSize } from "./size.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseSize("64KiB"), 65_536);
 * assertEquals(parseSize("16MiB"), 16_777_216);
 * ```
 */
export function parseSize(text: string): number {
  const parts = /^(\d+)([a-z]*)$/i.exec(text);
  if (!parts?.[1]) {
    throw badInput(`${JSON.stringify(text)} is not a whole number with a unit: write for example 64KiB, 16MiB or 1GiB`);
  }
  const [, number, unit = ""] = parts;
  if (unit === "") {
    throw badInput(`${JSON.stringify(text)} has no unit: write for example ${number}KiB or ${number}MiB`);
  }
  const power = UNITS.findIndex((name) => name === unit);
  if (power === -1) throw badInput(`${JSON.stringify(unit)} is not a unit of size: write B, KiB, MiB or GiB`);
  const bytes = Number(number) * 1024 ** power;
  if (!Number.isSafeInteger(bytes)) throw badInput(`${JSON.stringify(text)} is too large: write for example 1GiB`);
  return bytes;
}

/**
 * Writes a size for a person, in the largest unit of which there is at least one, with tenths below ten.
 *
 * @param bytes Anything below zero, and NaN, counts as zero: a log line must never fail.
 *
 * @example
 * ```ts
 * import { formatSize } from "./size.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(formatSize(512), "512 B");
 * assertEquals(formatSize(18_432), "18 KiB");
 * assertEquals(formatSize(1_258_291), "1.2 MiB");
 * ```
 */
export function formatSize(bytes: number): string {
  if (!(bytes > 0)) return "0 B";
  let amount = Math.round(bytes);
  let unit = 0;
  // Compared as it is shown, or 1023.7 KiB would become "1024 KiB".
  while (Math.round(amount) >= 1024 && unit < UNITS.length - 1) {
    amount /= 1024;
    unit++;
  }
  const rounded = unit > 0 && amount < 9.95 ? Math.round(amount * 10) / 10 : Math.round(amount);
  return `${rounded} ${UNITS[unit]}`;
}
