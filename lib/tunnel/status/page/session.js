// @ts-check
/**
 * One session: how it is, and its last hour.
 *
 * @module
 */
/** @import { SessionReport } from "../report.ts" */
/** @import { Rates } from "./rates.js" */
/** @import { TreeElement, TreeNode } from "./tree.js" */
import { chart, chartSentence } from "./chart.js";
import { drawDetails } from "./details.js";
import { fact } from "./fact.js";
import { age, rate, roundTrip, size } from "./format.js";
import { keyOf } from "./rates.js";
import { layOut } from "./timeline.js";
import { element } from "./tree.js";

/**
 * Draws a session.
 *
 * @param {SessionReport} session
 * @param {Rates} rates
 * @param {number} nowMs Unix time in milliseconds.
 * @param {boolean} isOpen Whether its tables are open until somebody closes them.
 * @returns {TreeElement}
 */
export function drawSession(session, rates, nowMs, isOpen) {
  const timeline = layOut(session, nowMs);
  const figure = element("figure", {}, element("figcaption", {}, chartSentence(timeline)), chart(timeline));
  return section(session, rates, nowMs, [figure, ...drawDetails(session, timeline, rates, nowMs, isOpen)]);
}

/**
 * Draws a session without its last hour and its tables.
 *
 * @param {SessionReport} session
 * @param {Rates} rates
 * @param {number} nowMs Unix time in milliseconds.
 * @returns {TreeElement}
 */
export function drawBriefly(session, rates, nowMs) {
  return section(session, rates, nowMs, []);
}

/**
 * @param {SessionReport} session
 * @param {Rates} rates
 * @param {number} nowMs
 * @param {readonly TreeNode[]} rest
 */
function section(session, rates, nowMs, rest) {
  return element(
    "section",
    { class: `session is-${session.state}`, "data-key": keyOf(session) },
    heading(session, nowMs),
    facts(session, rates, nowMs),
    rest,
  );
}

/**
 * @param {SessionReport} session
 * @param {number} nowMs
 */
function heading({ id, client, tunnel, state, stateSince, outages }, nowMs) {
  const word = state === "connected" ? state : outages === 0 ? "connecting" : "outage";
  const name = client ?? `session ${id}`;
  const since = age(nowMs - Date.parse(stateSince));
  return element(
    "header",
    {},
    element("h3", {}, element("bdi", {}, name)),
    element("p", { class: "state" }, `${word} for ${since}`),
    element(
      "p",
      { class: "names" },
      client !== null && `session ${id}`,
      client !== null && tunnel !== null && ", ",
      tunnel !== null && `tunnel ${tunnel}`,
    ),
  );
}

/**
 * @param {SessionReport} session
 * @param {Rates} rates
 * @param {number} nowMs
 */
function facts(session, rates, nowMs) {
  const { sent, received } = rates.ofSession(session);
  return element(
    "dl",
    { class: "facts" },
    fact("Sending", rate(sent), `${size(session.sentBytes)} sent`),
    fact("Receiving", rate(received), `${size(session.receivedBytes)} received`),
    fact("Round trip", roundTrip(session.roundTripSeconds)),
    fact("Outages", String(session.outages)),
    fact("Sent again", size(session.resentBytes)),
    fact("Age", age(nowMs - Date.parse(session.since))),
    fact("Peer", element("bdi", {}, session.peer)),
  );
}
