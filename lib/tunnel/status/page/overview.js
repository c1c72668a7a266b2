// @ts-check
/**
 * The whole process: its state in a sentence, and its numbers.
 *
 * @module
 */
/** @import { SessionReport, StatusReport, TunnelReport } from "../report.ts" */
/** @import { Count } from "./feed.js" */
/** @import { Rates } from "./rates.js" */
/** @import { TreeElement } from "./tree.js" */
import { fact } from "./fact.js";
import { age, many, rate, size } from "./format.js";
import { sparkline } from "./sparkline.js";
import { element } from "./tree.js";

/**
 * How it is: `ok`, `wait` when users see time pass, `drain` when it is about to end.
 *
 * @typedef {"ok" | "wait" | "drain"} Mood
 */

/**
 * The state in a sentence.
 *
 * @param {StatusReport} report
 * @param {number} nowMs Unix time in milliseconds.
 * @returns {{ mood: Mood, word: string, sentence: string }} `word` says the same as colour and shape beside it.
 *
 * @example
 * ```ts
 * import { stateOf } from "./overview.js";
 * import { assertEquals } from "@std/assert";
 *
 * const report = {
 *   version: "1.0.0", role: "client", state: "waiting", startedAt: "2026-03-01T12:00:00.000Z", now: "2026-03-01T12:00:09.000Z",
 *   tunnels: [], sentBytes: 0, receivedBytes: 0, resentBytes: 0, streamsOpen: 0, memory: { usedBytes: 0, limitBytes: 1 },
 *   sessions: [], sessionsOmitted: 0, log: [],
 * } as const;
 * assertEquals(stateOf(report, Date.parse(report.now)), {
 *   mood: "wait",
 *   word: "waiting",
 *   sentence: "No connection to the server yet.",
 * });
 * ```
 */
export function stateOf(report, nowMs) {
  const { state, sessions, streamsOpen } = report;
  if (state === "draining") {
    const left = streamsOpen === 0 ? "nothing is left" : `${many(streamsOpen, "stream")} left`;
    return { mood: "drain", word: "draining", sentence: `Takes no new users, and ends with its last stream: ${left}.` };
  }
  const out = sessions.filter((session) => session.state === "outage");
  const total = sessions.length + report.sessionsOmitted;
  if (total > 0 && out.length === total) return { mood: "wait", word: "outage", sentence: outageSentence(out, nowMs) };
  if (state === "silent") return { mood: "wait", word: "silent", sentence: silentSentence(report.tunnels) };
  if (state === "waiting") return { mood: "wait", word: "waiting", sentence: waitingSentence(report.tunnels) };
  return { mood: "ok", word: "working", sentence: workingSentence(report, out, nowMs) };
}

/**
 * What the process is called, on top of the page and in its title: several may be open in one browser.
 *
 * @param {StatusReport} report
 * @returns {string} Such as `tele client`.
 */
export function nameOf({ role }) {
  return role === "both" ? "tele" : `tele ${role}`;
}

/**
 * @param {readonly SessionReport[]} out All sessions, since none has a carrier.
 * @param {number} nowMs
 */
function outageSentence(out, nowMs) {
  const wait = waitingStreams(out);
  const longest = longestOutage(out, nowMs);
  if (out.every(({ outages }) => outages === 0)) return `No connection to the server yet, for ${longest}: ${wait}.`;
  if (out.length === 1) return `No network for ${longest}: ${wait}.`;
  return `No network for any of ${out.length} sessions, for up to ${longest}: ${wait}.`;
}

/** @param {readonly TunnelReport[]} tunnels */
function silentSentence(tunnels) {
  const names = tunnels.filter(({ state }) => state === "silent").map(({ name }) => name);
  return `No answer from ${names.join(", ")}: what comes there waits.`;
}

/** @param {readonly TunnelReport[]} tunnels */
function waitingSentence(tunnels) {
  const waiting = tunnels.filter(({ state }) => state === "waiting");
  if (tunnels.length < 2) return "No connection to the server yet.";
  return `${waiting.length} of ${tunnels.length} tunnels without a connection to the server.`;
}

/**
 * @param {StatusReport} report
 * @param {readonly SessionReport[]} out Those without a carrier; a server works, whichever of its clients sleeps.
 * @param {number} nowMs
 */
function workingSentence({ role, sessions, sessionsOmitted, streamsOpen }, out, nowMs) {
  const total = sessions.length + sessionsOmitted;
  if (total === 0) return role === "client" ? "No session yet." : "Listens for clients: none is here.";
  const open = `${many(streamsOpen, "stream")} open`;
  if (out.length > 0) {
    const rest = `${out.length} without network for up to ${longestOutage(out, nowMs)}`;
    return `${total - out.length} of ${total} sessions connected, ${open}; ${rest}: ${waitingStreams(out)}.`;
  }
  return role === "client" && total === 1 ? `Connected to the server: ${open}.` : `${many(total, "session")}: ${open}.`;
}

/**
 * @param {readonly SessionReport[]} out
 * @param {number} nowMs
 */
function longestOutage(out, nowMs) {
  return age(Math.max(...out.map(({ stateSince }) => nowMs - Date.parse(stateSince))));
}

/** @param {readonly SessionReport[]} out */
function waitingStreams(out) {
  const count = out.reduce((sum, session) => sum + session.streamsOpen, 0);
  return `${many(count, "stream")} wait${count === 1 ? "s" : ""}`;
}

/**
 * Draws the state.
 *
 * @param {StatusReport} report
 * @param {number} nowMs Unix time in milliseconds.
 * @returns {TreeElement} Read aloud when its word changes, and not each second.
 */
export function drawState(report, nowMs) {
  const { mood, word, sentence } = stateOf(report, nowMs);
  return element(
    "section",
    { class: `overall is-${mood}` },
    element("p", { class: "word", role: "status", "aria-live": "polite" }, word),
    element("h1", {}, sentence),
  );
}

/**
 * Draws the numbers of the process.
 *
 * @param {StatusReport} report
 * @param {Rates} rates
 * @param {readonly Count[]} recent What was counted in the last two minutes, oldest first.
 * @param {number} nowMs Unix time in milliseconds.
 * @returns {TreeElement}
 */
export function drawTotals(report, rates, recent, nowMs) {
  const { sent, received } = rates.ofAll(report);
  const { usedBytes, limitBytes } = report.memory;
  const used = limitBytes > 0 ? `${Math.round(usedBytes / limitBytes * 100)} % of ${size(limitBytes)}` : null;
  return element(
    "dl",
    { class: "totals" },
    fact(
      "Sending",
      rate(sent),
      `${size(report.sentBytes)} sent`,
      sparkline(recent.map(({ ms, sentBytes }) => ({ ms, bytes: sentBytes })), nowMs),
    ),
    fact(
      "Receiving",
      rate(received),
      `${size(report.receivedBytes)} received`,
      sparkline(recent.map(({ ms, receivedBytes }) => ({ ms, bytes: receivedBytes })), nowMs),
    ),
    fact(
      "Open streams",
      String(report.streamsOpen),
      `in ${many(report.sessions.length + report.sessionsOmitted, "session")}`,
    ),
    fact("Sent again", size(report.resentBytes), share(report.resentBytes, report.sentBytes)),
    fact("Memory for data", size(usedBytes), used),
    fact("Running for", age(nowMs - Date.parse(report.startedAt)), `tele ${report.version}, ${report.role}`),
  );
}

/**
 * @param {number} part
 * @param {number} whole
 */
function share(part, whole) {
  if (!(part > 0 && whole > 0)) return null;
  const percent = part / whole * 100;
  return percent < 0.1 ? "under 0.1 % of all" : `${percent.toFixed(1)} % of all`;
}
