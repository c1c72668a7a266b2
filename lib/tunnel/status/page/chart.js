// @ts-check
/**
 * The last hour of a session as a picture: a row for each carrier that was there beside others, and outages across all.
 * What it shows stands in words beside it, for who cannot see it.
 *
 * @module
 */
/** @import { Span } from "./scale.js" */
/** @import { Row, Timeline } from "./timeline.js" */
/** @import { TreeElement } from "./tree.js" */
import { age, duration, timeOfDay } from "./format.js";
import { element } from "./tree.js";

/** Heights, in pixels: what stands above the rows, a row's label and bar, and the marks below. */
const TOP = 9;
const LABEL = 14;
const BAR = 8;
const GAP = 5;
const BELOW = 17;

/** An outage of this width has room for its length, in percent. */
const WIDE = 8;

/** Rows that a person can tell apart; a session has at most ten carriers at once. */
const MOST_ROWS = 12;

/**
 * Draws a line of time.
 *
 * @param {Timeline} timeline
 * @returns {TreeElement} An `svg` as wide as what it stands in.
 */
export function chart({ before, rows, outages, marks }) {
  const shown = rows.slice(0, MOST_ROWS);
  const bottom = topOf(Math.max(1, shown.length));
  const hasPaths = new Set(rows.map(({ path }) => path)).size > 1;
  return element(
    "svg",
    { class: "chart", width: "100%", height: bottom + BELOW, "aria-hidden": "true", focusable: "false" },
    element("rect", { class: "chart-ground", x: 0, y: TOP, width: "100%", height: bottom - TOP }),
    before > 0 && element("rect", { class: "chart-before", x: 0, y: TOP, width: `${before}%`, height: bottom - TOP }),
    marks.map(({ x, ms }, index) => mark(x, ms, index % 2 === 0, bottom)),
    shown.map((row, index) => drawRow(row, topOf(index))),
    outages.map((outage) => drawOutage(outage, bottom)),
    // On top of all, where an outage may be.
    shown.map((row, index) => label(row, topOf(index), hasPaths)),
    element("text", { class: "chart-now", x: "100%", y: bottom + 13 }, "now"),
  );
}

/**
 * What a chart shows, in a sentence.
 *
 * @param {Timeline} timeline
 * @returns {string}
 */
export function chartSentence({ rows, outages }) {
  if (rows.length === 0 && outages.length === 0) return "No carrier yet.";
  if (outages.length === 0) return "No outage in the last hour.";
  const lengths = outages.map(({ ms }) => ms);
  const longest = duration(Math.max(...lengths));
  if (outages.length === 1) return `1 outage in the last hour: ${longest}.`;
  const all = duration(lengths.reduce((sum, ms) => sum + ms, 0));
  return `${outages.length} outages in the last hour: ${all} together, the longest ${longest}.`;
}

/**
 * @param {number} x
 * @param {number} ms How long ago.
 * @param {boolean} isOdd Whether its label goes where there is little room.
 * @param {number} bottom
 */
function mark(x, ms, isOdd, bottom) {
  return element(
    "g",
    { class: isOdd ? "chart-mark chart-mark-odd" : "chart-mark" },
    element("line", { x1: `${x}%`, x2: `${x}%`, y1: TOP, y2: bottom }),
    element("text", { x: `${x}%`, y: bottom + 13 }, `−${age(ms)}`),
  );
}

/**
 * @param {number} index
 * @returns {number} Where a row begins, in pixels.
 */
function topOf(index) {
  return TOP + index * (LABEL + BAR + GAP);
}

/**
 * @param {Row} row
 * @param {number} top
 */
function drawRow({ lane, bars }, top) {
  const bar = (/** @type {Span & { number: number }} */ span) =>
    element(
      "rect",
      { x: `${span.x}%`, y: top + LABEL, width: `${span.width}%`, height: BAR },
      element("title", {}, `carrier ${span.number}, ${spanText(span)}`),
    );
  return element("g", { class: `chart-${lane}` }, bars.map(bar));
}

/**
 * @param {Row} row
 * @param {number} top
 * @param {boolean} hasPaths Whether a path has to be told from others.
 */
function label({ lane, path }, top, hasPaths) {
  const text = hasPaths ? `${lane}, path ${path + 1}` : lane;
  return element("text", { class: "chart-label", x: 4, y: top + LABEL - 3 }, text);
}

/**
 * @param {Span} span
 * @param {number} bottom
 */
function drawOutage(span, bottom) {
  const middle = `${(span.x + span.width / 2).toFixed(3)}%`;
  return element(
    "g",
    { class: "chart-outage" },
    element("title", {}, `outage, ${spanText(span)}`),
    element("rect", { x: `${span.x}%`, y: TOP, width: `${span.width}%`, height: bottom - TOP }),
    // A short one is a thin line: this points to it.
    element(
      "svg",
      { x: middle, y: 0, overflow: "visible" },
      element("path", { d: "M-5 0H5L0 8Z" }),
    ),
    span.width > WIDE && element("text", { x: middle, y: bottom - 4 }, age(span.ms)),
  );
}

/**
 * @param {Span} span
 * @returns {string} When it was, and how long.
 */
function spanText({ from, to, ms }) {
  return to === null
    ? `since ${timeOfDay(from)}, ${age(ms)}`
    : `${timeOfDay(from)} to ${timeOfDay(to)}, ${duration(ms)}`;
}
