// @ts-check
/**
 * The rate of the last two minutes, as a small picture beside its number.
 *
 * @module
 */
/** @import { TreeElement } from "./tree.js" */
import { rate } from "./format.js";
import { element } from "./tree.js";

/** What it shows, in milliseconds. */
export const SPARKLINE_MS = 120_000;

/** Its size in units of its own; it is stretched to where it stands. */
const WIDTH = 120;
const HEIGHT = 24;

/**
 * How many bytes there were at some time.
 *
 * @typedef {object} Sample
 * @property {number} ms Milliseconds since 1970.
 * @property {number} bytes
 */

/**
 * Corners of the area below the rates between samples: each holds from one sample to the next.
 *
 * @param {readonly Sample[]} samples Oldest first.
 * @param {number} nowMs
 * @returns {{ corners: [x: number, y: number][], highest: number }} `highest` in bytes per second.
 *
 * @example
 * ```ts
 * import { layOutRates } from "./sparkline.js";
 * import { assertEquals } from "@std/assert";
 *
 * const samples = [{ ms: 0, bytes: 0 }, { ms: 60_000, bytes: 60 }, { ms: 120_000, bytes: 180 }];
 * assertEquals(layOutRates(samples, 120_000), {
 *   corners: [[0, 12], [60, 12], [60, 0], [120, 0]],
 *   highest: 2,
 * });
 * ```
 */
export function layOutRates(samples, nowMs) {
  /** @type {{ from: number, to: number, perSecond: number }[]} */
  const steps = [];
  samples.forEach(({ ms, bytes }, index) => {
    const before = samples[index - 1];
    if (before === undefined || !(ms > before.ms) || ms <= nowMs - SPARKLINE_MS) return;
    steps.push({ from: before.ms, to: ms, perSecond: Math.max(0, bytes - before.bytes) / (ms - before.ms) * 1000 });
  });
  const highest = Math.max(0, ...steps.map(({ perSecond }) => perSecond));
  const x = (/** @type {number} */ ms) => tenth(Math.max(0, 1 - (nowMs - ms) / SPARKLINE_MS) * WIDTH);
  const y = (/** @type {number} */ perSecond) => tenth((1 - perSecond / (highest || 1)) * HEIGHT);
  const corners = steps.flatMap(({ from, to, perSecond }) => {
    /** @type {[number, number][]} */
    const ends = [[x(from), y(perSecond)], [x(to), y(perSecond)]];
    return ends;
  });
  return { corners, highest };
}

/**
 * Draws rates.
 *
 * @param {readonly Sample[]} samples Oldest first.
 * @param {number} nowMs
 * @returns {TreeElement | null} `null` when there is nothing to compare yet.
 */
export function sparkline(samples, nowMs) {
  const { corners, highest } = layOutRates(samples, nowMs);
  const [first] = corners;
  const last = corners.at(-1);
  if (first === undefined || last === undefined) return null;
  const line = corners.map(([x, y]) => `L${x} ${y}`).join("");
  const box = { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none" };
  return element(
    "svg",
    { class: "sparkline", ...box, "aria-hidden": "true", focusable: "false" },
    element("title", {}, `the last two minutes: ${rate(highest)} at the most`),
    element("path", { d: `M${first[0]} ${HEIGHT}${line}L${last[0]} ${HEIGHT}Z` }),
  );
}

/** @param {number} amount */
function tenth(amount) {
  return Math.round(amount * 10) / 10;
}
