// @ts-check
/**
 * All that the page shows of a report.
 *
 * @module
 */
/** @import { LineReport, SessionReport, StatusReport, TunnelReport } from "../report.ts" */
/** @import { Count } from "./feed.js" */
/** @import { TreeElement } from "./tree.js" */
import { many, timeOfDay, timeZone } from "./format.js";
import { drawState, drawTotals } from "./overview.js";
import { Rates } from "./rates.js";
import { drawBriefly, drawSession } from "./session.js";
import { element } from "./tree.js";

/** With more sessions their tables are closed at first: who looks for one of many wants to see many. */
const MOST_OPEN = 4;

/**
 * Bars and cells of all sessions together: as many as are drawn in a few hundredths of a second, since the process that
 * draws the page has a tunnel to serve. Hundreds of usual sessions have fewer.
 */
const MOST_MARKS = 5_000;

/** Cells of a row. */
const CELLS = 8;

/**
 * Draws a report.
 *
 * @param {StatusReport} report
 * @param {StatusReport | null} before An earlier one, for the rates; without one they are not known.
 * @param {readonly Count[]} recent What was counted in the last two minutes, oldest first.
 * @returns {TreeElement} The `main` of the page.
 */
export function draw(report, before, recent) {
  const nowMs = Date.parse(report.now);
  const rates = new Rates(report, before);
  return element(
    "main",
    { id: "main", "data-version": report.version },
    drawState(report, nowMs),
    drawTotals(report, rates, recent, nowMs),
    report.tunnels.length > 1 && drawTunnels(report.tunnels),
    element("h2", {}, "Sessions"),
    report.sessions.length === 0 && element("p", { class: "none" }, "There is none."),
    drawSessions(report.sessions, rates, nowMs),
    report.sessionsOmitted > 0 &&
      element("p", { class: "none" }, `${report.sessionsOmitted} more are not shown; the metrics count them.`),
    element("h2", {}, "Log"),
    drawLog(report.log),
    element("footer", {}, `As it was at ${timeOfDay(report.now)}. All times are ${timeZone(report.now)}.`),
  );
}

/**
 * @param {readonly SessionReport[]} sessions Those that matter most first.
 * @param {Rates} rates
 * @param {number} nowMs
 */
function drawSessions(sessions, rates, nowMs) {
  const isOpen = sessions.length <= MOST_OPEN;
  let marks = 0;
  const isFull = sessions.map(({ timeline, carriers, streams }) => {
    marks += timeline.length + (carriers.length + streams.length) * CELLS;
    return marks <= MOST_MARKS;
  });
  const brief = isFull.filter((full) => !full).length;
  return [
    ...sessions.map((session, index) =>
      isFull[index] ? drawSession(session, rates, nowMs, isOpen) : drawBriefly(session, rates, nowMs)
    ),
    brief > 0 &&
    element(
      "p",
      { class: "none" },
      `Of ${many(brief, "session")} only the numbers are shown, to keep this page light.`,
    ),
  ];
}

/** @param {readonly TunnelReport[]} tunnels */
function drawTunnels(tunnels) {
  const item = (/** @type {TunnelReport} */ { name, role, state }) =>
    element("li", { class: `is-${state}` }, element("bdi", {}, name ?? "(without a name)"), ` ${role}, ${state}`);
  return element("ul", { class: "tunnels", "aria-label": "Tunnels" }, tunnels.map(item));
}

/** @param {readonly LineReport[]} log */
function drawLog(log) {
  if (log.length === 0) return element("p", { class: "none" }, "Nothing was logged yet.");
  const line = (/** @type {LineReport} */ { time, level, message }) =>
    element(
      "li",
      { class: `log-${level}` },
      element("time", { datetime: time }, timeOfDay(time)),
      " ",
      element("span", { class: "level" }, level),
      " ",
      element("bdi", {}, message),
    );
  // The newest first: that is what somebody looks for.
  return element("ol", {
    class: "log",
    "data-key": "log",
    reversed: true,
    tabindex: 0,
    "aria-label": "Log, newest line first",
  }, log.toReversed().map(line));
}
