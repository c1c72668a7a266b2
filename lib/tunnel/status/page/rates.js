// @ts-check
/**
 * Rates, from two reports.
 *
 * @module
 */
/** @import { SessionReport, StatusReport } from "../report.ts" */

/**
 * Bytes that were counted.
 *
 * @typedef {{ sentBytes: number, receivedBytes: number }} Counts
 */

/**
 * Bytes per second each way; `null` when not known.
 *
 * @typedef {{ sent: number | null, received: number | null }} Rate
 */

/** @type {Rate} */
const UNKNOWN = { sent: null, received: null };

/** What the counts of one report were in an earlier one. */
export class Rates {
  /** @type {number} */
  #elapsedMs;
  /** @type {StatusReport | null} */
  #before;
  /** @type {Map<string, SessionReport>} */
  #sessions;

  /**
   * @param {StatusReport} now
   * @param {StatusReport | null} before An earlier one of the same process.
   */
  constructor(now, before) {
    const isSame = before !== null && before.startedAt === now.startedAt;
    this.#before = isSame ? before : null;
    this.#elapsedMs = isSame ? Date.parse(now.now) - Date.parse(before.now) : 0;
    this.#sessions = new Map(isSame ? before.sessions.map((session) => [keyOf(session), session]) : []);
  }

  /**
   * Of the whole process.
   *
   * @param {StatusReport} report
   * @returns {Rate}
   */
  ofAll(report) {
    return this.#between(report, this.#before);
  }

  /**
   * @param {SessionReport} session
   * @returns {Rate}
   */
  ofSession(session) {
    return this.#between(session, this.#sessions.get(keyOf(session)));
  }

  /**
   * Of each stream of a session, in the order of the report.
   *
   * @param {SessionReport} session
   * @returns {Rate[]}
   */
  ofStreams(session) {
    const streams = this.#sessions.get(keyOf(session))?.streams ?? [];
    const before = new Map(streams.map((stream) => [stream.id, stream]));
    // Streams that have no number yet all have the same.
    return session.streams.map((stream) => stream.id === 0 ? UNKNOWN : this.#between(stream, before.get(stream.id)));
  }

  /**
   * @param {Counts} now
   * @param {Counts | null | undefined} before
   * @returns {Rate}
   */
  #between(now, before) {
    if (!before || !(this.#elapsedMs > 0)) return UNKNOWN;
    const perSecond = (/** @type {number} */ bytes) => Math.max(0, bytes) / this.#elapsedMs * 1000;
    return {
      sent: perSecond(now.sentBytes - before.sentBytes),
      received: perSecond(now.receivedBytes - before.receivedBytes),
    };
  }
}

/**
 * A session's name among all: several tunnels of one process may have sessions of the same short id.
 *
 * @param {SessionReport} session
 * @returns {string}
 */
export function keyOf({ tunnel, id }) {
  return JSON.stringify([tunnel, id]);
}
