/**
 * Ports, as an option names them.
 *
 * @module
 */
import { badInput } from "../../net/error.ts";

/** Some ports in a row. */
export interface PortRange {
  /** The first one. */
  readonly low: number;
  /** The last one. */
  readonly high: number;
}

/** The highest port (RFC 9293, 3.1: 16 bits). */
const HIGHEST = 65_535;

/** Whether these are ports, in their order. */
export function isPortRange(value: unknown): value is PortRange {
  if (typeof value !== "object" || value === null) return false;
  const { low, high } = value as Partial<PortRange>;
  return Number.isInteger(low) && Number.isInteger(high) && low! >= 1 && low! <= high! && high! <= HIGHEST;
}

/**
 * Reads a port, or the first and the last one of several.
 *
 * @throws {TeleError} `bad-input` for anything else.
 *
 * @example
 * ```ts
 * import { parsePortRange } from "./port_range.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parsePortRange("40300"), { low: 40300, high: 40300 });
 * assertEquals(parsePortRange("40300-40399"), { low: 40300, high: 40399 });
 * ```
 */
export function parsePortRange(text: string): PortRange {
  const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(text) ?? [];
  const range = { low: Number(first), high: Number(last) };
  if (!isPortRange(range)) {
    throw badInput(`${JSON.stringify(text)} is neither a port from 1 to ${HIGHEST} nor two of them in their order`);
  }
  return range;
}

/** The text of a range. */
export function formatPortRange({ low, high }: PortRange): string {
  return low === high ? String(low) : `${low}-${high}`;
}
