// @ts-check
/**
 * The carriers and the outages of a session's last hour, laid out on a line.
 *
 * @module
 */
/** @import { SessionReport, TimelineReport } from "../report.ts" */
/** @import { Span } from "./scale.js" */
import { Scale } from "./scale.js";

/**
 * Carriers of one kind, of which no two were there at once.
 *
 * @typedef {object} Row
 * @property {"quiet" | "bulk"} lane
 * @property {number} path
 * @property {(Span & { number: number })[]} bars
 */

/**
 * The whole line.
 *
 * @typedef {object} Timeline
 * @property {number} before Percent of the line in which there was no session, or it waited for its first carrier.
 * @property {Row[]} rows
 * @property {Span[]} outages Oldest first.
 * @property {{ x: number, ms: number }[]} marks Where to tell how long ago it is.
 */

/**
 * Lays out the last hour of a session, or what there was of it.
 *
 * @param {Pick<SessionReport, "since" | "outages" | "timeline">} session
 * @param {number} nowMs Unix time in milliseconds.
 * @returns {Timeline}
 */
export function layOut({ since, outages: counted, timeline }, nowMs) {
  const entries = [...timeline].sort((a, b) => Date.parse(a.from) - Date.parse(b.from));
  // A client's session may go on with the history of one that the server has lost.
  const beganMs = Math.min(Date.parse(since), Date.parse(entries[0]?.from ?? since));
  const scale = new Scale(beganMs, nowMs);
  const first = firstWait(entries, counted);
  /** @type {Row[]} */
  const rows = [];
  /** @type {Span[]} */
  const outages = [];
  for (const entry of entries) {
    const span = scale.span(entry);
    if (span === null || entry === first) continue;
    if (entry.kind === "outage") outages.push(span);
    else place(rows, entry, span);
  }
  rows.sort((a, b) => a.path - b.path || Number(a.lane === "bulk") - Number(b.lane === "bulk"));
  const before = scale.at(first === null ? beganMs : scale.endOf(first.to));
  return { before, rows, outages, marks: scale.marks() };
}

/**
 * The time before a session's first carrier: nothing was lost with it, so it is not counted as an outage.
 *
 * @param {readonly TimelineReport[]} entries Oldest first.
 * @param {number} counted
 */
function firstWait(entries, counted) {
  const outages = entries.filter(({ kind }) => kind === "outage");
  return outages.length > counted ? outages[0] ?? null : null;
}

/**
 * Puts a carrier into the first row of its kind that is free by then.
 *
 * @param {Row[]} rows
 * @param {TimelineReport & { kind: "carrier" }} carrier Not older than those in the rows.
 * @param {Span} span
 */
function place(rows, { lane, path, number, from }, span) {
  const isFree = (/** @type {Row} */ { bars }) => {
    const to = bars.at(-1)?.to ?? null;
    return to !== null && Date.parse(to) <= Date.parse(from);
  };
  let row = rows.find((row) => row.lane === lane && row.path === path && isFree(row));
  if (row === undefined) {
    row = { lane, path, bars: [] };
    rows.push(row);
  }
  row.bars.push({ ...span, number });
}
