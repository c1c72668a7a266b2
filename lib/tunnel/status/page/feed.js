// @ts-check
/**
 * What the page knows of the process by the events that came: the last report, what to compare it with, and whether
 * the process still answers.
 *
 * @module
 */
/** @import { StatusReport } from "../report.ts" */
import { timeOfDay } from "./format.js";
import { SPARKLINE_MS } from "./sparkline.js";

/** An event comes at least every five seconds, changed or not. After this the process is stopped, or out of reach. */
const SILENT_MS = 12_000;

/** A connection that broke is often there again before anybody would miss it. */
const BROKEN_MS = 2_500;

/** Rates are over about this time: over a second they jump, over many they are old. */
const RATE_MS = 2_500;

/** A change is told within this time; so until this time before a report all was as in the one before. */
const STEP_OF_EVENTS_MS = 1_000;

/**
 * What is to be shown.
 *
 * @typedef {object} View
 * @property {StatusReport} report With the present time while the process answers, so that ages go on.
 * @property {StatusReport | null} before What the rates compare with.
 * @property {readonly Count[]} recent Of the last two minutes, oldest first.
 */

/**
 * Bytes that there were at some time.
 *
 * @typedef {object} Count
 * @property {number} ms Milliseconds since 1970.
 * @property {number} sentBytes
 * @property {number} receivedBytes
 */

/** Reports as they come. Times are in milliseconds of a clock that only goes forward. */
export class Feed {
  /** Newest last. @type {{ report: StatusReport, atMs: number }[]} */
  #received = [];
  /** @type {Count[]} */
  #counts = [];
  /** When there was a sign of life last. @type {number} */
  #heardMs;
  /** @type {number | null} */
  #brokenMs = null;

  /** @param {number} atMs When the page was loaded. */
  constructor(atMs) {
    this.#heardMs = atMs;
  }

  /**
   * A report came.
   *
   * @param {StatusReport} report
   * @param {number} atMs
   */
  received(report, atMs) {
    this.#heardMs = atMs;
    this.#brokenMs = null;
    // What went before another process is no measure for this one.
    const same = this.#received.filter((one) => one.report.startedAt === report.startedAt);
    const inUse = same.findLastIndex((one) => atMs - one.atMs >= RATE_MS);
    this.#received = [...same.slice(Math.max(0, inUse)), { report, atMs }];
    this.#count(report, same.length > 0 ? this.#counts : []);
  }

  /**
   * @param {StatusReport} report
   * @param {readonly Count[]} former
   */
  #count({ now, sentBytes, receivedBytes }, former) {
    const ms = Date.parse(now);
    const recent = former.filter((count) => count.ms > ms - SPARKLINE_MS);
    const last = former.at(-1);
    const quietMs = ms - STEP_OF_EVENTS_MS;
    if (last !== undefined && last.ms < quietMs) recent.push({ ...last, ms: quietMs });
    this.#counts = [...recent, { ms, sentBytes, receivedBytes }];
  }

  /**
   * The connection broke.
   *
   * @param {number} atMs
   */
  broken(atMs) {
    this.#brokenMs ??= atMs;
  }

  /**
   * That the process does not answer, in a sentence that stays the same meanwhile, since it is read aloud.
   *
   * @param {number} atMs
   * @returns {string | null} `null` while it answers.
   */
  lost(atMs) {
    if (!this.#isLost(atMs)) return null;
    const last = this.#received.at(-1);
    if (last === undefined) {
      return "No events come from this process. What is below is as it was when this page was loaded.";
    }
    return `No answer from this process since ${timeOfDay(last.report.now)}. What is below is as it was then.`;
  }

  /** @param {number} atMs */
  #isLost(atMs) {
    return atMs - this.#heardMs >= SILENT_MS || this.#brokenMs !== null && atMs - this.#brokenMs >= BROKEN_MS;
  }

  /**
   * What is to be shown now.
   *
   * @param {number} atMs
   * @returns {View | null} `null` before the first report.
   */
  view(atMs) {
    const last = this.#received.at(-1);
    if (last === undefined) return null;
    const shownMs = this.#isLost(atMs) ? last.atMs : atMs;
    const now = new Date(Date.parse(last.report.now) + shownMs - last.atMs).toISOString();
    const before = this.#received.findLast((one) => shownMs - one.atMs >= RATE_MS) ?? this.#received[0];
    return { report: { ...last.report, now }, before: before?.report ?? null, recent: this.#counts };
  }
}
