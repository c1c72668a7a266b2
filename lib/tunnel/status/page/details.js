// @ts-check
/**
 * A session's carriers, streams and outages, in tables that can be closed.
 *
 * @module
 */
/** @import { SessionReport } from "../report.ts" */
/** @import { Rates } from "./rates.js" */
/** @import { Span } from "./scale.js" */
/** @import { Timeline } from "./timeline.js" */
/** @import { TreeElement } from "./tree.js" */
import { age, duration, many, rate, roundTrip, size, timeOfDay } from "./format.js";
import { table } from "./table.js";
import { element } from "./tree.js";

/** Of many outages the table has the newest. */
const MOST_OUTAGES = 20;

const CARRIERS = [
  { name: "Carrier", isNumber: true },
  { name: "Lane" },
  { name: "Peer", isWide: true },
  { name: "Way" },
  { name: "Age", isNumber: true },
  { name: "Round trip", isNumber: true },
  { name: "Sent", isNumber: true },
  { name: "Received", isNumber: true },
];

const STREAMS = [
  { name: "Stream", isNumber: true },
  { name: "Service" },
  { name: "Peer", isWide: true },
  { name: "Age", isNumber: true },
  { name: "Sent", isNumber: true },
  { name: "Sending", isNumber: true },
  { name: "Received", isNumber: true },
  { name: "Receiving", isNumber: true },
];

const OUTAGES = [{ name: "Began" }, { name: "Ended" }, { name: "Length", isNumber: true }];

/**
 * Draws the tables that have something to tell.
 *
 * @param {SessionReport} session
 * @param {Timeline} timeline The session's.
 * @param {Rates} rates
 * @param {number} nowMs Unix time in milliseconds.
 * @param {boolean} isOpen Whether they are open until somebody closes them.
 * @returns {TreeElement[]}
 */
export function drawDetails(session, { outages }, rates, nowMs, isOpen) {
  const { carriers, streamsOpen } = session;
  const drawn = [];
  if (carriers.length > 0) {
    drawn.push(details("carriers", many(carriers.length, "carrier"), isOpen, carrierTable(session, nowMs)));
  }
  const summary = many(streamsOpen, "open stream");
  drawn.push(details("streams", summary, isOpen && streamsOpen > 0, streamTable(session, rates, nowMs)));
  if (outages.length > 0) {
    drawn.push(details("outages", `${many(outages.length, "outage")} in the last hour`, false, outageTable(outages)));
  }
  return drawn;
}

/**
 * @param {string} key
 * @param {string} summary
 * @param {boolean} isOpen
 * @param {TreeElement} content
 */
function details(key, summary, isOpen, content) {
  return element("details", { "data-key": key, open: isOpen }, element("summary", {}, summary), content);
}

/**
 * @param {SessionReport} session
 * @param {number} nowMs
 */
function carrierTable({ carriers }, nowMs) {
  const hasPaths = carriers.some(({ path }) => path > 0);
  const rows = carriers.map((carrier) => [
    carrier.number,
    hasPaths ? `${carrier.lane}, path ${carrier.path + 1}` : carrier.lane,
    element("bdi", {}, carrier.peer),
    carrier.way,
    age(nowMs - Date.parse(carrier.since)),
    roundTrip(carrier.roundTripSeconds),
    size(carrier.sentBytes),
    size(carrier.receivedBytes),
  ]);
  return table("Carriers", CARRIERS, rows);
}

/**
 * @param {SessionReport} session
 * @param {Rates} rates
 * @param {number} nowMs
 */
function streamTable(session, rates, nowMs) {
  const perStream = rates.ofStreams(session);
  const rows = session.streams.map((stream, index) => [
    stream.id === 0 ? "new" : stream.id,
    stream.service === null ? "–" : element("bdi", {}, stream.service),
    element("bdi", {}, stream.peer),
    age(nowMs - Date.parse(stream.since)),
    size(stream.sentBytes),
    rate(perStream[index]?.sent ?? null),
    size(stream.receivedBytes),
    rate(perStream[index]?.received ?? null),
  ]);
  const left = session.streamsOpen - session.streams.length;
  return table(
    left > 0 ? `Streams: the ${session.streams.length} oldest, without ${left} more` : "Streams",
    STREAMS,
    rows,
  );
}

/** @param {readonly Span[]} outages */
function outageTable(outages) {
  const newest = outages.toReversed().slice(0, MOST_OUTAGES);
  const rows = newest.map(({ from, to, ms }) => [
    element("time", { datetime: from }, timeOfDay(from)),
    to === null ? "goes on" : element("time", { datetime: to }, timeOfDay(to)),
    to === null ? age(ms) : duration(ms),
  ]);
  const left = outages.length - newest.length;
  return table(left > 0 ? `Outages: the ${newest.length} newest, without ${left} older` : "Outages", OUTAGES, rows);
}
