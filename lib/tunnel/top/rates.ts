/**
 * How fast bytes move between two reports of one process.
 *
 * @module
 */
import type { CarrierReport, Report, SessionReport, StreamReport } from "./report.ts";

/** Counts of bytes that only grow, and when they began. */
interface Counts {
  /** In milliseconds since 1970. */
  readonly sinceMs: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

/** Bytes per second. */
export interface Rate {
  /** Of what the process sends. */
  readonly sent: number;
  /** Of what it receives. */
  readonly received: number;
}

/** What tells a session from all others of a process. */
export function keyOf({ tunnel = "", id }: SessionReport): string {
  return `${tunnel} ${id}`;
}

/**
 * The rates of everything in a report. What began after the one before counts from zero. Of what is older and was not
 * in that, since a report has an end, no rate is known: it is zero.
 */
export class Rates {
  readonly #before: Report | undefined;
  readonly #now: Report;
  readonly #sessions: ReadonlyMap<string, SessionReport>;

  /**
   * Compares two reports.
   *
   * @param before An earlier one of the same process; without one all rates are zero.
   */
  constructor(now: Report, before: Report | undefined) {
    this.#now = now;
    // A process that was started anew has nothing to do with the one before.
    this.#before = before?.startedAtMs === now.startedAtMs ? before : undefined;
    this.#sessions = new Map(this.#before?.sessions.map((session) => [keyOf(session), session]));
  }

  /** Of the whole process. */
  ofProcess(): Rate {
    const counts = (report: Report) => ({ ...report, sinceMs: report.startedAtMs });
    return this.#rate(counts(this.#now), this.#before && counts(this.#before));
  }

  /** Of a session of the later report. */
  ofSession(session: SessionReport): Rate {
    return this.#rate(session, this.#sessions.get(keyOf(session)));
  }

  /** Of a carrier of that session. */
  ofCarrier(session: SessionReport, carrier: CarrierReport): Rate {
    const carriers = this.#sessions.get(keyOf(session))?.carriers ?? [];
    return this.#rate(carrier, carriers.find(({ number }) => number === carrier.number));
  }

  /** Of a stream of that session. */
  ofStream(session: SessionReport, stream: StreamReport): Rate {
    const streams = this.#sessions.get(keyOf(session))?.streams ?? [];
    return this.#rate(stream, streams.find(({ id, sinceMs }) => id === stream.id && sinceMs === stream.sinceMs));
  }

  #rate(now: Counts, before: Counts | undefined): Rate {
    const beforeMs = this.#before?.nowMs ?? Infinity;
    const elapsedMs = this.#now.nowMs - beforeMs;
    if (!(elapsedMs > 0) || (before === undefined && now.sinceMs < beforeMs)) return { sent: 0, received: 0 };
    const perSecond = (of: (counts: Counts) => number) =>
      Math.max(0, of(now) - (before === undefined ? 0 : of(before))) / elapsedMs * 1000;
    return {
      sent: perSecond(({ sentBytes }) => sentBytes),
      received: perSecond(({ receivedBytes }) => receivedBytes),
    };
  }
}
